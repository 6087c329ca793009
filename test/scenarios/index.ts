import { dust } from './dust.js';
import { fundScenarios } from './funds.js';
import { gaps } from './gaps.js';
import { keepers } from './keepers.js';
import { machines } from './machines.js';
import { markets } from './markets.js';
import { october } from './october.js';
import { oracle } from './oracle.js';
import { pumps } from './pumps.js';
import { recordings } from './recorded.js';
import type { Scenario } from './scenario.js';
import { waterfall } from './waterfall.js';

/** Every scenario of the results page, in its order. */
export const scenarios: readonly Scenario[] = [
  ...october,
  ...recordings,
  ...waterfall,
  ...pumps,
  ...oracle,
  ...markets,
  ...fundScenarios,
  ...keepers,
  ...gaps,
  ...dust,
  ...machines,
];
