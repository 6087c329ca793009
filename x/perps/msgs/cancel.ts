import { AlgoEnd } from '../../../gen/plimsoll/perps/v1/algos.js';
import { ConditionalEnd } from '../../../gen/plimsoll/perps/v1/conditional.js';
import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import { KeeperBidEnd } from '../../../gen/plimsoll/perps/v1/keeper_bids.js';
import { NettingEnd } from '../../../gen/plimsoll/perps/v1/netting.js';
import type {
  MsgCancelAllOrders,
  MsgCancelAllOrdersResponse,
  MsgCancelOrder,
  MsgCancelOrderResponse,
  OrderCancellation,
} from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { algosOf, endAlgo } from '../algos/orders.js';
import { algos } from '../algos/store.js';
import { heldCancels } from '../breakers/held-cancels.js';
import { standingOf } from '../breakers/index.js';
import { orderGone } from '../conditional/links.js';
import { conditionalsOf, endConditional } from '../conditional/orders.js';
import { conditionals, type OrderId } from '../conditional/store.js';
import type { Deps } from '../deps.js';
import { endBids } from '../keeper-bids/end.js';
import { errors } from '../errors.js';
import type { BookOrder, PerpsKeeper } from '../keeper.js';
import { endNettings } from '../netting/end.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { requireSubaccountKey } from './common.js';

/** Ends one order, of whatever kind. Always possible, also while trading is halted. */
export function cancelOrder(ctx: Context, { keeper }: Deps, msg: MsgCancelOrder): MsgCancelOrderResponse {
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const id = { account, marketId: msg.marketId, clientId: msg.clientId };
  const waiting = endWaiting(ctx, keeper, id, byUser);
  if (waiting !== undefined) return { cancelledQuantity: waiting };
  const found = keeper.order(ctx, id);
  if (found === undefined) throw notOpen(msg);
  if (cancelWaits(ctx, keeper, found)) return { cancelledQuantity: 0n };
  dropOrder(ctx, keeper, found, CancelReason.CANCEL_REASON_USER);
  return { cancelledQuantity: found[1].remaining };
}

/** Ends all orders of a subaccount, of one market or of all; none is no error. */
export function cancelAllOrders(ctx: Context, { keeper }: Deps, msg: MsgCancelAllOrders): MsgCancelAllOrdersResponse {
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  return {
    cancelledOrders: endAllOrders(ctx, keeper, account, byUser, msg.marketId === 0 ? undefined : msg.marketId),
  };
}

/** Why orders of each kind end. */
export interface OrderEnding {
  readonly order: CancelReason;
  readonly conditional: ConditionalEnd;
  readonly algo: AlgoEnd;
}

/** Why everything of a subaccount ends. */
export interface Ending extends OrderEnding {
  readonly bid: KeeperBidEnd;
  readonly netting: NettingEnd;
}

export const byUser: Ending = {
  order: CancelReason.CANCEL_REASON_USER,
  conditional: ConditionalEnd.CONDITIONAL_END_USER,
  algo: AlgoEnd.ALGO_END_USER,
  bid: KeeperBidEnd.KEEPER_BID_END_USER,
  netting: NettingEnd.NETTING_END_USER,
};

export const bySchedule: Ending = {
  order: CancelReason.CANCEL_REASON_SCHEDULED,
  conditional: ConditionalEnd.CONDITIONAL_END_SCHEDULED,
  algo: AlgoEnd.ALGO_END_SCHEDULED,
  bid: KeeperBidEnd.KEEPER_BID_END_SCHEDULED,
  netting: NettingEnd.NETTING_END_SCHEDULED,
};

/** Ends a subaccount's orders of all kinds, its keeper bids and netting requests; what hangs on them first. @returns how many there were */
export function endAllOrders(
  ctx: Context,
  keeper: PerpsKeeper,
  account: SubaccountKey,
  why: Ending,
  market?: MarketId,
): number {
  let ended = 0;
  for (const [id] of [...algosOf(ctx, account, market)]) {
    endWaiting(ctx, keeper, id, why);
    ended++;
  }
  for (const [id, order] of [...conditionalsOf(ctx, account, market)]) {
    endConditional(ctx, id, order, why.conditional);
    ended++;
  }
  for (const order of [...keeper.ordersOf(ctx, account, market)]) {
    if (!cancelWaits(ctx, keeper, order)) dropOrder(ctx, keeper, order, why.order);
    ended++;
  }
  return ended + endBids(ctx, account, why.bid, market) + endNettings(ctx, account, why.netting, market);
}

/**
 * In the last seconds of a call auction, whoever entered it stands by what
 * the others see: the cancel is taken, and worked off once the auction is
 * over. Orders that rested before it leave at once. ADR 0023, INV-X1.
 */
export function cancelWaits(ctx: Context, keeper: PerpsKeeper, [at]: BookOrder): boolean {
  const market = keeper.market(ctx, at.marketId)!;
  if (!standingOf(ctx, market).holdsBack(at.height, ctx.block.timeMs)) return false;
  heldCancels.add(ctx, { account: at.account, marketId: at.marketId, clientId: at.clientId });
  return true;
}

/** Ends a conditional or algorithmic order with what it has on the book. @returns base quanta that had not filled; undefined when there is none of this id */
export function endWaiting(ctx: Context, keeper: PerpsKeeper, id: OrderId, why: OrderEnding): bigint | undefined {
  const algo = algos.get(ctx, id);
  if (algo !== undefined) {
    // First the algorithm: its order's end would tell another reason.
    endAlgo(ctx, id, algo, why.algo);
    const open = keeper.order(ctx, id);
    if (open !== undefined) dropOrder(ctx, keeper, open, why.order);
    return algo.quantity - algo.filled;
  }
  const conditional = conditionals.get(ctx, id);
  if (conditional === undefined) return undefined;
  endConditional(ctx, id, conditional, why.conditional);
  return conditional.quantity;
}

/** @returns perps/19 for an order that a message names */
export const notOpen = ({ marketId, clientId }: OrderCancellation): Error =>
  errors.orderNotFound(
    `client_id: ${clientId} is not open in market ${marketId}; it may have filled or been cancelled`,
  );

/** Removes an order, says why, and sees to what hangs on it. */
export function dropOrder(ctx: Context, keeper: PerpsKeeper, dropped: BookOrder, reason: CancelReason): void {
  const [at, order] = dropped;
  keeper.removeOrder(ctx, at);
  ctx.emit('plimsoll.perps.v1.EventOrderCancelled', {
    subaccount: subaccountId(at.account),
    marketId: at.marketId,
    clientId: at.clientId,
    remaining: order.remaining,
    reason,
  });
  orderGone(ctx, dropped);
}
