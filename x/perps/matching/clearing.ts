import { abs, cdiv, fdiv, max, min } from '../../../runtime/math/integers.js';
import type { AuctionSide, WorkingLevel } from './auction-side.js';
import type { AuctionOrder } from './levels.js';

/** Where demand meets supply. */
export interface Clearing {
  readonly price: bigint;
  readonly volume: bigint;
  /** Ranks of the last levels that trade, and what they leave: one of them leaves nothing. */
  readonly lastBid: number;
  readonly lastAsk: number;
  readonly bidRest: bigint;
  readonly askRest: bigint;
}

/**
 * The price that executes the most volume, then leaves the least imbalance,
 * then lies nearest to the reference, then is lowest. It is a limit of an
 * order, or on tick. Undefined when nothing trades. O(levels that trade)
 */
export function clear<T extends AuctionOrder>(
  bids: AuctionSide<T>,
  asks: AuctionSide<T>,
  referencePrice: bigint,
  tickSize: bigint,
): Clearing | undefined {
  let i = bids.liveFrom(0);
  let j = asks.liveFrom(0);
  let bid = bids.at(i);
  let ask = asks.at(j);
  let bidLeft = bid?.total ?? 0n;
  let askLeft = ask?.total ?? 0n;
  let volume = 0n;
  let lastBid = -1;
  let lastAsk = -1;
  while (bid !== undefined && ask !== undefined && bid.price >= ask.price) {
    lastBid = i;
    lastAsk = j;
    const traded = bidLeft < askLeft ? bidLeft : askLeft;
    volume += traded;
    bidLeft -= traded;
    askLeft -= traded;
    if (bidLeft === 0n) {
      bid = bids.at((i = bids.liveFrom(i + 1)));
      bidLeft = bid?.total ?? 0n;
    }
    if (askLeft === 0n) {
      ask = asks.at((j = asks.liveFrom(j + 1)));
      askLeft = ask?.total ?? 0n;
    }
  }
  if (volume === 0n) return undefined;
  // Any price from the last ask to the last bid trades all of the volume.
  const low = asks.at(lastAsk)!.price;
  const high = bids.at(lastBid)!.price;
  const nearest = (from: bigint, to: bigint, more: readonly bigint[] = []): bigint | undefined =>
    nearestPrice(from, to, [low, high, ...more], referencePrice, tickSize);
  const below = (level: WorkingLevel<T> | undefined): bigint =>
    level === undefined ? low : max(low, level.price + 1n);
  const above = (level: WorkingLevel<T> | undefined): bigint =>
    level === undefined ? high : min(high, level.price - 1n);

  let price: bigint | undefined;
  if (i === lastBid) {
    // Bids are left at the last level: a lower price that lets more of them in leaves more.
    price = nearest(below(bids.at(bids.liveFrom(i + 1))), high);
  } else if (j === lastAsk) {
    price = nearest(low, above(asks.at(asks.liveFrom(j + 1))));
  } else {
    // Nothing is left at either: any price that lets nobody else in is as good.
    price = nearest(below(bid), above(ask));
    if (price === undefined) {
      const lower =
        bid!.total > ask!.total ? undefined : nearest(below(bids.at(bids.liveFrom(i + 1))), bid!.price, [bid!.price]);
      const upper =
        ask!.total > bid!.total ? undefined : nearest(ask!.price, above(asks.at(asks.liveFrom(j + 1))), [ask!.price]);
      price =
        lower === undefined || (upper !== undefined && abs(upper - referencePrice) < abs(lower - referencePrice))
          ? upper
          : lower;
    }
  }
  return {
    price: price!,
    volume,
    lastBid,
    lastAsk,
    bidRest: i === lastBid ? bidLeft : 0n,
    askRest: j === lastAsk ? askLeft : 0n,
  };
}

/** Of the limits and the ticks within [from, to], the one nearest to the reference, the lower of two. */
function nearestPrice(
  from: bigint,
  to: bigint,
  limits: readonly bigint[],
  reference: bigint,
  tick: bigint,
): bigint | undefined {
  let best: bigint | undefined;
  const consider = (price: bigint): void => {
    if (price < from || price > to) return;
    if (best !== undefined) {
      const [a, b] = [abs(price - reference), abs(best - reference)];
      if (a > b || (a === b && price >= best)) return;
    }
    best = price;
  };
  for (const limit of limits) consider(limit);
  const first = cdiv(from, tick) * tick;
  const last = fdiv(to, tick) * tick;
  if (first <= last) {
    const under = fdiv(max(first, min(reference, last)), tick) * tick;
    consider(under);
    consider(under + tick);
  }
  return best;
}
