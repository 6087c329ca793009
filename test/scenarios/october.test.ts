import { october } from './october.js';
import { testScenarios } from './support/assert.js';

testScenarios(october);
