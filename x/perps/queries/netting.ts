import type { QueryDefinition } from '../../../gen/plimsoll/perps/v1/query.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { Handlers } from '../../../runtime/baseapp/module.js';
import { paginate } from '../../../runtime/baseapp/pagination.js';
import { keyBytes, u32 } from '../../../runtime/store/key.js';
import type { Deps } from '../deps.js';
import { requireSubaccountKey } from '../msgs/common.js';
import { nettings, nettingToProto } from '../netting/store.js';

/** Requests to net positions, of a subaccount and of a market. */
export function nettingQueries({
  keeper,
}: Deps): Pick<Handlers<typeof QueryDefinition>, 'nettingRequests' | 'nettingBook'> {
  return {
    nettingRequests: (ctx, { owner, number, pagination }) => {
      const page = paginate(
        nettings.of(ctx, requireSubaccountKey(owner, number, 'number')),
        pagination,
        ({ marketId }) => keyBytes(u32(marketId)),
        nettingToProto,
      );
      return { requests: page.items, pagination: page.pagination };
    },
    nettingBook: (ctx, { marketId, pagination }) => {
      if (keeper.market(ctx, marketId) === undefined)
        throw sdkErrors.keyNotFound(`market_id: ${marketId} is not listed`);
      const page = paginate(
        nettings.inMarket(ctx, marketId),
        pagination,
        ({ account }) => keyBytes(account),
        nettingToProto,
      );
      return { requests: page.items, pagination: page.pagination };
    },
  };
}
