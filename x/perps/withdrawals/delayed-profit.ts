import type { Context } from '../../../runtime/baseapp/context.js';
import type { Stores } from '../../../runtime/store/collection.js';
import type { SolvencyClass, SubaccountKey } from '../types.js';
import { max } from '../units/index.js';
import { withdrawalStore } from './store.js';

const minuteMs = 60_000n;

/** Classes whose realised profit leaves only after a time. risk-model section 13. */
export const isDelayed = (solvencyClass: SolvencyClass): boolean => solvencyClass === 'C' || solvencyClass === 'D';

/** True while profit realised in a minute may not leave: the delay counts from the minute's end. */
const holds = (minute: bigint, nowMs: bigint, delayMs: bigint): boolean => (minute + 1n) * minuteMs + delayMs > nowMs;

/**
 * Notes what accounts realised in class C and D markets in this block, signed,
 * and forgets what is over: at most one number for each account and minute of
 * the delay. O(accounts).
 */
export function delayProfits(ctx: Context, realised: ReadonlyMap<SubaccountKey, bigint>, delayMs: bigint): void {
  const { timeMs } = ctx.block;
  for (const key of [...realised.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    for (const { minute } of [...withdrawalStore.delayedProfits(ctx, key)])
      if (!holds(minute, timeMs, delayMs)) withdrawalStore.dropDelayedProfit(ctx, key, minute);
    const amount = realised.get(key)!;
    if (amount !== 0n) withdrawalStore.addDelayedProfit(ctx, key, timeMs / minuteMs, amount);
  }
}

/**
 * Profit of an account that may not leave yet, quote quanta, never negative:
 * of each minute what it won there in all. It carries margin meanwhile.
 */
export function delayedProfit(from: Stores, key: SubaccountKey, nowMs: bigint, delayMs: bigint): bigint {
  let sum = 0n;
  for (const { minute, amount } of withdrawalStore.delayedProfits(from, key))
    if (holds(minute, nowMs, delayMs)) sum += max(0n, amount);
  return sum;
}
