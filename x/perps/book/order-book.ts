import btree from 'sorted-btree';
import { compareOrders, type AuctionOrder, type Level } from '../matching/levels.js';
import type { Side } from '../types.js';

/** The package is CommonJS: its class is the default of the default. */
const BTree = btree.default;

/** What a book keeps: an order that knows its side. */
export type Bookable = AuctionOrder & { readonly side: Side };

/** All orders of a side at one price. Orders that left are swept when the level is read, or when they are the most. */
class PriceLevel<T extends Bookable> implements Level<T> {
  total = 0n;
  #orders: T[] = [];
  readonly #gone = new Set<T>();
  #sorted = true;

  constructor(readonly price: bigint) {}

  add(order: T): void {
    const last = this.#orders.at(-1);
    if (last !== undefined && this.#sorted && compareOrders(last, order) > 0) this.#sorted = false;
    this.#orders.push(order);
    this.total += order.quantity;
  }

  remove(order: T): void {
    this.total -= order.quantity;
    this.#gone.add(order);
    if (this.#gone.size > 8 && 2 * this.#gone.size > this.#orders.length) this.#sweep();
  }

  get isEmpty(): boolean {
    return this.#gone.size === this.#orders.length;
  }

  orders(): readonly T[] {
    if (this.#gone.size > 0) this.#sweep();
    if (!this.#sorted) {
      this.#orders.sort(compareOrders);
      this.#sorted = true;
    }
    return this.#orders;
  }

  #sweep(): void {
    this.#orders = this.#orders.filter((order) => !this.#gone.has(order));
    this.#gone.clear();
  }
}

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
const descending = (a: bigint, b: bigint): number => (a > b ? -1 : a < b ? 1 : 0);

/**
 * One market's open orders, sorted: by price into levels, and a level by
 * block and key when it is read. Adding and removing cost O(log levels) when
 * a level comes or goes, and O(1) otherwise.
 */
export class OrderBook<T extends Bookable> {
  readonly #sides = {
    buy: { sorted: new BTree<bigint, PriceLevel<T>>(undefined, descending), levels: new Map<bigint, PriceLevel<T>>() },
    sell: { sorted: new BTree<bigint, PriceLevel<T>>(undefined, ascending), levels: new Map<bigint, PriceLevel<T>>() },
  };
  #wholes = 0;

  /** Orders that fill only whole. */
  get wholes(): number {
    return this.#wholes;
  }

  /** Adds an order; the same object only once. */
  add(order: T): void {
    const { sorted, levels } = this.#sides[order.side];
    let level = levels.get(order.price);
    if (level === undefined) {
      level = new PriceLevel<T>(order.price);
      levels.set(order.price, level);
      sorted.set(order.price, level);
    }
    level.add(order);
    if (order.allOrNone) this.#wholes++;
  }

  /** Removes an order that was added. */
  remove(order: T): void {
    const { sorted, levels } = this.#sides[order.side];
    const level = levels.get(order.price)!;
    level.remove(order);
    if (order.allOrNone) this.#wholes--;
    if (!level.isEmpty) return;
    levels.delete(order.price);
    sorted.delete(order.price);
  }

  /** A side's levels, best price first. */
  levels(side: Side): Iterable<Level<T>> {
    return this.#sides[side].sorted.values();
  }
}
