import type { AuctionOrder, Level } from './levels.js';

/** A level while an auction works on it. */
export interface WorkingLevel<T extends AuctionOrder> {
  readonly price: bigint;
  /** What may fill now; zero when all of its orders are out. */
  total: bigint;
  readonly level: Level<T>;
}

/** One side of an auction: levels are read as far as the auction reaches, and orders shrink or leave without a change of the book. */
export class AuctionSide<T extends AuctionOrder> {
  readonly #source: Iterator<Level<T>>;
  readonly #levels: WorkingLevel<T>[] = [];
  /** What may fill of the orders that changed; zero for those that left. */
  readonly #changed = new Map<T, bigint>();
  #exhausted = false;

  constructor(levels: Iterable<Level<T>>) {
    this.#source = levels[Symbol.iterator]();
  }

  /** The level at a rank, best first; undefined past the last. */
  at(rank: number): WorkingLevel<T> | undefined {
    while (rank >= this.#levels.length && !this.#exhausted) {
      const next = this.#source.next();
      if (next.done === true) this.#exhausted = true;
      else this.#levels.push({ price: next.value.price, total: next.value.total, level: next.value });
    }
    return this.#levels[rank];
  }

  /** Rank of the first level from `rank` on in which something may fill. */
  liveFrom(rank: number): number {
    let found = rank;
    while (this.at(found)?.total === 0n) found++;
    return found;
  }

  /** What may fill of an order. */
  quantityOf(order: T): bigint {
    return this.#changed.size === 0 ? order.quantity : (this.#changed.get(order) ?? order.quantity);
  }

  /** Lets at most `quantity` of an order fill. */
  limit(level: WorkingLevel<T>, order: T, quantity: bigint): void {
    level.total -= this.quantityOf(order) - quantity;
    this.#changed.set(order, quantity);
  }

  /** The level of an order that was read. O(levels) */
  levelOf({ price }: T): WorkingLevel<T> {
    return this.#levels.find((level) => level.price === price)!;
  }
}
