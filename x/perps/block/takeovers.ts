import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { riskParamsOf } from '../keeper.js';
import { takeByVaults } from './backstop.js';
import { isDue } from './due.js';
import { takeByKeepers } from './keeper-bids.js';
import { stillResidual, type Residual } from './residuals.js';
import type { WorkingSet } from './working-set.js';

/**
 * What the auctions left of failing accounts goes to those who stand ready
 * for it, in this order: keepers' bids (L2), the backstop (L3). What nobody
 * takes stays for the next block, or is resolved with the bankrupt (L4 to
 * L6). An account that is nearly well waits for the book first.
 */
export function takeOverResiduals(ctx: Context, deps: Deps, work: WorkingSet, residuals: readonly Residual[]): void {
  const { graceHealth } = riskParamsOf(deps.keeper.params(ctx));
  const due = residuals.filter((each) => isDue(each, graceHealth));
  if (due.length === 0) return;
  takeByKeepers(ctx, deps, work, due);
  takeByVaults(ctx, deps, work, stillResidual(work, due));
}
