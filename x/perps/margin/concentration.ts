import { cdiv, million, min } from '../../../runtime/math/integers.js';
import { quote, type MarketView, type Quote } from '../types.js';

/** Marginal rates by position size in units of D: upper end in halves of D, rate in ppm. risk-model section 4.2. */
const brackets = [
  { upToHalves: 1n, rate: 0n },
  { upToHalves: 4n, rate: 10_000n },
  { upToHalves: 16n, rate: 30_000n },
  { upToHalves: 32n, rate: 80_000n },
] as const;

/** Positions above this many halves of D are not accepted. */
const maxHalves = 32n;

/**
 * Concentration add-on for closing a large position: a staircase of marginal
 * rates, continuous, convex and non-decreasing (INV-M4), rounded up. O(1).
 */
export function concentration(market: MarketView, notional: Quote): Quote {
  const half = market.depthUnit;
  // Compare doubled sizes, so that half units of D stay integers.
  const doubled = notional * 2n;
  if (doubled <= half) return quote(0n);
  let sum = 0n;
  let low = 0n;
  for (const { upToHalves, rate } of brackets) {
    const high = upToHalves * half;
    if (doubled > low) sum += rate * (min(doubled, high) - low);
    low = high;
  }
  // Beyond the last bracket the last rate goes on: positions that grew there by price alone.
  if (doubled > low) sum += 80_000n * (doubled - low);
  return quote(cdiv(sum, 2n * million));
}

/** Largest notional free of the add-on. */
export const concentrationFree = (market: MarketView): Quote => quote(market.depthUnit / 2n);

/** True when a position is larger than 16 D: it may shrink but not be opened. */
export function depthLimitExceeded(market: MarketView, notional: Quote): boolean {
  return notional * 2n > maxHalves * market.depthUnit;
}
