import { fdiv, max, min } from '../../../runtime/math/integers.js';
import type { MarketView, SubaccountKey } from '../types.js';

/** What a buy order of an auction asks for, base quanta. */
export interface Buying {
  readonly account: SubaccountKey;
  readonly quantity: bigint;
  /** Negative for a short, which a buy covers first. */
  readonly held: bigint;
}

/**
 * How much open interest one auction may still add. Margin that grows with
 * open interest is asked when an order is placed, by what was open then: many
 * orders of one block, or a single large one, would pass the cap together.
 * Longs are as large as shorts, so it suffices to bound what buys open beyond
 * the shorts that they cover; what sells close meanwhile is not counted on.
 * Orders are counted as the auction reaches them, best price first.
 * risk-model sections 4.3 and 14.2, B4.
 */
export class OpeningRoom {
  #left: bigint;
  readonly #step: bigint;
  /** What each account's earlier buys of this auction took. */
  readonly #bought = new Map<SubaccountKey, bigint>();

  /** @param longQuanta open before the auction */
  constructor({ openInterestCap, markPrice, quoteDivisor, stepSize }: MarketView, longQuanta: bigint) {
    this.#left = max(0n, fdiv(openInterestCap * quoteDivisor, markPrice) - longQuanta);
    this.#step = stepSize;
  }

  /** How much of a buy may fill, whole steps, rounded down. O(1). */
  take({ account, quantity, held }: Buying): bigint {
    const before = this.#bought.get(account) ?? 0n;
    const covering = min(quantity, max(0n, -held - before));
    const most = covering + this.#left;
    const taken = quantity <= most ? quantity : fdiv(most, this.#step) * this.#step;
    this.#left -= max(0n, taken - covering);
    this.#bought.set(account, before + taken);
    return taken;
  }
}
