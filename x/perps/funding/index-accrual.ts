import { fdiv } from '../../../runtime/math/integers.js';
import { fundingScale, unsettledFunding } from '../margin/equity.js';
import { quote, type MarketView, type PositionView, type Quote } from '../types.js';

/** The funding index after `minutes` at a rate (ppb for one hour). risk-model section 8. */
export function accrue(fundingIndex: bigint, oraclePrice: bigint, ratePpb: bigint, minutes: bigint): bigint {
  return fundingIndex + minutes * fdiv(oraclePrice * ratePpb * 1_000n, 60n);
}

/**
 * Settles a position's funding: cash moves by the amount, the market's
 * clearing balance by its negative. Rounded down, so clearing never owes
 * more than it holds (INV-F1, INV-F2).
 */
export function settle(
  market: MarketView,
  position: PositionView,
): { readonly cash: Quote; readonly position: PositionView } {
  const cash = unsettledFunding(market, position);
  return {
    cash,
    position: {
      ...position,
      fundingIndex: market.fundingIndex,
      settledFunding: quote((position.settledFunding ?? 0n) + cash),
    },
  };
}

/** A position after a fill remembers what was settled before it, unless it is another one now: opened, or turned around. */
export function keepSettledFunding(
  before: PositionView | undefined,
  after: PositionView | undefined,
): PositionView | undefined {
  if (after === undefined) return undefined;
  const same = before !== undefined && before.quantity > 0n === after.quantity > 0n;
  return { ...after, settledFunding: quote((same && before.settledFunding) || 0n) };
}

/** What a position adds to its market's funding weight: size times the index up to which it is settled. */
export const fundingWeight = (position: PositionView | undefined): bigint =>
  position === undefined ? 0n : position.quantity * position.fundingIndex;

/**
 * What a market's clearing balance holds above everything it may still have
 * to pay: each settlement rounds against the account. Sizes add up to zero,
 * so the exact sum of unsettled funding is the weight alone; each position's
 * own is rounded down, and their sum is never above it (INV-F1). O(1).
 */
export const sweepable = (clearingBalance: bigint, weight: bigint, quoteDivisor: bigint): Quote =>
  quote(clearingBalance - fdiv(weight, fundingScale * quoteDivisor));
