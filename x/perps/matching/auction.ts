import { allocate, shareLevel, type AuctionFill } from './allocate.js';
import { AuctionSide, type WorkingLevel } from './auction-side.js';
import { clear, type Clearing } from './clearing.js';
import { compareOrders, type AuctionOrder, type Level } from './levels.js';
import { selfTrades, type SelfTrade } from './self-trade.js';

export interface AuctionInput<T extends AuctionOrder> {
  /** Best price first; read only as far as the auction reaches. */
  readonly bids: Iterable<Level<T>>;
  readonly asks: Iterable<Level<T>>;
  /** Mark price: decides between prices that are equally good. */
  readonly referencePrice: bigint;
  readonly tickSize: bigint;
  /** Fills are multiples of this when quantities are. */
  readonly stepSize: bigint;
  /** False when no order fills only whole; true costs a look at every level that crosses. */
  readonly allOrNone: boolean;
  /** What may fill of an order that the auction reaches: asked once for each, in priority order. All of it by default. */
  readonly admit?: (order: T, side: 'buy' | 'sell') => bigint;
}

export interface AuctionResult<T extends AuctionOrder> {
  /** Undefined when nothing trades. */
  readonly clearingPrice: bigint | undefined;
  readonly volume: bigint;
  /** In priority order. */
  readonly bidFills: readonly AuctionFill<T>[];
  readonly askFills: readonly AuctionFill<T>[];
  /** Orders that gave way to another of their owner, each once. */
  readonly selfTrades: readonly SelfTrade<T>[];
}

/** Auctions that are run again because of an order that fills only whole, or of an owner on both sides. */
const maxRounds = 1_024;

/**
 * One batch auction (docs/matching.md): every fill at one price. The result
 * depends on the set of orders, not on their sequence.
 *
 * An order that fills whole or not at all and would fill in part sits out,
 * the one with the worst priority first, and the rest is cleared again;
 * when an owner would buy and sell, its orders give way to each other and
 * the rest is cleared again. After `maxRounds` all orders that fill only
 * whole sit out, and so do the bids of owners on both sides.
 * O(rounds * levels that trade + orders reached * log)
 */
export function runAuction<T extends AuctionOrder>(input: AuctionInput<T>): AuctionResult<T> {
  const { referencePrice, tickSize, stepSize } = input;
  const bids = new AuctionSide(input.bids);
  const asks = new AuctionSide(input.asks);
  const admission = input.admit === undefined ? undefined : new Admission(bids, asks, input.admit);
  if (input.allOrNone) dropUnfillable(bids, asks);
  const gaveWay = new Map<T, SelfTrade<T>>();
  for (let round = 0; ; round++) {
    if (round === maxRounds) simplify(bids, asks);
    let clearing = clear(bids, asks, referencePrice, tickSize);
    while (clearing !== undefined && admission?.changes(clearing) === true) {
      clearing = clear(bids, asks, referencePrice, tickSize);
    }
    if (clearing === undefined)
      return { clearingPrice: undefined, volume: 0n, bidFills: [], askFills: [], selfTrades: [...gaveWay.values()] };
    const { price, volume, lastBid, lastAsk, bidRest, askRest } = clearing;
    if (input.allOrNone && (dropTorn(bids, lastBid, bidRest, stepSize) || dropTorn(asks, lastAsk, askRest, stepSize)))
      continue;
    const bidFills = allocate(bids, lastBid, bidRest, stepSize);
    const askFills = allocate(asks, lastAsk, askRest, stepSize);
    const yielding = selfTrades(bidFills, askFills, (order, side) => (side === 'buy' ? bids : asks).quantityOf(order));
    if (yielding.length === 0)
      return { clearingPrice: price, volume, bidFills, askFills, selfTrades: [...gaveWay.values()] };
    for (const each of yielding) {
      const own = each.side === 'buy' ? bids : asks;
      own.limit(own.levelOf(each.order), each.order, each.left);
      const before = gaveWay.get(each.order)?.given ?? 0n;
      gaveWay.set(each.order, { ...each, given: before + each.given });
    }
  }
}

/** Asks, level by level as the auction reaches them, what may fill of each order. */
class Admission<T extends AuctionOrder> {
  #bids = 0;
  #asks = 0;
  /** Levels asked beyond what trades: doubled each time, so that many refusals in a row cost few rounds. */
  #beyond = 0;

  constructor(
    readonly bids: AuctionSide<T>,
    readonly asks: AuctionSide<T>,
    readonly admit: (order: T, side: 'buy' | 'sell') => bigint,
  ) {}

  /** Asks for what the clearing reaches; true when something may not fill and it must be cleared again. */
  changes({ lastBid, lastAsk }: Clearing): boolean {
    let changed = false;
    const ask = (side: AuctionSide<T>, name: 'buy' | 'sell', from: number, last: number): number => {
      let rank = from;
      for (; rank <= last; rank++) {
        const level = side.at(rank);
        if (level === undefined) break;
        for (const order of level.level.orders()) {
          const wanted = side.quantityOf(order);
          if (wanted === 0n) continue;
          const admitted = this.admit(order, name);
          if (admitted >= wanted) continue;
          side.limit(level, order, order.allOrNone ? 0n : admitted);
          changed = true;
        }
      }
      return rank;
    };
    this.#bids = ask(this.bids, 'buy', this.#bids, lastBid + this.#beyond);
    this.#asks = ask(this.asks, 'sell', this.#asks, lastAsk + this.#beyond);
    if (changed) this.#beyond = 2 * this.#beyond + 1;
    return changed;
  }
}

/** Ranks of the levels of `side` that cross the best level of the other, with what the other offers to each. */
function* crossing<T extends AuctionOrder>(
  side: AuctionSide<T>,
  other: AuctionSide<T>,
  name: 'buy' | 'sell',
): Iterable<readonly [WorkingLevel<T>, available: bigint]> {
  const crosses = (mine: bigint, theirs: bigint): boolean => (name === 'buy' ? mine >= theirs : mine <= theirs);
  const best = other.at(0);
  if (best === undefined) return;
  let last = 0;
  const levels: WorkingLevel<T>[] = [];
  for (let level = side.at(0); level !== undefined && crosses(level.price, best.price); level = side.at(++last))
    levels.push(level);
  // The worst level of this side meets the fewest of the other.
  let available = 0n;
  let rank = 0;
  for (const level of levels.reverse()) {
    for (let met = other.at(rank); met !== undefined && crosses(level.price, met.price); met = other.at(++rank))
      available += met.total;
    yield [level, available];
  }
}

/** Orders that fill only whole sit out when the other side does not offer enough at any price. */
function dropUnfillable<T extends AuctionOrder>(bids: AuctionSide<T>, asks: AuctionSide<T>): void {
  const drop = (side: AuctionSide<T>, other: AuctionSide<T>, name: 'buy' | 'sell'): void => {
    const out: (readonly [WorkingLevel<T>, T])[] = [];
    for (const [level, available] of crossing(side, other, name)) {
      for (const order of level.level.orders())
        if (order.allOrNone && order.quantity > available) out.push([level, order]);
    }
    for (const [level, order] of out) side.limit(level, order, 0n);
  };
  drop(bids, asks, 'buy');
  drop(asks, bids, 'sell');
}

/**
 * Of the orders that fill only whole and would get a part, the one with the
 * worst priority sits out. All of them are at the last level.
 * @returns true when there is one
 */
function dropTorn<T extends AuctionOrder>(
  side: AuctionSide<T>,
  lastRank: number,
  rest: bigint,
  stepSize: bigint,
): boolean {
  if (rest === 0n) return false;
  let worst: T | undefined;
  for (const { order, quantity } of shareLevel(side, lastRank, rest, stepSize)) {
    if (!order.allOrNone || quantity === side.quantityOf(order)) continue;
    if (worst === undefined || compareOrders(order, worst) > 0) worst = order;
  }
  if (worst === undefined) return false;
  side.limit(side.at(lastRank)!, worst, 0n);
  return true;
}

/** Leaves orders that can be cleared in one round. O(orders that cross) */
function simplify<T extends AuctionOrder>(bids: AuctionSide<T>, asks: AuctionSide<T>): void {
  const sellers = new Set<string>();
  const out: (readonly [AuctionSide<T>, WorkingLevel<T>, T])[] = [];
  for (const [level] of crossing(asks, bids, 'sell')) {
    for (const order of level.level.orders()) {
      if (order.allOrNone) out.push([asks, level, order]);
      else if (order.owner !== '' && asks.quantityOf(order) > 0n) sellers.add(order.owner);
    }
  }
  for (const [level] of crossing(bids, asks, 'buy')) {
    for (const order of level.level.orders())
      if (order.allOrNone || sellers.has(order.owner)) out.push([bids, level, order]);
  }
  for (const [side, level, order] of out) side.limit(level, order, 0n);
}
