import { compareOrders, levelsOf, type AuctionOrder, type Level } from '../matching/levels.js';
import type { MarketId, Side } from '../types.js';
import { BookEntry } from './entry.js';
import { OrderBook } from './order-book.js';
import type { BookOrder } from './store.js';

/** All open orders of one committed state, by name and by market. */
export class CommittedBook {
  readonly #entries = new Map<string, BookEntry>();
  readonly #markets = new Map<MarketId, OrderBook<BookEntry>>();

  entry(key: string): BookEntry | undefined {
    return this.#entries.get(key);
  }

  market(id: MarketId): OrderBook<BookEntry> | undefined {
    return this.#markets.get(id);
  }

  /** Puts an order where it stands now; undefined: it left. */
  set(key: string, order: BookOrder | undefined): void {
    const before = this.#entries.get(key);
    if (before !== undefined) {
      this.#markets.get(before.order[0].marketId)!.remove(before);
      this.#entries.delete(key);
    }
    if (order === undefined) return;
    const entry = new BookEntry(key, order);
    this.#entries.set(key, entry);
    const { marketId } = order[0];
    let book = this.#markets.get(marketId);
    if (book === undefined) this.#markets.set(marketId, (book = new OrderBook()));
    book.add(entry);
  }
}

/** What a block changed on one side of a market. */
interface Delta {
  /** Quantity that left each price. */
  readonly removed: Map<bigint, bigint>;
  readonly added: Set<BookEntry>;
}

/** The book of the last block with the changes of this one over it. */
export class BookView {
  readonly #committed: CommittedBook;
  /** Orders of the last block that changed or left. */
  readonly #gone = new Set<BookEntry>();
  readonly #deltas = new Map<string, Delta>();

  constructor(committed: CommittedBook, changes: Iterable<readonly [key: string, order: BookOrder | undefined]>) {
    this.#committed = committed;
    for (const [key, order] of changes) {
      const before = committed.entry(key);
      if (before !== undefined) {
        this.#gone.add(before);
        const { removed } = this.#delta(before.order[0].marketId, before.side);
        removed.set(before.price, (removed.get(before.price) ?? 0n) + before.quantity);
      }
      if (order !== undefined) {
        const entry = new BookEntry(key, order);
        this.#delta(order[0].marketId, entry.side).added.add(entry);
      }
    }
  }

  /** Orders that the block entered or changed, in no particular order. */
  added(market: MarketId, side: Side): Iterable<BookEntry> {
    return this.#deltas.get(deltaKey(market, side))?.added ?? [];
  }

  /** Takes out an order that the block entered or changed. */
  drop(entry: BookEntry): void {
    this.#delta(entry.order[0].marketId, entry.side).added.delete(entry);
  }

  /** The best price of an order that an earlier block entered. O(levels of new orders) */
  bestEarlier(market: MarketId, side: Side, height: bigint): bigint | undefined {
    for (const level of this.levels(market, side)) {
      if (level.orders().some((order) => order.height < height)) return level.price;
    }
    return undefined;
  }

  /** True when an order of the market may fill only whole. */
  hasWholes(market: MarketId): boolean {
    if ((this.#committed.market(market)?.wholes ?? 0) > 0) return true;
    for (const side of ['buy', 'sell'] as const)
      for (const { allOrNone } of this.added(market, side)) if (allOrNone) return true;
    return false;
  }

  /** A side's levels, best price first, with more orders among them. */
  *levels<M extends AuctionOrder = never>(
    market: MarketId,
    side: Side,
    more: readonly M[] = [],
  ): Iterable<Level<BookEntry | M>> {
    const base = this.#committed.market(market)?.levels(side) ?? [];
    const delta = this.#deltas.get(deltaKey(market, side));
    if (delta === undefined && more.length === 0) {
      yield* base;
      return;
    }
    const fresh = levelsOf<BookEntry | M>([...(delta?.added ?? []), ...more], side);
    let next = 0;
    for (const level of base) {
      while (next < fresh.length && isBetter(fresh[next]!.price, level.price, side)) yield fresh[next++]!;
      const same = next < fresh.length && fresh[next]!.price === level.price ? fresh[next++] : undefined;
      const removed = delta?.removed.get(level.price);
      if (same === undefined && removed === undefined) {
        yield level;
        continue;
      }
      const total = level.total - (removed ?? 0n) + (same?.total ?? 0n);
      if (total > 0n) yield this.#merged(level, same, total);
    }
    for (; next < fresh.length; next++) yield fresh[next]!;
  }

  /** What can be traded at each price, best first: also what icebergs hide, not what fills only whole. */
  *depth(market: MarketId, side: Side): Iterable<{ price: bigint; quantity: bigint }> {
    for (const { price, total, wholes } of this.levels(market, side))
      if (total > wholes) yield { price, quantity: total - wholes };
  }

  /** A level of the last block with what this one left of it and added to it. */
  #merged<M extends AuctionOrder>(
    level: Level<BookEntry>,
    same: Level<BookEntry | M> | undefined,
    total: bigint,
  ): Level<BookEntry | M> {
    const orders = (): readonly (BookEntry | M)[] => {
      const stayed = level.orders().filter((entry) => !this.#gone.has(entry));
      return same === undefined ? stayed : [...stayed, ...same.orders()].sort(compareOrders);
    };
    let wholes = same?.wholes ?? 0n;
    if (level.wholes > 0n)
      for (const entry of level.orders()) if (entry.allOrNone && !this.#gone.has(entry)) wholes += entry.quantity;
    return { price: level.price, total, wholes, orders };
  }

  #delta(market: MarketId, side: Side): Delta {
    const key = deltaKey(market, side);
    let delta = this.#deltas.get(key);
    if (delta === undefined) this.#deltas.set(key, (delta = { removed: new Map(), added: new Set() }));
    return delta;
  }
}

const deltaKey = (market: MarketId, side: Side): string => `${market}/${side}`;
const isBetter = (a: bigint, b: bigint, side: Side): boolean => (side === 'buy' ? a > b : a < b);
