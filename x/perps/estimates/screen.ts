import { longestReach, reachGrowth, reachRounding, steepestConcentration } from '../health/index.js';
import { crossings } from '../warnings/levels.js';
import type { MarketView, Ppm } from '../types.js';
import { concentration, estimateOf, relativeError, roundingPerPosition, type MarketEstimate } from './account.js';
import { LonePosition, type AccountColumns } from './columns.js';

/** The levels of health that count, maintenance margin last, as fractions. */
const levels = crossings.map((level) => Number(level) / 1e6);
/** Under maintenance margin. */
const failing = levels.length;
/** Between what two ranks allow. */
const unsure = -1;

const longest = Number(longestReach);
const steepest = Number(steepestConcentration) / 1e9;
/** Parts per billion of way for a room as large as the loss. */
const wayOfRoom = (1e9 * Number(reachGrowth.denominator)) / Number(reachGrowth.numerator);
/** What rounding takes from the room: as much as the exact rule allows for, and its own quotients. */
const roundingOfRoom = Number(reachRounding) + 4;
/** Room for the rounding of a dozen operations on doubles. */
const roundedDown = 1 - 1e-12;

/** Bounds of how an account stands that holds one position and USDC only, without a stress vector. */
class LoneStanding {
  equityLow = 0;
  equityHigh = 0;
  marginLow = 0;
  marginHigh = 0;
  /** At most. */
  notional = 0;

  look(market: MarketEstimate, { cash, quantity, funding }: LonePosition): void {
    const value = quantity * market.value;
    const settled = quantity * funding * market.fundingStep;
    const accrued = quantity * market.funding;
    const size = Math.abs(value);
    const equity = cash + value + settled - accrued;
    const error = (Math.abs(cash) + size + Math.abs(settled) + Math.abs(accrued)) * relativeError + roundingPerPosition;
    this.equityLow = equity - error;
    this.equityHigh = equity + error;
    this.notional = (size + 1) * (1 + relativeError);
    this.marginLow =
      (size * market.rate + concentration(size, market.depth)) * (1 - relativeError) - roundingPerPosition;
    this.marginHigh =
      (this.notional * market.rate + concentration(this.notional, market.depth) + roundingPerPosition) *
      (1 + relativeError);
  }

  /** How many levels it stands below; `unsure` when that is too close to tell. */
  rank(): number {
    for (let rank = 0; rank < failing; rank++) {
      const level = levels[rank]!;
      if (this.equityLow - level * this.marginHigh >= 0) return rank;
      if (this.equityHigh - level * this.marginLow >= 0) return unsure;
    }
    return failing;
  }

  /** Not above what `reachOf` says of an account of this rank. */
  reach(rank: number, rate: number): number {
    const margin = this.notional * (rate + steepest) + 1;
    const below = levels[rank]!;
    let room = (this.equityLow - below * this.marginHigh - roundingOfRoom) / this.#loss(below, margin);
    if (rank > 0) {
      const above = levels[rank - 1]!;
      room = Math.min(room, (above * this.marginLow - this.equityHigh - roundingOfRoom) / this.#loss(above, margin));
    }
    return room > 0 ? Math.min(longest, Math.floor(room * wayOfRoom * roundedDown)) : 0;
  }

  /** What equity less a level of margin loses on a way of 1, as `reachOf` has it. */
  #loss(level: number, margin: number): number {
    return this.notional + level * margin + 1;
  }
}

/**
 * Looks by estimates at accounts that hold one position, in one market, and
 * USDC only: most of those that a move wakes neither fail nor cross a level
 * of warning by a hair, and need no exact rule. What it is sure of is what the
 * exact rules say; else it says that it is not. The market has a mark and no
 * stress vector. risk-model sections 10.1 and 19.3.
 */
export class LoneScreen {
  readonly #columns: AccountColumns;
  readonly #market: number;
  readonly #before: MarketEstimate;
  readonly #now: MarketEstimate;
  readonly #held = new LonePosition();
  readonly #stood = new LoneStanding();
  readonly #stands = new LoneStanding();

  /** The level of health below which this block brought the account that was looked at last; undefined when none. */
  fallen: Ppm | undefined;
  /** How far its market may go before it must be looked at again, ppb, an integer. */
  reach = 0;

  /** @param before the market as the block before left it */
  constructor(columns: AccountColumns, before: MarketView, now: MarketView) {
    this.#columns = columns;
    this.#market = now.id;
    this.#before = estimateOf(before);
    this.#now = estimateOf(now);
  }

  /** @returns false when only the exact rules can tell whether the account fails, and what it crossed. O(1) */
  sure(slot: number): boolean {
    if (!this.#columns.lone(slot, this.#market, this.#held)) return false;
    this.#stands.look(this.#now, this.#held);
    const rank = this.#stands.rank();
    if (rank === unsure || rank === failing) return false;
    this.fallen = undefined;
    if (rank > 0) {
      this.#stood.look(this.#before, this.#held);
      const before = this.#stood.rank();
      if (before === unsure) return false;
      if (before < rank) this.fallen = crossings[rank - 1]!;
    }
    this.reach = this.#stands.reach(rank, this.#now.rate);
    return true;
  }
}
