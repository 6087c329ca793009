import type { MsgPlaceOrder, MsgPlaceOrderResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { requireSubaccountKey } from './common.js';
import { OrderDesk } from './order-desk.js';
import { orderToProto } from './order-proto.js';

/** Enters an order into this block's auction. Nothing matches before the end of the block. */
export function placeOrder(ctx: Context, deps: Deps, msg: MsgPlaceOrder): MsgPlaceOrderResponse {
  deps.keeper.requireRunning(ctx);
  const desk = new OrderDesk(ctx, deps, requireSubaccountKey(msg.owner, msg.subaccountNumber));
  return { order: orderToProto(desk.place(msg)) };
}
