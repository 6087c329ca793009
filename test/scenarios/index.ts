import { gaps } from './gaps.js';
import { oracle } from './oracle.js';
import { pumps } from './pumps.js';
import type { Scenario } from './scenario.js';
import { waterfall } from './waterfall.js';

/** Every scenario of the results page, in its order. */
export const scenarios: readonly Scenario[] = [...waterfall, ...pumps, ...oracle, ...gaps];
