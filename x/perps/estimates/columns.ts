import type { AccountView, MarketId } from '../types.js';
import { cashEstimate, type AccountEstimate, type MarketEstimate } from './account.js';

/** No position. */
const none = -1;

/** Positions in one market, in no particular order. */
interface Holders {
  list: Int32Array;
  count: number;
}

/**
 * Accounts with their positions as numbers in columns: what estimates read
 * when they must look at everybody who holds a market. An account is a slot,
 * chosen by the caller. 44 bytes for each position, no object.
 */
export class AccountColumns {
  /** By slot. */
  #cash = new Float64Array(1024);
  #first = new Int32Array(1024).fill(none);
  /** By position. */
  #slot = new Int32Array(1024);
  #market = new Int32Array(1024);
  #quantity = new Float64Array(1024);
  #funding = new Float64Array(1024);
  #next = new Int32Array(1024);
  /** Where the position stands in its market's list. */
  #place = new Int32Array(1024);
  #used = 0;
  readonly #free: number[] = [];
  readonly #holders = new Map<MarketId, Holders>();

  /** Writes an account's numbers, whatever stood there before. O(its positions). */
  set(slot: number, account: AccountView): void {
    while (slot >= this.#cash.length) {
      this.#cash = widened(this.#cash, new Float64Array(this.#cash.length * 2));
      this.#first = widened(this.#first, new Int32Array(this.#first.length * 2).fill(none));
    }
    for (let at = this.#first[slot]!; at !== none;) {
      const next = this.#next[at]!;
      this.#remove(at);
      at = next;
    }
    this.#cash[slot] = cashEstimate(account);
    let first = none;
    for (const { marketId, quantity, fundingIndex } of account.positions) {
      const at = this.#allocate();
      this.#slot[at] = slot;
      this.#market[at] = marketId;
      this.#quantity[at] = Number(quantity);
      this.#funding[at] = Number(fundingIndex);
      this.#next[at] = first;
      first = at;
      this.#list(at, marketId);
    }
    this.#first[slot] = first;
  }

  clear(): void {
    this.#first.fill(none);
    this.#used = 0;
    this.#free.length = 0;
    this.#holders.clear();
  }

  /** How many hold a market. */
  count(id: MarketId): number {
    return this.#holders.get(id)?.count ?? 0;
  }

  /** Slots with a position in a market and its size, base quanta, signed. */
  holders(id: MarketId, visit: (slot: number, quantity: number) => void): void {
    const holders = this.#holders.get(id);
    if (holders === undefined) return;
    for (let place = 0; place < holders.count; place++) {
      const at = holders.list[place]!;
      visit(this.#slot[at]!, this.#quantity[at]!);
    }
  }

  /** Adds an account up; returns the margin of its position in one market alone. */
  estimate(slot: number, into: AccountEstimate, markets: (id: MarketId) => MarketEstimate, market: MarketId): number {
    let own = 0;
    into.begin(this.#cash[slot]!);
    for (let at = this.#first[slot]!; at !== none; at = this.#next[at]!) {
      const id = this.#market[at]!;
      const margin = into.add(markets(id), this.#quantity[at]!, this.#funding[at]!);
      if (id === market) own = margin;
    }
    return own;
  }

  #list(at: number, id: MarketId): void {
    let holders = this.#holders.get(id);
    if (holders === undefined) this.#holders.set(id, (holders = { list: new Int32Array(64), count: 0 }));
    if (holders.count === holders.list.length)
      holders.list = widened(holders.list, new Int32Array(holders.list.length * 2));
    this.#place[at] = holders.count;
    holders.list[holders.count++] = at;
  }

  #remove(at: number): void {
    const holders = this.#holders.get(this.#market[at]!)!;
    const last = holders.list[--holders.count]!;
    const place = this.#place[at]!;
    holders.list[place] = last;
    this.#place[last] = place;
    this.#free.push(at);
  }

  #allocate(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    if (this.#used === this.#slot.length) {
      const length = this.#used * 2;
      this.#slot = widened(this.#slot, new Int32Array(length));
      this.#market = widened(this.#market, new Int32Array(length));
      this.#quantity = widened(this.#quantity, new Float64Array(length));
      this.#funding = widened(this.#funding, new Float64Array(length));
      this.#next = widened(this.#next, new Int32Array(length));
      this.#place = widened(this.#place, new Int32Array(length));
    }
    return this.#used++;
  }
}

function widened<A extends Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
