import { gaps } from './gaps.js';
import { testScenarios } from './support/assert.js';

testScenarios(gaps);
