import { fundScenarios } from './funds.js';
import { testScenarios } from './support/assert.js';

testScenarios(fundScenarios);
