import { AlgoEnd } from '../../../gen/plimsoll/perps/v1/algos.js';
import { ConditionalEnd } from '../../../gen/plimsoll/perps/v1/conditional.js';
import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { movePegged } from '../algos/pegged.js';
import { cancelAsScheduled } from '../algos/scheduled-cancel.js';
import { sendSlices } from '../algos/twap.js';
import { sweepExpired } from '../conditional/expiry.js';
import { triggerOrders } from '../conditional/trigger.js';
import type { Deps } from '../deps.js';
import { forMarket } from '../market-failure.js';
import { dropOrder, endWaiting, type OrderEnding } from '../msgs/cancel.js';
import { orderParams } from '../msgs/order-params.js';

const byExpiry: OrderEnding = {
  order: CancelReason.CANCEL_REASON_EXPIRED,
  conditional: ConditionalEnd.CONDITIONAL_END_EXPIRED,
  algo: AlgoEnd.ALGO_END_DONE,
};

/**
 * What time and prices do to orders that wait, once marks have moved: first
 * ends, then triggers, then what algorithms send. Everything enters this
 * block's auction. A block in which nothing is due costs O(markets).
 */
export function workWaitingOrders(ctx: Context, deps: Deps): void {
  const { keeper } = deps;
  if (keeper.ledger(ctx).haltedReason !== '') return;
  sweepExpired(ctx, orderParams(keeper.params(ctx)).maxExpiriesPerBlock, (id) =>
    forMarket(id.marketId, 'expiry', () => {
      if (endWaiting(ctx, keeper, id, byExpiry) !== undefined) return;
      const open = keeper.order(ctx, id);
      if (open !== undefined) dropOrder(ctx, keeper, open, CancelReason.CANCEL_REASON_EXPIRED);
    }),
  );
  cancelAsScheduled(ctx, deps);
  triggerOrders(ctx, deps);
  sendSlices(ctx, deps);
  movePegged(ctx, deps);
}
