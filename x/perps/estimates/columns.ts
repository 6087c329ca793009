import type { AccountView, MarketId } from '../types.js';
import { cashEstimate, type AccountEstimate, type MarketEstimate } from './account.js';

/** No position. */
const none = -1;

/** The only position of an account, as `lone` writes it. */
export class LonePosition {
  cash = 0;
  quantity = 0;
  /** The index up to which its funding is settled. */
  funding = 0;
}

/** Positions in one market, in no particular order. */
interface Holders {
  list: Int32Array;
  count: number;
}

/** By slot: its cash, and its first position. */
const [cash, first, slotWidth] = [0, 1, 2];
/** By position, in doubles: its size, and the index up to which its funding is settled. */
const [quantity, funding, sizeWidth] = [0, 1, 2];
/** By position, in integers: its account, its market, the account's next position, and where it stands in its market's list. */
const [slotOf, marketOf, next, place, linkWidth] = [0, 1, 2, 3, 4];

/**
 * Accounts with their positions as numbers in columns: what estimates read
 * when they must look at everybody who holds a market, or at thousands here
 * and there. What is read together lies together. An account is a slot,
 * chosen by the caller. 52 bytes for each position, no object.
 */
export class AccountColumns {
  #accounts = new Float64Array(1024 * slotWidth);
  #slots = 0;
  #sizes = new Float64Array(1024 * sizeWidth);
  #links = new Int32Array(1024 * linkWidth);
  #used = 0;
  readonly #free: number[] = [];
  readonly #holders = new Map<MarketId, Holders>();

  /** Writes an account's numbers, whatever stood there before. O(its positions). */
  set(slot: number, account: AccountView): void {
    this.#makeRoomFor(slot);
    for (let at = this.#first(slot); at !== none;) {
      const following = this.#links[at * linkWidth + next]!;
      this.#remove(at);
      at = following;
    }
    this.#accounts[slot * slotWidth + cash] = cashEstimate(account);
    let head = none;
    for (const position of account.positions) {
      const at = this.#allocate();
      this.#sizes[at * sizeWidth + quantity] = Number(position.quantity);
      this.#sizes[at * sizeWidth + funding] = Number(position.fundingIndex);
      this.#links[at * linkWidth + slotOf] = slot;
      this.#links[at * linkWidth + marketOf] = position.marketId;
      this.#links[at * linkWidth + next] = head;
      head = at;
      this.#list(at, position.marketId);
    }
    this.#accounts[slot * slotWidth + first] = head;
  }

  clear(): void {
    this.#slots = 0;
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
    for (let index = 0; index < holders.count; index++) {
      const at = holders.list[index]!;
      visit(this.#links[at * linkWidth + slotOf]!, this.#sizes[at * sizeWidth + quantity]!);
    }
  }

  /** Adds an account up; returns the margin of its position in one market alone. */
  estimate(slot: number, into: AccountEstimate, markets: (id: MarketId) => MarketEstimate, market: MarketId): number {
    let own = 0;
    into.begin(this.#accounts[slot * slotWidth + cash]!);
    for (let at = this.#first(slot); at !== none; at = this.#links[at * linkWidth + next]!) {
      const id = this.#links[at * linkWidth + marketOf]!;
      const sizes = at * sizeWidth;
      const margin = into.add(markets(id), this.#sizes[sizes + quantity]!, this.#sizes[sizes + funding]!);
      if (id === market) own = margin;
    }
    return own;
  }

  /** Reads an account that holds one position, in this market. @returns false when it does not */
  lone(slot: number, market: MarketId, into: LonePosition): boolean {
    const at = this.#first(slot);
    if (at === none) return false;
    const links = at * linkWidth;
    if (this.#links[links + next] !== none || this.#links[links + marketOf] !== market) return false;
    into.cash = this.#accounts[slot * slotWidth + cash]!;
    into.quantity = this.#sizes[at * sizeWidth + quantity]!;
    into.funding = this.#sizes[at * sizeWidth + funding]!;
    return true;
  }

  #first(slot: number): number {
    return slot < this.#slots ? this.#accounts[slot * slotWidth + first]! : none;
  }

  #makeRoomFor(slot: number): void {
    while (slot * slotWidth >= this.#accounts.length)
      this.#accounts = widened(this.#accounts, new Float64Array(this.#accounts.length * 2));
    for (; this.#slots <= slot; this.#slots++) this.#accounts[this.#slots * slotWidth + first] = none;
  }

  #list(at: number, id: MarketId): void {
    let holders = this.#holders.get(id);
    if (holders === undefined) this.#holders.set(id, (holders = { list: new Int32Array(64), count: 0 }));
    if (holders.count === holders.list.length)
      holders.list = widened(holders.list, new Int32Array(holders.list.length * 2));
    this.#links[at * linkWidth + place] = holders.count;
    holders.list[holders.count++] = at;
  }

  #remove(at: number): void {
    const holders = this.#holders.get(this.#links[at * linkWidth + marketOf]!)!;
    const last = holders.list[--holders.count]!;
    const freed = this.#links[at * linkWidth + place]!;
    holders.list[freed] = last;
    this.#links[last * linkWidth + place] = freed;
    this.#free.push(at);
  }

  #allocate(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    if (this.#used * linkWidth === this.#links.length) {
      this.#sizes = widened(this.#sizes, new Float64Array(this.#sizes.length * 2));
      this.#links = widened(this.#links, new Int32Array(this.#links.length * 2));
    }
    return this.#used++;
  }
}

function widened<A extends Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
