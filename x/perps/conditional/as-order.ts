import type { ConditionalOrder } from '../../../gen/plimsoll/perps/v1/conditional.js';
import { OrderPlacement } from '../../../gen/plimsoll/perps/v1/tx.js';
import { TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';

/** The order that a conditional one becomes. */
export function plainPlacement(order: ConditionalOrder, quantity: bigint): OrderPlacement {
  return OrderPlacement.fromPartial({
    marketId: order.marketId,
    clientId: order.clientId,
    side: order.side,
    type: order.type,
    quantity,
    price: order.price,
    timeInForce: order.timeInForce,
    reduceOnly: !order.mayOpen,
    maxSlippagePpm: order.maxSlippagePpm,
    goodTilTimeMs: order.timeInForce === TimeInForce.TIME_IN_FORCE_GTT ? order.goodTilTimeMs : 0n,
    goodTilBlock: order.timeInForce === TimeInForce.TIME_IN_FORCE_GTB ? order.goodTilBlock : 0n,
  });
}
