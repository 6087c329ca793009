import type { Stores } from '../../../runtime/store/collection.js';
import { riskParamsOf, type PerpsKeeper } from '../keeper.js';
import { clampedHealth, marginStanding } from '../margin/index.js';
import type { AccountView, Ppm } from '../types.js';
import { residualAges } from './residual-ages.js';

/** Blocks for which an account at or above the grace health waits for the book. risk-model section 10.5, L1. */
const patience = 5n;

/** Is an account whose close was not enough due for a takeover (L2 and after), or does it wait for the book? */
export const isDue = ({ health, age }: { readonly health: Ppm; readonly age: bigint }, graceHealth: Ppm): boolean =>
  health < graceHealth || age >= patience;

/**
 * Did the last block leave an account in stage L2 or L3 of which `concerns`
 * holds, at the marks as they are now? Nothing is ever left in L4 to L6.
 * O(residual accounts * positions), and ends with the first that is found.
 */
export function isAnyDue(from: Stores, keeper: PerpsKeeper, concerns: (account: AccountView) => boolean): boolean {
  const { graceHealth } = riskParamsOf(keeper.params(from));
  const markets = keeper.markets(from);
  for (const [key, age] of residualAges.all(from)) {
    const account = keeper.account(from, key);
    if (!concerns(account)) continue;
    const health = clampedHealth(marginStanding(account, markets));
    if (isDue({ health, age }, graceHealth)) return true;
  }
  return false;
}
