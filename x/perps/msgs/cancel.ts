import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import type {
  MsgCancelAllOrders,
  MsgCancelAllOrdersResponse,
  MsgCancelOrder,
  MsgCancelOrderResponse,
  OrderCancellation,
} from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import type { BookOrder, PerpsKeeper } from '../keeper.js';
import { subaccountId } from '../subaccount-key.js';
import { requireSubaccountKey } from './common.js';

/** Takes one order off the book. Always possible, also while trading is halted. */
export function cancelOrder(ctx: Context, { keeper }: Deps, msg: MsgCancelOrder): MsgCancelOrderResponse {
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const found = keeper.order(ctx, { account, marketId: msg.marketId, clientId: msg.clientId });
  if (found === undefined) throw notOpen(msg);
  dropOrder(ctx, keeper, found, CancelReason.CANCEL_REASON_USER);
  return { cancelledQuantity: found[1].remaining };
}

/** Takes all orders of a subaccount off the book, of one market or of all; none is no error. */
export function cancelAllOrders(ctx: Context, { keeper }: Deps, msg: MsgCancelAllOrders): MsgCancelAllOrdersResponse {
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const open = [...keeper.ordersOf(ctx, account, msg.marketId === 0 ? undefined : msg.marketId)];
  for (const order of open) dropOrder(ctx, keeper, order, CancelReason.CANCEL_REASON_USER);
  return { cancelledOrders: open.length };
}

/** @returns perps/19 for an order that a message names */
export const notOpen = ({ marketId, clientId }: OrderCancellation): Error =>
  errors.orderNotFound(
    `client_id: ${clientId} is not open in market ${marketId}; it may have filled or been cancelled`,
  );

/** Removes an order and says why. */
export function dropOrder(ctx: Context, keeper: PerpsKeeper, [at, order]: BookOrder, reason: CancelReason): void {
  keeper.removeOrder(ctx, at);
  ctx.emit('plimsoll.perps.v1.EventOrderCancelled', {
    subaccount: subaccountId(at.account),
    marketId: at.marketId,
    clientId: at.clientId,
    remaining: order.remaining,
    reason,
  });
}
