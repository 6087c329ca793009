import type { MarketId, Side } from '../types.js';
import type { BookView } from './book-view.js';
import type { BookEntry } from './entry.js';

/**
 * The post-only orders of a block that take: their limit reaches the best
 * order on the other side that an earlier block entered and that is still
 * open. Orders of the same block do not count, so the order of transactions
 * does not either. docs/matching.md. O(orders that the block entered)
 */
export function takers(book: BookView, market: MarketId, height: bigint): BookEntry[] {
  const found: BookEntry[] = [];
  for (const side of ['buy', 'sell'] as const satisfies readonly Side[]) {
    const postOnly = [...book.added(market, side)].filter(
      (entry) => entry.order[1].postOnly && entry.height === height,
    );
    if (postOnly.length === 0) continue;
    const best = book.bestEarlier(market, side === 'buy' ? 'sell' : 'buy', height);
    if (best === undefined) continue;
    for (const entry of postOnly) if (side === 'buy' ? entry.price >= best : entry.price <= best) found.push(entry);
  }
  return found;
}
