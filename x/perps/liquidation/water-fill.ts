import { billion, cdiv, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import { concentrationFree } from '../margin/concentration.js';
import { maintenanceMarginOf } from '../margin/maintenance.js';
import { base, type MarketView, type Quote } from '../types.js';

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

/** A candidate still in question: above the level that is known to suffice. */
interface Risky {
  readonly index: number;
  /** Smallest level at which it is not cut, ppm; undefined without equity, when it is cut at every level. */
  readonly ratio: bigint | undefined;
}

/**
 * Who is closed, and how much: everybody's risk MM/E is cut down to one
 * level lambda, the highest at which the cuts reach `quantity`; accounts
 * below the level are not touched. What the level cuts too much is given
 * back in key order, to nobody more than the next level would: so no touched
 * account stays above lambda + 1 ppm (INV-A4), and splitting an account
 * changes nothing but rounding (INV-A5). Cuts are whole steps.
 * risk-model section 13.1, INV-A1, A4, A5, A6.
 * Closing at mark leaves equity as it is. O(candidates * log(level)).
 * @returns base quanta to close of each candidate, summing exactly to min(quantity, total size)
 */
export function waterFill(market: MarketView, quantity: bigint, candidates: readonly DeleverageCandidate[]): bigint[] {
  const total = candidates.reduce((sum, { size }) => sum + size, 0n);
  const wanted = min(quantity, total);
  const cuts = new Array<bigint>(candidates.length).fill(0n);
  if (wanted === 0n) return cuts;

  const cutAt = ({ index, ratio }: Risky, lambda: bigint): bigint =>
    ratio !== undefined && ratio <= lambda ? 0n : cut(market, candidates[index]!, lambda);
  // Level zero cuts everything and the highest ratio cuts only who has no equity.
  let risky = candidates.map((each, index): Risky => ({ index, ratio: ratioOf(market, each) }));
  let low = 0n;
  let high = risky.reduce((highest, { ratio }) => max(highest, ratio ?? 0n), 0n);
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    let reached = 0n;
    for (const each of risky) reached += cutAt(each, middle);
    if (reached >= wanted) {
      low = middle;
      risky = risky.filter(({ ratio }) => ratio === undefined || ratio > middle);
    } else {
      high = middle - 1n;
    }
  }

  let excess = -wanted;
  for (const each of risky) {
    const size = cutAt(each, low);
    cuts[each.index] = size;
    excess += size;
  }
  for (const each of risky) {
    if (excess === 0n) return cuts;
    const size = cuts[each.index]!;
    const back = min(excess, size - cutAt(each, low + 1n));
    cuts[each.index] = size - back;
    excess -= back;
  }
  // Only accounts without equity are left: no level tells them apart.
  for (const { index } of risky) {
    const back = min(excess, cuts[index]!);
    cuts[index] = cuts[index]! - back;
    excess -= back;
  }
  return cuts;
}

/**
 * Does cutting down to a level reach `quantity` with these candidates alone?
 * Then nobody else at or below that level is cut, and leaving them out changes
 * nothing: `waterFill` of those above the level is `waterFill` of everybody.
 * @param level ppm
 */
export function reaches(
  market: MarketView,
  quantity: bigint,
  candidates: readonly DeleverageCandidate[],
  level: bigint,
): boolean {
  let reached = 0n;
  for (const each of candidates) {
    const ratio = ratioOf(market, each);
    if (ratio === undefined || ratio > level) reached += cut(market, each, level);
    if (reached >= quantity) return true;
  }
  return false;
}

/** Risk MM/E, ppm, rounded up; undefined without equity. */
function ratioOf(market: MarketView, { size, equity, otherMargin }: DeleverageCandidate): bigint | undefined {
  if (equity === 0n) return undefined;
  return cdiv((otherMargin + maintenanceMarginOf(market, base(size))) * million, equity);
}

/** Smallest reduction in whole steps after which MM * 10^6 <= lambda * E; the whole position when nothing less suffices. */
function cut(market: MarketView, candidate: DeleverageCandidate, lambda: bigint): bigint {
  const { size, equity, otherMargin } = candidate;
  const budget = fdiv(lambda * equity, million) - otherMargin;
  if (budget < 0n) return size;
  const { stepSize } = market;
  return min(size, cdiv(size - largestWithin(market, size, budget), stepSize) * stepSize);
}

/** Largest part of a position whose maintenance margin stays within a budget; the margin of all of it does not. */
function largestWithin(market: MarketView, size: bigint, budget: bigint): bigint {
  // Without concentration, margin is linear: notional <= budget * 10^9 / m, and
  // notional is rounded up, so a quantity fits when quantity * price <= notional * divisor.
  const linear = fdiv(budget * billion, market.maintenanceRate);
  if (linear <= concentrationFree(market)) {
    return min(size, fdiv(linear * market.quoteDivisor, market.markPrice));
  }
  let kept = 0n;
  let tooMuch = size;
  while (tooMuch - kept > 1n) {
    const middle = (kept + tooMuch) / 2n;
    if (maintenanceMarginOf(market, base(middle)) <= budget) kept = middle;
    else tooMuch = middle;
  }
  return kept;
}
