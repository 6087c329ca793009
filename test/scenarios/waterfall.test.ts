import { waterfall } from './waterfall.js';
import { testScenarios } from './support/assert.js';

testScenarios(waterfall);
