import { markets } from './markets.js';
import { testScenarios } from './support/assert.js';

testScenarios(markets);
