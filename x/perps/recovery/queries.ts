import type { QueryDefinition } from '../../../gen/plimsoll/perps/v1/query.js';
import type { RecoveryClaimInfo } from '../../../gen/plimsoll/perps/v1/recovery.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { Handlers } from '../../../runtime/baseapp/module.js';
import { paginate } from '../../../runtime/baseapp/pagination.js';
import type { Stores } from '../../../runtime/store/collection.js';
import { keyBytes, u32, u64 } from '../../../runtime/store/key.js';
import type { Deps } from '../deps.js';
import { requireSubaccountKey } from '../msgs/common.js';
import type { SubaccountKey } from '../types.js';
import { openOf, repaid, type Claim } from './cohort.js';
import { cohortToProto, recoveryStore, type ClaimId } from './store.js';

/** Claims of a subaccount, and what a market still repays. */
export function recoveryQueries({
  keeper,
}: Deps): Pick<Handlers<typeof QueryDefinition>, 'recoveryClaims' | 'recoveryCohorts'> {
  return {
    recoveryClaims: (ctx, { owner, number, pagination }) => {
      const account = requireSubaccountKey(owner, number, 'number');
      const page = paginate(
        recoveryStore.claims(ctx, account),
        pagination,
        ([id]) => pageKey(id),
        ([id, claim]) => infoOf(ctx, ctx.block.timeMs, id, claim),
      );
      return { claims: page.items, pagination: page.pagination };
    },
    recoveryCohorts: (ctx, { marketId, pagination }) => {
      if (keeper.market(ctx, marketId) === undefined)
        throw sdkErrors.keyNotFound(`market_id: ${marketId} is not listed`);
      const page = paginate(
        recoveryStore.open(ctx, marketId),
        pagination,
        ({ number }) => keyBytes(u64(number)),
        cohortToProto,
      );
      return { cohorts: page.items, pagination: page.pagination };
    },
  };
}

const pageKey = ({ marketId, number }: ClaimId): Uint8Array => keyBytes(u32(marketId) + u64(number));

function infoOf(from: Stores, timeMs: bigint, id: ClaimId, claim: Claim): RecoveryClaimInfo {
  const cohort = recoveryStore.cohort(from, id)!;
  const paid = repaid(cohort, claim);
  return {
    marketId: id.marketId,
    cohort: id.number,
    amount: claim.amount.toString(),
    repaid: paid.toString(),
    collectable: (paid - claim.collected).toString(),
    remaining: (timeMs < cohort.expiresMs ? openOf(cohort, claim) : 0n).toString(),
    expiresMs: cohort.expiresMs,
  };
}

/** What of the reserve an account can collect. O(its claims). */
export function collectableBy(from: Stores, account: SubaccountKey): bigint {
  let sum = 0n;
  for (const [id, claim] of recoveryStore.claims(from, account))
    sum += repaid(recoveryStore.cohort(from, id)!, claim) - claim.collected;
  return sum;
}

/** What all accounts together can collect; at most the reserve. O(claims). */
export const collectableByAll = (from: Stores): bigint => collectableBy(from, '');
