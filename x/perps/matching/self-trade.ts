import type { AuctionFill } from './allocate.js';
import type { AuctionOrder } from './levels.js';

/** An order that gives way because it would have traded with another of its owner. */
export interface SelfTrade<T extends AuctionOrder = AuctionOrder> {
  readonly order: T;
  readonly side: 'buy' | 'sell';
  /** What may still fill; zero: it is cancelled. */
  readonly left: bigint;
  /** What it gave up. */
  readonly given: bigint;
}

/**
 * Which orders give way so that no owner both buys and sells: for each owner
 * of both, the best bid and the best ask that fill are a pair, and the mode
 * of the newer one decides; then the next pair. An order that fills whole or
 * not at all is never shrunk but cancelled. O(fills)
 * @param fills of each side in priority order
 */
export function selfTrades<T extends AuctionOrder>(
  bidFills: readonly AuctionFill<T>[],
  askFills: readonly AuctionFill<T>[],
  quantityOf: (order: T, side: 'buy' | 'sell') => bigint,
): SelfTrade<T>[] {
  const buyers = new Set<string>();
  for (const { order } of bidFills) if (order.owner !== '') buyers.add(order.owner);
  const both = new Map<string, { readonly bids: T[]; readonly asks: T[] }>();
  for (const { order } of askFills) {
    if (!buyers.has(order.owner)) continue;
    const known = both.get(order.owner);
    if (known === undefined) both.set(order.owner, { bids: [], asks: [order] });
    else known.asks.push(order);
  }
  if (both.size === 0) return [];
  for (const { order } of bidFills) both.get(order.owner)?.bids.push(order);
  return [...both.values()].flatMap(({ bids, asks }) => ofOwner(bids, asks, quantityOf));
}

function ofOwner<T extends AuctionOrder>(
  bids: readonly T[],
  asks: readonly T[],
  quantityOf: (order: T, side: 'buy' | 'sell') => bigint,
): SelfTrade<T>[] {
  const left = new Map<T, bigint>();
  const quantity = (order: T, side: 'buy' | 'sell'): bigint => left.get(order) ?? quantityOf(order, side);
  for (let i = 0, j = 0; i < bids.length && j < asks.length;) {
    const bid = bids[i]!;
    const ask = asks[j]!;
    const bidIsNewer = bid.height === ask.height ? bid.key > ask.key : bid.height > ask.height;
    const newer = bidIsNewer ? bid : ask;
    const older = bidIsNewer ? ask : bid;
    switch (newer.selfTrade) {
      case 'newest':
        left.set(newer, 0n);
        break;
      case 'oldest':
        left.set(older, 0n);
        break;
      case 'both':
        left.set(newer, 0n).set(older, 0n);
        break;
      case 'decrement': {
        const [buys, sells] = [quantity(bid, 'buy'), quantity(ask, 'sell')];
        const smaller = buys < sells ? buys : sells;
        left.set(bid, bid.allOrNone ? 0n : buys - smaller).set(ask, ask.allOrNone ? 0n : sells - smaller);
      }
    }
    if (left.get(bid) === 0n) i++;
    if (left.get(ask) === 0n) j++;
  }
  const buys = new Set(bids);
  return [...left].map(([order, rest]) => {
    const side = buys.has(order) ? 'buy' : 'sell';
    return { order, side, left: rest, given: quantityOf(order, side) - rest };
  });
}
