import type { Context } from '../../../runtime/baseapp/context.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import type { Expiry } from '../msgs/order-expiry.js';
import { expiryHeights, expiryTimes, type OrderId } from './store.js';

/** Remembers when an order of any kind expires. */
export function watchExpiry(ctx: Context, id: OrderId, { goodTilTimeMs, goodTilBlock }: Expiry): void {
  if (goodTilTimeMs !== 0n) expiryTimes.set(ctx, { at: goodTilTimeMs, id }, true);
  if (goodTilBlock !== 0n) expiryHeights.set(ctx, { at: goodTilBlock, id }, true);
}

/** Forgets it: the order ended. */
export function forgetExpiry(ctx: Context, id: OrderId, { goodTilTimeMs, goodTilBlock }: Expiry): void {
  if (goodTilTimeMs !== 0n) expiryTimes.delete(ctx, { at: goodTilTimeMs, id });
  if (goodTilBlock !== 0n) expiryHeights.delete(ctx, { at: goodTilBlock, id });
}

/**
 * Ends orders past their time, oldest first, at most `bound`. What is left
 * over follows in the next block: no auction lets it in meanwhile.
 * O(expired), whatever waits.
 * @param end takes the order off and forgets its expiry
 */
export function sweepExpired(ctx: Context, bound: number, end: (id: OrderId) => void): void {
  let left = bound;
  for (const [index, now] of [
    [expiryTimes, ctx.block.timeMs],
    [expiryHeights, ctx.block.height],
  ] as const) {
    for (const [key] of index.entries(ctx)) {
      if (key.at >= now || left === 0) break;
      left--;
      end(key.id);
      if (index.has(ctx, key)) throw new FatalError(`an expired order of market ${key.id.marketId} did not end`);
    }
  }
}
