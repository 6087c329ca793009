import type { QueryDefinition } from '../../gen/plimsoll/insurance/v1/query.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { Handlers } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import { dayMs } from '../../runtime/baseapp/time.js';
import { redeem, sharePrice, yieldOf } from '../../runtime/pool/shares.js';
import { keyBytes } from '../../runtime/store/key.js';
import { exitToProto, idText, idToProto, trancheToProto } from './codecs.js';
import { requireId } from './deposits.js';
import type { InsuranceKeeper } from './keeper.js';
import { depositRoom } from './slices.js';
import { idKey } from './store.js';

export function queries(keeper: InsuranceKeeper): Handlers<typeof QueryDefinition> {
  const { store } = keeper;
  return {
    params: (ctx) => ({ params: store.params(ctx) }),
    tranche: (ctx, { kind, number }) => {
      const id = requireId({ kind, number });
      const tranche = store.tranche(ctx, id);
      if (tranche === undefined) throw sdkErrors.keyNotFound(`tranche of ${idText(id)} not found`);
      const price = sharePrice(tranche.shares, tranche.senior);
      return {
        tranche: trancheToProto(tranche),
        // Of the global tranche, what a market of class A could draw.
        available: keeper.availableIn(ctx, id, 'A').toString(),
        sharePrice: price.toString(),
        ...yieldOf(tranche.prices, price, ctx.block.timeMs / dayMs),
        depositRoom: (depositRoom(tranche, BigInt(store.params(ctx).juniorSharePpm)) ?? 0n).toString(),
      };
    },
    tranches: (ctx, { pagination }) => {
      const page = paginate(store.tranches(ctx), pagination, ({ id }) => keyBytes(idKey.encode(id)), trancheToProto);
      return { tranches: page.items, pagination: page.pagination };
    },
    cover: (ctx, { marketId }) => {
      if (keeper.markets.classOf(ctx, marketId) === undefined)
        throw sdkErrors.keyNotFound(`market ${marketId} is not listed`);
      const parts = keeper.cover(ctx, marketId);
      const total = parts.reduce((sum, part) => sum + part.available, 0n);
      return {
        parts: parts.map((part) => ({ tranche: idToProto(part.id), available: part.available.toString() })),
        total: total.toString(),
      };
    },
    shares: (ctx, { owner }) => {
      const address = parseAddress(owner, 'owner');
      return {
        holdings: [...store.poolsOf(ctx, address)].map((id) => {
          const tranche = store.tranche(ctx, id)!;
          const shares = store.shares(ctx, id, address);
          const exit = store.exit(ctx, id, address);
          return {
            tranche: idToProto(id),
            shares: shares.toString(),
            value: redeem(shares, tranche.shares, tranche.senior).toString(),
            exit: exit === undefined ? undefined : exitToProto(exit),
          };
        }),
      };
    },
    exits: (ctx, { kind, number, pagination }) => {
      const id = requireId({ kind, number });
      const page = paginate(store.exits(ctx, id), pagination, ({ owner }) => owner, exitToProto);
      return { exits: page.items, pagination: page.pagination };
    },
  };
}
