import type {
  QueryQueuedWithdrawalsRequest,
  QueryQueuedWithdrawalsResponse,
  QueryWithdrawalBucketsResponse,
} from '../../../gen/plimsoll/perps/v1/query.js';
import type { QueuedWithdrawalInfo, WithdrawalBucketInfo } from '../../../gen/plimsoll/perps/v1/withdrawals.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { paginate } from '../../../runtime/baseapp/pagination.js';
import { bytes, keyBytes, u32 } from '../../../runtime/store/key.js';
import { collateralDenom, type Deps } from '../deps.js';
import { subaccountKey } from '../subaccount-key.js';
import { max } from '../units/index.js';
import { availableIn, dayOutflow, expectedMs } from './buckets.js';
import { Outlets } from './outlets.js';
import { withdrawalParams } from './params.js';
import { allowanceLeft, nextEpochMs } from './request.js';
import { entryToProto, fundClassToProto, withdrawalStore } from './store.js';
import { fundClasses, usdcId, type FundClass } from './types.js';

const allQueued = (ctx: Context): bigint =>
  fundClasses.reduce((sum, fund) => sum + withdrawalStore.queuedValue(ctx, fund), 0n);

export function withdrawalBuckets(ctx: Context, deps: Deps): QueryWithdrawalBucketsResponse {
  const outlets = new Outlets(ctx, deps);
  const { epochMs } = withdrawalParams(deps.keeper.params(ctx));
  const infoOf = (fund: FundClass): WithdrawalBucketInfo => {
    const { bucket, limits } = outlets.outlet(fund);
    const gate = withdrawalStore.gate(ctx, fund);
    return {
      class: fundClassToProto(fund),
      capacity: limits.capacity.toString(),
      available: availableIn(bucket, limits).toString(),
      level: bucket.level.toString(),
      dayOutflow: dayOutflow(bucket, ctx.block.timeMs).toString(),
      dayLimit: limits.dayLimit.toString(),
      queued: (fund === 'none' ? allQueued(ctx) : withdrawalStore.queuedValue(ctx, fund)).toString(),
      // A query stands at the end of its block: the next one is what it asks about.
      gatedUntilHeight: gate > ctx.block.height ? gate : 0n,
    };
  };
  return { buckets: fundClasses.map(infoOf), nextEpochMs: nextEpochMs(ctx.block.timeMs, epochMs) };
}

export function queuedWithdrawals(
  ctx: Context,
  deps: Deps,
  { owner, pagination }: QueryQueuedWithdrawalsRequest,
): QueryQueuedWithdrawalsResponse {
  const { keeper } = deps;
  const { epochMs, refillMs } = withdrawalParams(keeper.params(ctx));
  const address = owner === '' ? undefined : parseAddress(owner, 'owner');
  const { bucket, limits } = new Outlets(ctx, deps).outlet('none');
  const next = nextEpochMs(ctx.block.timeMs, epochMs);
  const expectedTimeMs = expectedMs(bucket, limits, refillMs, max(0n, allQueued(ctx)), next, epochMs);
  const page = paginate(
    withdrawalStore.queue(ctx, address === undefined ? '' : bytes(address)),
    pagination,
    ({ key, assetId }) => keyBytes(key + u32(assetId)),
    (entry): QueuedWithdrawalInfo => ({
      withdrawal: entryToProto(entry),
      denom: entry.assetId === usdcId ? collateralDenom : keeper.collateral.asset(ctx, entry.assetId)!.denom,
      expectedTimeMs,
    }),
  );
  return {
    withdrawals: page.items,
    pagination: page.pagination,
    allowanceLeft: address === undefined ? '' : allowanceLeft(ctx, deps, subaccountKey(address, 0)).toString(),
  };
}
