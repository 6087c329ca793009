import { oracle } from './oracle.js';
import { testScenarios } from './support/assert.js';

testScenarios(oracle);
