import btree from 'sorted-btree';
import { compareOrders, type AuctionOrder, type Level } from '../matching/levels.js';
import type { Side } from '../types.js';

/** The package is CommonJS: its class is the default of the default. */
const BTree = btree.default;

/** An order that a book can keep. What is marked so is the book's own. */
export interface Bookable extends AuctionOrder {
  readonly side: Side;
  /** Changed by the book alone. */
  quantity: bigint;
  /** The book's: where it lies in its level. */
  slot: number;
}

/**
 * All orders of a side at one price. Orders that left leave holes, swept
 * when the level is read or when they are the most; orders that came are
 * sorted when the level is read: few levels are.
 */
class PriceLevel<T extends Bookable> implements Level<T> {
  total = 0n;
  wholes = 0n;
  #orders: (T | undefined)[] = [];
  #holes = 0;
  /** The first of them that are in order. */
  #sorted = 0;

  constructor(readonly price: bigint) {}

  add(order: T): void {
    order.slot = this.#orders.length;
    this.#orders.push(order);
    this.count(order, order.quantity);
  }

  remove(order: T): void {
    this.count(order, -order.quantity);
    this.#orders[order.slot] = undefined;
    this.#holes++;
    if (this.#holes > 8 && 2 * this.#holes > this.#orders.length) this.#sweep();
  }

  /** Counts a change of an order's quantity. */
  count(order: T, change: bigint): void {
    this.total += change;
    if (order.allOrNone) this.wholes += change;
  }

  get isEmpty(): boolean {
    return this.#holes === this.#orders.length;
  }

  orders(): readonly T[] {
    if (this.#holes > 0) this.#sweep();
    if (this.#sorted < this.#orders.length) this.#arrange();
    return this.#orders as T[];
  }

  #sweep(): void {
    let kept = 0;
    let sorted = 0;
    for (let slot = 0; slot < this.#orders.length; slot++) {
      const order = this.#orders[slot];
      if (order === undefined) continue;
      if (slot < this.#sorted) sorted++;
      order.slot = kept;
      this.#orders[kept++] = order;
    }
    this.#orders.length = kept;
    this.#sorted = sorted;
    this.#holes = 0;
  }

  /** Sorts those that came: mostly of later blocks than those that were there, and so behind them. */
  #arrange(): void {
    const all = this.#orders as T[];
    const came = this.#sorted === 0 ? all : all.splice(this.#sorted);
    if (came.length > 1) came.sort(compareOrders);
    if (came !== all) {
      const isBehind = compareOrders(all[all.length - 1]!, came[0]!) < 0;
      for (const order of came) all.push(order);
      if (!isBehind) all.sort(compareOrders);
    }
    for (let slot = 0; slot < all.length; slot++) all[slot]!.slot = slot;
    this.#sorted = all.length;
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

  /** Adds an order that is in no book. */
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

  /** Lets another quantity of an order stand where it stands. */
  resize(order: T, quantity: bigint): void {
    this.#sides[order.side].levels.get(order.price)!.count(order, quantity - order.quantity);
    order.quantity = quantity;
  }

  /** A side's levels, best price first. */
  levels(side: Side): Iterable<Level<T>> {
    return this.#sides[side].sorted.values();
  }
}
