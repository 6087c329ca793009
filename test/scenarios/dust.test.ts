import { dust } from './dust.js';
import { testScenarios } from './support/assert.js';

testScenarios(dust);
