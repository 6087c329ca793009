import type { Order } from '../../../gen/plimsoll/perps/v1/types.js';
import { restingOrderToProto, sideToProto } from '../codecs.js';
import type { BookOrder } from '../keeper.js';
import { subaccountId } from '../subaccount-key.js';

/** An order as queries and events show it. */
export function orderToProto([at, order]: BookOrder): Order {
  return {
    subaccount: subaccountId(at.account),
    marketId: at.marketId,
    clientId: at.clientId,
    side: sideToProto(at.side),
    price: at.price,
    placedHeight: at.height,
    ...restingOrderToProto(order),
  };
}
