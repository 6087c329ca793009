import { dust } from './dust.js';
import { gaps } from './gaps.js';
import { october } from './october.js';
import { oracle } from './oracle.js';
import { pumps } from './pumps.js';
import type { Scenario } from './scenario.js';
import { waterfall } from './waterfall.js';

/** Every scenario of the results page, in its order. */
export const scenarios: readonly Scenario[] = [...october, ...waterfall, ...pumps, ...oracle, ...gaps, ...dust];
