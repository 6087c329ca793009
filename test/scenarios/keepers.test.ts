import { keepers } from './keepers.js';
import { testScenarios } from './support/assert.js';

testScenarios(keepers);
