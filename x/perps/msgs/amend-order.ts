import type { MsgAmendOrder, MsgAmendOrderResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { requireSubaccountKey } from './common.js';
import { OrderDesk } from './order-desk.js';
import { orderToProto } from './order-proto.js';

/** Changes an open order: only smaller, it keeps its place; otherwise it enters this block anew, or stays as it was if that fails. */
export function amendOrder(ctx: Context, deps: Deps, msg: MsgAmendOrder): MsgAmendOrderResponse {
  deps.keeper.requireRunning(ctx);
  const desk = new OrderDesk(ctx, deps, requireSubaccountKey(msg.owner, msg.subaccountNumber));
  return { order: orderToProto(desk.amend(msg)) };
}
