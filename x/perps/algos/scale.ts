import {
  OrderPlacement,
  ScaleShape,
  type MsgPlaceScaleOrder,
  type MsgPlaceScaleOrderResponse,
} from '../../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { AppError } from '../../../runtime/baseapp/errors.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { requireMarket, requireSubaccountKey } from '../msgs/common.js';
import { OrderDesk } from '../msgs/order-desk.js';
import { maxAmount } from '../msgs/order-form.js';
import { orderToProto } from '../msgs/order-proto.js';
import { scaleParts } from './schedule.js';

const [leastOrders, mostOrders] = [2, 100];

/** Places limit orders over a range of prices; all of them or none. They are ordinary orders from then on. */
export function placeScaleOrder(ctx: Context, deps: Deps, msg: MsgPlaceScaleOrder): MsgPlaceScaleOrderResponse {
  const { keeper } = deps;
  keeper.requireRunning(ctx);
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const market = requireMarket(ctx, deps, msg.marketId);
  const refuse = (detail: string): never => {
    throw errors.invalidScale(detail);
  };
  if (msg.orders < leastOrders || msg.orders > mostOrders)
    refuse(`orders: ${msg.orders}; expected ${leastOrders} to ${mostOrders}`);
  if (!(msg.shape in ScaleShape) || msg.shape < 0) refuse(`shape: ${msg.shape}; expected EVEN or RISING`);
  if (msg.firstClientId > (1n << 64n) - BigInt(msg.orders))
    refuse(`first_client_id: ${msg.firstClientId}; expected at most ${(1n << 64n) - BigInt(msg.orders)}`);
  for (const [field, price] of [
    ['first_price', msg.firstPrice],
    ['last_price', msg.lastPrice],
  ] as const) {
    if (price === 0n || price >= maxAmount) refuse(`${field}: ${price}; expected a price below 2^62`);
    if (price % market.tickSize !== 0n)
      throw errors.offTick(`${field}: ${price}; the tick of ${market.ticker} is ${market.tickSize}`);
  }
  const span = msg.firstPrice < msg.lastPrice ? msg.lastPrice - msg.firstPrice : msg.firstPrice - msg.lastPrice;
  const leastSpan = market.tickSize * BigInt(msg.orders - 1);
  if (span < leastSpan)
    refuse(`first_price, last_price: ${span} apart; ${msg.orders} orders need at least ${leastSpan} between them`);
  if (msg.quantity >= maxAmount) refuse(`quantity: ${msg.quantity} is not below 2^62`);
  if (msg.quantity % market.stepSize !== 0n)
    throw errors.offStep(`quantity: ${msg.quantity}; the step of ${market.ticker} is ${market.stepSize}`);

  const desk = new OrderDesk(ctx, deps, account);
  const parts = scaleParts(
    {
      first: msg.firstPrice,
      last: msg.lastPrice,
      orders: msg.orders,
      quantity: msg.quantity,
      rising: msg.shape === ScaleShape.SCALE_SHAPE_RISING,
    },
    market.tickSize,
    market.stepSize,
  );
  const orders = parts.map(({ price, quantity }, index) => {
    const placement = OrderPlacement.fromPartial({
      marketId: market.id,
      clientId: msg.firstClientId + BigInt(index),
      side: msg.side,
      type: OrderType.ORDER_TYPE_LIMIT,
      quantity,
      price,
      timeInForce: msg.timeInForce || TimeInForce.TIME_IN_FORCE_GTC,
      reduceOnly: msg.reduceOnly,
      postOnly: msg.postOnly,
      goodTilTimeMs: msg.goodTilTimeMs,
      goodTilBlock: msg.goodTilBlock,
    });
    try {
      return orderToProto(desk.place(placement));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw new AppError(
        error.codespace,
        error.code,
        `order ${index + 1} of ${msg.orders} at ${price}: ${error.message}`,
      );
    }
  });
  return { orders };
}
