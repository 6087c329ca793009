import { concentrationFree } from '../margin/concentration.js';
import { maintenanceMarginOf } from '../margin/maintenance.js';
import { base, quote, type MarketView, type Quote } from '../types.js';
import { billion, million } from '../units/amounts.js';
import { cdiv, fdiv, max, min } from '../units/rounding.js';
import { allocateByMargin } from './allocate.js';

/** An account on the side that is deleveraged. */
export interface DeleverageCandidate {
  /** Subaccount key; candidates come in key order. */
  readonly key: string;
  /** |position| in the market, base quanta. */
  readonly size: bigint;
  /** Equity, not negative. */
  readonly equity: Quote;
  /** Maintenance margin of all its other positions. */
  readonly otherMargin: Quote;
}

/**
 * Who is closed, and how much: everybody's risk MM/E is cut down to one
 * level lambda, the highest at which the cuts reach `quantity`; accounts
 * below the level are not touched. Splitting an account changes nothing, and
 * the order of accounts only decides which of the touched give back the last
 * units of rounding. risk-model section 13.1, INV-A1, A4, A5, A6.
 * Closing at mark leaves equity as it is. O(candidates * log(level)).
 * @returns base quanta to close of each candidate, summing exactly to min(quantity, total size)
 */
export function waterFill(market: MarketView, quantity: bigint, candidates: readonly DeleverageCandidate[]): bigint[] {
  const total = candidates.reduce((sum, { size }) => sum + size, 0n);
  const wanted = min(quantity, total);
  if (wanted === 0n) return candidates.map(() => 0n);
  const cutsAt = (lambda: bigint): bigint[] => candidates.map((each) => cut(market, each, lambda));
  const sum = (cuts: readonly bigint[]): bigint => cuts.reduce((left, right) => left + right, 0n);

  // The largest level that still yields enough; at the highest ratio nobody is cut.
  let low = 0n;
  let high = 0n;
  for (const each of candidates) {
    const margin = each.otherMargin + maintenanceMarginOf(market, base(each.size));
    high = max(high, cdiv(margin * million, max(1n, each.equity)));
  }
  if (sum(cutsAt(0n)) < wanted) {
    // Even at level zero margin of other markets keeps some untouched: share the rest by size.
    const cuts = cutsAt(0n);
    const rest = allocateByMargin(
      wanted - sum(cuts),
      candidates.map(({ size }, index) => size - cuts[index]!),
    );
    return cuts.map((each, index) => each + rest[index]!);
  }
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (sum(cutsAt(middle)) >= wanted) low = middle;
    else high = middle - 1n;
  }
  const cuts = cutsAt(low);
  let excess = sum(cuts) - wanted;
  for (let i = 0; i < cuts.length && excess > 0n; i++) {
    const back = min(excess, cuts[i]!);
    cuts[i] = cuts[i]! - back;
    excess -= back;
  }
  return cuts;
}

/** Smallest reduction after which MM * 10^6 <= lambda * E; the whole position when nothing less suffices. */
function cut(market: MarketView, candidate: DeleverageCandidate, lambda: bigint): bigint {
  const { size, equity, otherMargin } = candidate;
  const budget = quote(fdiv(lambda * equity, million) - otherMargin);
  if (budget < 0n) return size;
  if (maintenanceMarginOf(market, base(size)) <= budget) return 0n;
  // Without concentration, margin is linear: notional <= budget * 10^9 / m, and
  // notional is rounded up, so a quantity fits when quantity * price <= notional * divisor.
  const linear = fdiv(budget * billion, market.maintenanceRate);
  if (linear <= concentrationFree(market)) {
    return size - min(size, fdiv(linear * market.quoteDivisor, market.markPrice));
  }
  let kept = 0n;
  let tooMuch = size;
  while (tooMuch - kept > 1n) {
    const middle = (kept + tooMuch) / 2n;
    if (maintenanceMarginOf(market, base(middle)) <= budget) kept = middle;
    else tooMuch = middle;
  }
  return size - kept;
}
