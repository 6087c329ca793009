import { gaps } from './gaps.js';
import type { Scenario } from './scenario.js';

/** Every scenario of the results page, in its order. */
export const scenarios: readonly Scenario[] = [...gaps];
