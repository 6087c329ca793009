import { AlgoEnd } from '../../../gen/plimsoll/perps/v1/algos.js';
import { ConditionalEnd } from '../../../gen/plimsoll/perps/v1/conditional.js';
import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import { KeeperBidEnd } from '../../../gen/plimsoll/perps/v1/keeper_bids.js';
import { NettingEnd } from '../../../gen/plimsoll/perps/v1/netting.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { algos } from '../algos/store.js';
import { endConditional } from '../conditional/orders.js';
import { conditionals } from '../conditional/store.js';
import { endBid } from '../keeper-bids/end.js';
import { keeperBids } from '../keeper-bids/store.js';
import type { PerpsKeeper } from '../keeper.js';
import { endWaiting, type Ending } from '../msgs/cancel.js';
import type { MarketId } from '../types.js';

const bySettlement: Ending = {
  order: CancelReason.CANCEL_REASON_BREAKER,
  conditional: ConditionalEnd.CONDITIONAL_END_SETTLED,
  algo: AlgoEnd.ALGO_END_SETTLED,
  bid: KeeperBidEnd.KEEPER_BID_END_SETTLED,
  netting: NettingEnd.NETTING_END_SETTLEMENT,
};

/**
 * Ends what waits in a market for a price, a time or a failing account: there
 * will be none. Its other orders follow in bounded steps. A scheduled cancel
 * is of a subaccount, not of a market, and stays.
 * O(conditional and algorithmic orders of all markets), once in a market's life.
 */
export function endWaitingOrders(ctx: Context, keeper: PerpsKeeper, market: MarketId): void {
  for (const [id] of [...algos.entries(ctx)]) if (id.marketId === market) endWaiting(ctx, keeper, id, bySettlement);
  for (const [id, order] of [...conditionals.entries(ctx)])
    if (id.marketId === market) endConditional(ctx, id, order, bySettlement.conditional);
  for (const side of ['buy', 'sell'] as const)
    for (const bid of [...keeperBids.onSide(ctx, { marketId: market, side })]) endBid(ctx, bid, bySettlement.bid);
}
