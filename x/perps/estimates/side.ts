import { million } from '../../../runtime/math/integers.js';
import type { AccountEstimate, MarketEstimate } from './account.js';

/** Halvings of the interval of levels: more than doubles can tell apart. */
const rounds = 60;
/** An estimated level is taken this much lower, so that the exact one is not missed by rounding. */
const shortOf = 1 - 1e-7;
/** Room for the rounding of a quotient of estimates. */
const roundedUp = 1 + 1e-12;

/**
 * Estimates of those on one side of a market: who would be closed when risk
 * MM/E is cut down to a level. risk-model section 13.1. Sizes in base
 * quanta, sums in quote quanta; accounts are numbered as they are added.
 */
export class SideEstimates {
  readonly #size: Float64Array;
  readonly #equity: Float64Array;
  readonly #otherMargin: Float64Array;
  /** The most that MM/E can be. */
  readonly #ratio: Float64Array;
  #count = 0;

  constructor(capacity: number) {
    this.#size = new Float64Array(capacity);
    this.#equity = new Float64Array(capacity);
    this.#otherMargin = new Float64Array(capacity);
    this.#ratio = new Float64Array(capacity);
  }

  /**
   * @param size of the position in the market, positive
   * @param own margin of that position alone
   */
  add(account: AccountEstimate, size: number, own: number): void {
    const at = this.#count++;
    const equity = account.equityAtLeast();
    const margin = account.marginAtMost();
    this.#size[at] = size;
    this.#equity[at] = equity;
    this.#otherMargin[at] = margin - own;
    this.#ratio[at] = equity <= 0 ? Infinity : margin / equity;
  }

  /**
   * A level, ppm, to which cutting everybody above it probably closes
   * `quantity`: the exact water level or a little less, unless estimates
   * deceive. Zero when only cutting everybody does.
   * O(accounts * rounds), most rounds over few.
   */
  level(market: MarketEstimate, quantity: number): bigint {
    const perMargin = 1 / (market.rate * market.value);
    let risky = new Int32Array(this.#count);
    let high = 0;
    for (let index = 0; index < this.#count; index++) {
      risky[index] = index;
      const ratio = this.#ratio[index]!;
      if (ratio > high && ratio !== Infinity) high = ratio;
    }
    let low = 0;
    for (let round = 0; round < rounds && low < high; round++) {
      const level = (low + high) / 2;
      let reached = 0;
      for (const index of risky) {
        const budget = level * this.#equity[index]! - this.#otherMargin[index]!;
        const size = this.#size[index]!;
        reached += budget <= 0 ? size : Math.max(0, size - budget * perMargin);
      }
      if (reached < quantity) high = level;
      else {
        low = level;
        risky = risky.filter((index) => this.#ratio[index]! > level);
      }
    }
    const level = Math.floor(low * shortOf * Number(million)) - 1;
    return level > 0 ? BigInt(level) : 0n;
  }

  /** Those whose risk may exceed a level, ppm: all others do not. Everybody at level zero. */
  above(level: bigint): number[] {
    const bound = level === 0n ? -1 : Number(level) / Number(million);
    const found: number[] = [];
    for (let index = 0; index < this.#count; index++) if (this.#ratio[index]! * roundedUp > bound) found.push(index);
    return found;
  }
}
