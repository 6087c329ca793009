import type { KeeperBidLevel, QueryDefinition } from '../../../gen/plimsoll/perps/v1/query.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { Handlers } from '../../../runtime/baseapp/module.js';
import { paginate } from '../../../runtime/baseapp/pagination.js';
import { keyBytes, u32, u64 } from '../../../runtime/store/key.js';
import type { Deps } from '../deps.js';
import { discountCap } from '../keeper-bids/clearing.js';
import { bidToProto, keeperBids, type BidSide } from '../keeper-bids/store.js';
import { requireSubaccountKey } from '../msgs/common.js';

/** Keepers' bids of a subaccount, and of a market. */
export function keeperBidQueries({
  keeper,
}: Deps): Pick<Handlers<typeof QueryDefinition>, 'keeperBids' | 'keeperBidBook'> {
  return {
    keeperBids: (ctx, { owner, number, marketId, pagination }) => {
      const key = requireSubaccountKey(owner, number, 'number');
      const page = paginate(
        keeperBids.of(ctx, key, marketId === 0 ? undefined : marketId),
        pagination,
        ([id]) => keyBytes(u32(id.marketId) + u64(id.clientId)),
        bidToProto,
      );
      return { bids: page.items, pagination: page.pagination };
    },
    keeperBidBook: (ctx, { marketId }) => {
      if (keeper.market(ctx, marketId) === undefined)
        throw sdkErrors.keyNotFound(`market_id: ${marketId} is not listed`);
      return {
        buys: levelsOf(ctx, { marketId, side: 'buy' }),
        sells: levelsOf(ctx, { marketId, side: 'sell' }),
        maxDiscountPpm: Number(discountCap(keeper.marketView(ctx, marketId))),
      };
    },
  };
}

/** A side's bids by discount, the least first. O(bids of the side), which a parameter bounds. */
function levelsOf(ctx: Context, side: BidSide): KeeperBidLevel[] {
  const levels: { minDiscountPpm: number; remaining: bigint; bids: number }[] = [];
  for (const [, { minDiscount, remaining }] of keeperBids.onSide(ctx, side)) {
    const last = levels.at(-1);
    if (last?.minDiscountPpm === Number(minDiscount)) {
      last.remaining += remaining;
      last.bids++;
    } else levels.push({ minDiscountPpm: Number(minDiscount), remaining, bids: 1 });
  }
  return levels.map((level) => ({ ...level, remaining: level.remaining.toString() }));
}
