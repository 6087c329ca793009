import { machines } from './machines.js';
import { testScenarios } from './support/assert.js';

testScenarios(machines);
