import type { QueryDefinition } from '../../../gen/plimsoll/perps/v1/query.js';
import type { Handlers } from '../../../runtime/baseapp/module.js';
import { paginate } from '../../../runtime/baseapp/pagination.js';
import { keyBytes, u32, u64 } from '../../../runtime/store/key.js';
import { algosOf } from '../algos/orders.js';
import { countAlgos } from '../algos/room.js';
import { switches } from '../algos/store.js';
import { conditionalsOf, triggerPriceOf } from '../conditional/orders.js';
import { countConditionals } from '../conditional/room.js';
import type { OrderId } from '../conditional/store.js';
import type { Deps } from '../deps.js';
import { equity } from '../margin/index.js';
import { requireSubaccountKey } from '../msgs/common.js';
import { orderLimit, orderParams } from '../msgs/order-params.js';

const pageKey = ({ marketId, clientId }: OrderId): Uint8Array => keyBytes(u32(marketId) + u64(clientId));
const marketOf = (id: number): number | undefined => (id === 0 ? undefined : id);

/** Orders of a subaccount that are not on the book, and how many it may have. */
export function waitingQueries({
  keeper,
}: Deps): Pick<Handlers<typeof QueryDefinition>, 'conditionalOrders' | 'algoOrders' | 'orderLimits'> {
  return {
    conditionalOrders: (ctx, { owner, number, marketId, pagination }) => {
      const key = requireSubaccountKey(owner, number, 'number');
      const page = paginate(
        conditionalsOf(ctx, key, marketOf(marketId)),
        pagination,
        ([id]) => pageKey(id),
        ([, order]) => ({ order, triggerPrice: triggerPriceOf(ctx, order) }),
      );
      return { orders: page.items, pagination: page.pagination };
    },
    algoOrders: (ctx, { owner, number, marketId, pagination }) => {
      const key = requireSubaccountKey(owner, number, 'number');
      const page = paginate(
        algosOf(ctx, key, marketOf(marketId)),
        pagination,
        ([id]) => pageKey(id),
        ([, order]) => order,
      );
      return { orders: page.items, pagination: page.pagination };
    },
    orderLimits: (ctx, { owner, number }) => {
      const key = requireSubaccountKey(owner, number, 'number');
      const params = keeper.params(ctx);
      const own = orderParams(params);
      const worth = equity(keeper.account(ctx, key), keeper.markets(ctx));
      return {
        openOrders: [...keeper.ordersOf(ctx, key)].length,
        maxOpenOrders: orderLimit(own, worth, params.maxOpenOrders),
        conditionalOrders: countConditionals(ctx, key),
        maxConditionalOrders: orderLimit(own, worth, own.maxConditionalOrders),
        algoOrders: countAlgos(ctx, key),
        maxAlgoOrders: own.maxAlgos,
        scheduledCancelMs: switches.get(ctx, key) ?? 0n,
      };
    },
  };
}
