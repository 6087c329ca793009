import type { Context } from '../../../../runtime/baseapp/context.js';
import type { Stores } from '../../../../runtime/store/collection.js';
import { dayMs } from '../../../../runtime/baseapp/time.js';
import type { WorkingSet } from '../../block/working-set.js';
import { maintenanceMargin } from '../../margin/index.js';
import type { AccountView, MarketId, Markets, SubaccountKey } from '../../types.js';
import { notional } from '../../units/index.js';
import { bucketOf, latencyBuckets, latencyDays } from '../rules/latency.js';
import { bytesOfKey, keyOfBytes, stressStore } from './store.js';

/**
 * At the end of a block: since when accounts are under maintenance margin,
 * and how many blocks it took those that no longer are, whether they were
 * closed, topped up or saved by prices. O(accounts under it), nothing in a
 * quiet block. risk-model section 10.5.
 * @param failing accounts that the block liquidated: a breach may begin and end in it
 */
export function measureLatency(ctx: Context, work: WorkingSet, failing: readonly SubaccountKey[]): void {
  const { height } = ctx.block;
  const known = new Map<SubaccountKey, { readonly height: bigint; readonly marketId: MarketId }>();
  for (const { account, height: since, marketId } of stressStore.breaches(ctx))
    known.set(keyOfBytes(account), { height: since, marketId });
  const under = new Set<SubaccountKey>([...known.keys(), ...failing]);
  for (const { key, underwaterHeight } of work.accounts()) if (underwaterHeight === height) under.add(key);
  for (const key of [...under].sort((a, b) => (a < b ? -1 : 1))) {
    const account = work.known(key) ?? work.stored(key);
    const before = known.get(key);
    const safe = account.positions.length === 0 || work.equity(account) >= maintenanceMargin(account, work.markets);
    const marketId = before?.marketId ?? largestMarket(account, work.known(key)?.stored, work.markets);
    if (marketId === undefined) continue;
    if (safe) {
      if (before !== undefined) stressStore.dropBreach(ctx, key);
      countEnd(ctx, marketId, height - (before?.height ?? height));
    } else if (before === undefined) {
      stressStore.setBreach(ctx, { account: bytesOfKey(key), height, marketId });
    }
  }
}

/** The market in which an account is largest, or was when the block began; undefined for one that holds none. */
function largestMarket(account: AccountView, stored: AccountView | undefined, markets: Markets): MarketId | undefined {
  const positions = account.positions.length > 0 ? account.positions : (stored?.positions ?? []);
  let largest: { readonly id: MarketId; readonly size: bigint } | undefined;
  for (const { marketId, quantity } of positions) {
    const size = notional(markets(marketId), quantity);
    if (largest === undefined || size > largest.size) largest = { id: marketId, size };
  }
  return largest?.id;
}

function countEnd(ctx: Context, marketId: MarketId, blocks: bigint): void {
  const day = ctx.block.timeMs / dayMs;
  const before = stressStore.latency(ctx, marketId, day);
  if (before === undefined) {
    for (const each of [...stressStore.latencies(ctx, marketId)])
      if (each.day + latencyDays <= day) stressStore.dropLatency(ctx, each);
  }
  const ended = Array.from({ length: latencyBuckets }, (_, bucket) => before?.ended[bucket] ?? 0n);
  const bucket = bucketOf(blocks);
  ended[bucket] = ended[bucket]! + 1n;
  stressStore.setLatency(ctx, { marketId, day, ended });
}

/** Breaches of the last seven days that ended, by bucket. */
export function recentLatencies(from: Stores, marketId: MarketId, nowMs: bigint): bigint[] {
  const counts = Array.from({ length: latencyBuckets }, () => 0n);
  for (const { day, ended } of stressStore.latencies(from, marketId)) {
    if (day + latencyDays <= nowMs / dayMs) continue;
    for (const [bucket, count] of ended.entries()) counts[bucket] = counts[bucket]! + count;
  }
  return counts;
}
