import type { Order } from '../../../gen/plimsoll/perps/v1/types.js';
import { restingOrderToProto, sideToProto } from '../codecs.js';
import type { BookOrder } from '../keeper.js';
import { subaccountId } from '../subaccount-key.js';

/** An order as queries and events show it. */
export function orderToProto([at, order]: BookOrder): Order {
  const proto = restingOrderToProto(order);
  proto.subaccount = subaccountId(at.account);
  proto.marketId = at.marketId;
  proto.clientId = at.clientId;
  proto.side = sideToProto(at.side);
  proto.price = at.price;
  proto.placedHeight = at.height;
  return proto;
}
