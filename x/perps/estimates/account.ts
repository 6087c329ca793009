import { fundingScale } from '../margin/equity.js';
import { steepestRate } from '../margin/exposure.js';
import type { AccountView, MarketView } from '../types.js';

/**
 * Bounds in floating point of what the exact rules would say. They choose
 * which accounts the exact rules are asked about and decide nothing that
 * these would decide otherwise, so a result cannot depend on them.
 *
 * Doubles keep 53 bits. An estimate is a sum of at most a hundred positions,
 * each value some four operations away from its integers: an error below
 * 2^-45 of the sum of what was added, signs ignored, bounds it.
 */
export const relativeError = 2 ** -44;
/** What rounding to whole quanta may take from a position's equity (value and funding) or add to its margin. */
export const roundingPerPosition = 4;

/** A market as estimates want it. */
export interface MarketEstimate {
  /** Quote quanta of one base quantum. */
  readonly value: number;
  /** Quote quanta of funding that one base quantum long has paid since the market was listed. */
  readonly funding: number;
  /** Quote quanta that one step of the funding index costs one base quantum. */
  readonly fundingStep: number;
  /** The most maintenance margin that a notional needs, concentration apart, a fraction. */
  readonly rate: number;
  /** D of section 4.2, quote quanta. */
  readonly depth: number;
}

export function estimateOf(market: MarketView): MarketEstimate {
  const divisor = Number(market.quoteDivisor);
  const fundingStep = 1 / (Number(fundingScale) * divisor);
  return {
    value: Number(market.markPrice) / divisor,
    funding: Number(market.fundingIndex) * fundingStep,
    fundingStep,
    rate: Number(steepestRate(market)) / 1e9,
    depth: Number(market.depthUnit),
  };
}

/**
 * What estimates take for an account's cash. Collateral is not estimated: who
 * holds any counts as worth nothing, so that the exact rules are always asked.
 */
export const cashEstimate = ({ cash, collateral }: AccountView): number =>
  collateral.length > 0 ? -Infinity : Number(cash);

/** The concentration add-on of a notional, as `concentration` has it. */
export function concentration(notional: number, depth: number): number {
  if (notional <= 0.5 * depth) return 0;
  if (notional <= 2 * depth) return 0.01 * (notional - 0.5 * depth);
  if (notional <= 8 * depth) return 0.015 * depth + 0.03 * (notional - 2 * depth);
  return 0.195 * depth + 0.08 * (notional - 8 * depth);
}

/** Sums over an account's positions, made once and used for one account after the other. */
export class AccountEstimate {
  #equity = 0;
  #size = 0;
  #margin = 0;
  #positions = 0;

  begin(cash: number): void {
    this.#equity = cash;
    this.#size = Math.abs(cash);
    this.#margin = 0;
    this.#positions = 0;
  }

  /**
   * Counts a position.
   * @param quantity base quanta, signed
   * @param entryFunding the index up to which its funding is settled
   * @returns its maintenance margin, rounded up
   */
  add(market: MarketEstimate, quantity: number, entryFunding: number): number {
    const value = quantity * market.value;
    const settled = quantity * entryFunding * market.fundingStep;
    const accrued = quantity * market.funding;
    this.#equity += value + settled - accrued;
    const notional = Math.abs(value);
    this.#size += notional + Math.abs(settled) + Math.abs(accrued);
    // The notional is rounded up before rates are applied to it.
    const margin = (notional + 1) * market.rate + concentration(notional + 1, market.depth) + roundingPerPosition;
    this.#margin += margin;
    this.#positions++;
    return margin;
  }

  /** Equity is at least this much. */
  equityAtLeast(): number {
    return this.#equity - this.#size * relativeError - this.#positions * roundingPerPosition;
  }

  /** Maintenance margin is at most this much: offsets between markets only lower it. */
  marginAtMost(): number {
    return this.#margin * (1 + relativeError);
  }
}
