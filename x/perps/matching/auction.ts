import { abs, clamp, fdiv, min } from '../../../runtime/math/integers.js';

/** An order as the auction sees it. */
export interface AuctionOrder {
  /** Limit. */
  readonly price: bigint;
  /** Base quanta, positive. */
  readonly quantity: bigint;
  /** Block in which it entered: earlier blocks fill first at equal price. */
  readonly height: bigint;
  /** Unique, and independent of the order of transactions: breaks the last tie. */
  readonly key: string;
}

export interface AuctionInput {
  readonly bids: readonly AuctionOrder[];
  readonly asks: readonly AuctionOrder[];
  /** Mark price: decides between prices that are equally good. */
  readonly referencePrice: bigint;
  readonly tickSize: bigint;
  /** Fills are multiples of this when all quantities are. */
  readonly stepSize: bigint;
}

export interface AuctionResult {
  /** Undefined when nothing trades. */
  readonly clearingPrice: bigint | undefined;
  readonly volume: bigint;
  /** Filled quantity of each order, aligned with the input. */
  readonly bidFills: readonly bigint[];
  readonly askFills: readonly bigint[];
}

/**
 * One batch auction: every fill at one price that executes the most volume,
 * then leaves the least imbalance, then lies nearest to the reference, then
 * is lowest. Better prices fill first; at the marginal price earlier blocks
 * fill first; within a block quantity is shared pro rata, the largest
 * remainders rounded up, ties by key. The result depends on the set of
 * orders, not on their sequence. O(n log n).
 */
export function runAuction(input: AuctionInput): AuctionResult {
  const bids = sorted(input.bids, -1);
  const asks = sorted(input.asks, 1);
  const best = clearing(input, bids, asks);
  const none = (orders: readonly AuctionOrder[]): bigint[] => new Array<bigint>(orders.length).fill(0n);
  const bidFills = none(input.bids);
  const askFills = none(input.asks);
  if (best === undefined) return { clearingPrice: undefined, volume: 0n, bidFills, askFills };
  const { price, volume } = best;
  const step = [...input.bids, ...input.asks].every(({ quantity }) => quantity % input.stepSize === 0n)
    ? input.stepSize
    : 1n;
  allocate(input.bids, bids, (order) => order.price >= price, volume, step, bidFills);
  allocate(input.asks, asks, (order) => order.price <= price, volume, step, askFills);
  return { clearingPrice: price, volume, bidFills, askFills };
}

/** Indexes into `orders` by priority: price (direction 1: lowest first), height, key. */
function sorted(orders: readonly AuctionOrder[], direction: 1 | -1): number[] {
  return orders
    .map((_, index) => index)
    .sort((i, j) => {
      const a = orders[i]!;
      const b = orders[j]!;
      if (a.price !== b.price) return a.price < b.price === (direction === 1) ? -1 : 1;
      if (a.height !== b.height) return a.height < b.height ? -1 : 1;
      return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
    });
}

interface Clearing {
  readonly price: bigint;
  readonly volume: bigint;
  readonly imbalance: bigint;
  readonly distance: bigint;
}

/**
 * Walks the prices at which demand or supply steps, and the open intervals
 * between them, from low to high.
 */
function clearing(input: AuctionInput, bids: readonly number[], asks: readonly number[]): Clearing | undefined {
  if (bids.length === 0 || asks.length === 0) return undefined;
  const bidAt = (i: number): AuctionOrder => input.bids[bids[i]!]!;
  const askAt = (i: number): AuctionOrder => input.asks[asks[i]!]!;
  const low = askAt(0).price;
  const high = bidAt(0).price;
  if (low > high) return undefined;

  // Demand at the lowest price, supply below it; then move up.
  let bidEnd = 0;
  let demand = 0n;
  while (bidEnd < bids.length && bidAt(bidEnd).price >= low) demand += bidAt(bidEnd++).quantity;
  let nextBid = bidEnd - 1;
  let nextAsk = 0;
  let supply = 0n;
  let best: Clearing | undefined;
  const consider = (price: bigint): void => {
    const candidate: Clearing = {
      price,
      volume: min(demand, supply),
      imbalance: abs(demand - supply),
      distance: abs(price - input.referencePrice),
    };
    if (best === undefined || better(candidate, best)) best = candidate;
  };

  let price = low;
  for (;;) {
    while (nextAsk < asks.length && askAt(nextAsk).price <= price) supply += askAt(nextAsk++).quantity;
    consider(price);
    while (nextBid >= 0 && bidAt(nextBid).price <= price) demand -= bidAt(nextBid--).quantity;
    // The next price at which something steps.
    let next: bigint | undefined;
    if (nextAsk < asks.length && askAt(nextAsk).price <= high) next = askAt(nextAsk).price;
    if (nextBid >= 0 && (next === undefined || bidAt(nextBid).price < next)) next = bidAt(nextBid).price;
    if (next === undefined) break;
    const first = (fdiv(price, input.tickSize) + 1n) * input.tickSize;
    const last = fdiv(next - 1n, input.tickSize) * input.tickSize;
    if (first <= last) {
      const nearest = clamp(input.referencePrice, first, last);
      const below = fdiv(nearest, input.tickSize) * input.tickSize;
      if (below >= first) consider(below);
      if (below + input.tickSize <= last) consider(below + input.tickSize);
    }
    price = next;
  }
  return best !== undefined && (best as Clearing).volume > 0n ? best : undefined;
}

function better(a: Clearing, b: Clearing): boolean {
  if (a.volume !== b.volume) return a.volume > b.volume;
  if (a.imbalance !== b.imbalance) return a.imbalance < b.imbalance;
  if (a.distance !== b.distance) return a.distance < b.distance;
  return a.price < b.price;
}

/** Shares `volume` among eligible orders by priority; writes into `fills`. */
function allocate(
  orders: readonly AuctionOrder[],
  priority: readonly number[],
  eligible: (order: AuctionOrder) => boolean,
  volume: bigint,
  step: bigint,
  fills: bigint[],
): void {
  let left = volume;
  for (let i = 0; i < priority.length && left > 0n;) {
    const head = orders[priority[i]!]!;
    if (!eligible(head)) return;
    let end = i;
    let total = 0n;
    for (; end < priority.length; end++) {
      const order = orders[priority[end]!]!;
      if (order.price !== head.price || order.height !== head.height) break;
      total += order.quantity;
    }
    if (total <= left) {
      for (let k = i; k < end; k++) fills[priority[k]!] = orders[priority[k]!]!.quantity;
      left -= total;
    } else {
      shareProRata(orders, priority.slice(i, end), total, left, step, fills);
      left = 0n;
    }
    i = end;
  }
}

/** Pro rata by quantity in whole steps; the largest remainders get one step more, ties by key. `group` is sorted by key. */
function shareProRata(
  orders: readonly AuctionOrder[],
  group: readonly number[],
  total: bigint,
  available: bigint,
  step: bigint,
  fills: bigint[],
): void {
  const steps = available / step;
  let given = 0n;
  const remainders = group.map((index, rank) => {
    const exact = steps * orders[index]!.quantity;
    const whole = exact / total;
    fills[index] = whole * step;
    given += whole;
    return { index, rank, remainder: exact % total };
  });
  remainders.sort((a, b) => (a.remainder !== b.remainder ? (a.remainder > b.remainder ? -1 : 1) : a.rank - b.rank));
  for (const { index } of remainders) {
    if (given === steps) break;
    fills[index] = fills[index]! + step;
    given++;
  }
}
