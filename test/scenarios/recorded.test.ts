import { recordings } from './recorded.js';
import { testScenarios } from './support/assert.js';

testScenarios(recordings);
