import type { MsgWithdrawResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { dayMs } from '../../../runtime/baseapp/time.js';
import type { Deps } from '../deps.js';
import { assetValue } from '../margin/index.js';
import type { SubaccountKey } from '../types.js';
import { max, min } from '../units/index.js';
import { expectedMs } from './buckets.js';
import { isGated } from './conditions.js';
import { Outlets } from './outlets.js';
import { withdrawalParams } from './params.js';
import { grant, partOf, unitsOf } from './shares.js';
import { withdrawalStore } from './store.js';
import { fundClasses, fundClassOf, usdcId, type FundClass, type MoneyId } from './types.js';

/** What is left of an owner's allowance of the UTC day, quote quanta. Subaccounts share it; an owner with two addresses has two. */
export function allowanceLeft(ctx: Context, { keeper }: Deps, key: SubaccountKey): bigint {
  const daily = BigInt(withdrawalParams(keeper.params(ctx)).dailyAllowance);
  return max(0n, daily - withdrawalStore.usedAllowance(ctx, ctx.block.timeMs / dayMs, key));
}

/**
 * Takes note of money that just left an account: the end of the block pays it
 * out, as far as allowance and buckets go. What all ask for in a block counts
 * together there, so their order changes nothing. risk-model sections 9, 14.5.
 * @returns what comes of it if nobody asks for more in this block
 */
export function requestWithdrawal(
  ctx: Context,
  deps: Deps,
  key: SubaccountKey,
  assetId: MoneyId,
  amount: bigint,
): MsgWithdrawResponse {
  const { keeper } = deps;
  const markets = keeper.markets(ctx);
  const value = assetId === usdcId ? amount : assetValue(markets.asset(assetId), amount);
  const fund = fundClassOf(keeper.positionsOf(ctx, key), markets);
  const allowance = min(value, allowanceLeft(ctx, deps, key));
  if (allowance > 0n) withdrawalStore.addUsedAllowance(ctx, ctx.block.timeMs / dayMs, key, allowance);
  withdrawalStore.addPending(ctx, assetId, amount);
  withdrawalStore.addRequest(ctx, { key, assetId, amount, value, allowance });
  withdrawalStore.addAsked(ctx, fund, allowance, value - allowance);
  return foresee(ctx, deps, key, fund, { amount, value, allowance });
}

function foresee(
  ctx: Context,
  deps: Deps,
  key: SubaccountKey,
  fund: FundClass,
  { amount, value, allowance }: { readonly amount: bigint; readonly value: bigint; readonly allowance: bigint },
): MsgWithdrawResponse {
  const params = withdrawalParams(deps.keeper.params(ctx));
  const { timeMs } = ctx.block;
  const outlets = new Outlets(ctx, deps);
  const wanted = new Map<FundClass, bigint>();
  for (const each of fundClasses) {
    const { allowances, rest } = withdrawalStore.asked(ctx, each);
    outlets.take(each, allowances);
    wanted.set(each, rest);
  }
  const spare = outlets.spare();
  const granted = grant(wanted, spare, spare.get('none')!).get(fund)!;
  const rest = value - allowance;
  const part = isGated(ctx, deps, key) ? 0n : allowance + partOf(rest, granted, wanted.get(fund)!);
  const instant = value === 0n ? amount : unitsOf(amount, part, value);
  if (instant === amount) return { instant: amount.toString(), queued: '0', expectedTimeMs: timeMs };
  const nextEpoch = nextEpochMs(timeMs, params.epochMs);
  const { bucket, limits } = outlets.outlet('none');
  let waiting = 0n;
  for (const each of fundClasses) waiting += withdrawalStore.queuedValue(ctx, each) + (wanted.get(each) ?? 0n);
  return {
    instant: instant.toString(),
    queued: (amount - instant).toString(),
    expectedTimeMs: expectedMs(bucket, limits, params.refillMs, waiting, nextEpoch, params.epochMs),
  };
}

/** When the queue is paid next, milliseconds. */
export const nextEpochMs = (timeMs: bigint, epochMs: bigint): bigint => (timeMs / epochMs + 1n) * epochMs;
