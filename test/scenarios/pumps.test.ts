import { pumps } from './pumps.js';
import { testScenarios } from './support/assert.js';

testScenarios(pumps);
