import type { Order } from '../../../gen/plimsoll/perps/v1/types.js';
import { sideToProto } from '../codecs.js';
import type { BookOrder } from '../keeper.js';
import { subaccountId } from '../subaccount-key.js';

/** An order as queries and events show it. */
export function orderToProto([at, order]: BookOrder): Order {
  return {
    subaccount: subaccountId(at.account),
    marketId: at.marketId,
    clientId: at.clientId,
    side: sideToProto(at.side),
    type: order.type,
    timeInForce: order.timeInForce,
    reduceOnly: order.reduceOnly,
    price: at.price,
    quantity: order.quantity,
    remaining: order.remaining,
    placedHeight: at.height,
  };
}
