import { abs, billion, cdiv, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import { concentrationFree } from '../margin/concentration.js';
import { MaintenanceExposures, maintenanceMarginOf } from '../margin/maintenance.js';
import { base, quote, type AccountView, type MarketView, type Markets, type Quote } from '../types.js';
import { allocateByMargin } from './allocate.js';
import { leastSufficient, maximiser } from './search.js';

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
  /** Maintenance margin of the account when the position has this size; undefined: the position's and the others' add up. */
  readonly marginAt?: (size: bigint) => Quote;
}

/** The account as a candidate in a market in which it has a position. O(positions). */
export function deleverageCandidate(
  account: AccountView,
  market: MarketView,
  markets: Markets,
  equity: Quote,
): DeleverageCandidate {
  const { key, positions, collateral } = account;
  const { quantity } = positions.find(({ marketId }) => marketId === market.id)!;
  const size = abs(quantity);
  if (positions.length === 1 && collateral.length === 0 && market.shocks.length === 0)
    return { key, size, equity, otherMargin: quote(0n) };
  const sums = new MaintenanceExposures(account, markets);
  const { plain } = sums;
  sums.remove(market, quantity);
  const otherMargin = sums.margin();
  if (plain) return { key, size, equity, otherMargin };
  return {
    key,
    size,
    equity,
    otherMargin,
    marginAt: (kept) => sums.marginWith(market, base(quantity > 0n ? kept : -kept)),
  };
}

/** How far above a guess the level is tried next, ppm. */
const guessWidth = 4n;

/** What closes of one candidate, and why. Base quanta. */
export interface Cut {
  readonly quantity: bigint;
  /** What the level asked for, before what all gave too much was handed back. */
  readonly asked: bigint;
  /** Part of `quantity` that hedges other positions. */
  readonly hedge: bigint;
  /** Risk MM/E before, ppm, rounded up; undefined without equity. */
  readonly ratio: bigint | undefined;
}

export interface WaterFill {
  /** In the order of the candidates; they sum exactly to min(quantity, total size). */
  readonly cuts: readonly Cut[];
  /**
   * lambda, ppm: zero when everybody with equity is cut, undefined when only
   * accounts without equity are, which no level tells apart.
   */
  readonly level: bigint | undefined;
}

const nothingCut = (ratio: bigint | undefined): Cut => ({ quantity: 0n, asked: 0n, hedge: 0n, ratio });

/** A candidate still in question: above the level that is known to suffice. */
interface Risky {
  readonly index: number;
  /** Smallest level at which it is not cut, ppm; undefined without equity, when it is cut at every level. */
  readonly ratio: bigint | undefined;
}

/**
 * Who is closed, and how much: everybody's risk MM/E is cut down to one
 * level lambda, the highest at which the cuts reach `quantity`; accounts
 * below the level are not touched, and nobody loses what hedges his other
 * positions as long as cuts that lower risk suffice. What the level cuts too
 * much is given back in key order, to nobody more than the next level would:
 * so no touched account stays above lambda + 1 ppm (INV-A4), and splitting an
 * account changes nothing but rounding (INV-A5). When only hedges are left,
 * they close in proportion to their size. Cuts are whole steps.
 * risk-model section 13.1, INV-A1, A4, A5, A6.
 * Closing at mark leaves equity as it is. O(candidates * log(level)).
 * @param near where the level probably is, a little below; it changes how fast the level is found
 * @returns base quanta to close of each candidate, summing exactly to min(quantity, total size)
 */
export function waterFill(
  market: MarketView,
  quantity: bigint,
  candidates: readonly DeleverageCandidate[],
  near: bigint | undefined = undefined,
): bigint[] {
  return planWaterFill(market, quantity, candidates, near).cuts.map((each) => each.quantity);
}

/** The same with the reason of each cut. */
export function planWaterFill(
  market: MarketView,
  quantity: bigint,
  candidates: readonly DeleverageCandidate[],
  near: bigint | undefined = undefined,
): WaterFill {
  const total = candidates.reduce((sum, { size }) => sum + size, 0n);
  const wanted = min(quantity, total);
  const ratios = candidates.map((each) => ratioOf(market, each));
  if (wanted === 0n) return { cuts: ratios.map(nothingCut), level: undefined };

  // Found for those only that some level cuts.
  const most: bigint[] = [];
  const cutAt = ({ index, ratio }: Risky, lambda: bigint): bigint => {
    if (ratio !== undefined && ratio <= lambda) return 0n;
    const candidate = candidates[index]!;
    return cut(market, candidate, lambda, (most[index] ??= mostUseful(market, candidate)));
  };
  let risky = ratios.map((ratio, index): Risky => ({ index, ratio }));
  // Level zero cuts all that is no hedge, and the highest ratio only who has no equity.
  let low = 0n;
  let high = risky.reduce((highest, { ratio }) => max(highest, ratio ?? 0n), 0n);
  const guesses = near === undefined ? [] : [near, near + guessWidth];
  while (low < high) {
    const guess = guesses.shift() ?? 0n;
    const middle = low < guess && guess <= high ? guess : (low + high + 1n) / 2n;
    let reached = 0n;
    for (const each of risky) reached += cutAt(each, middle);
    if (reached >= wanted) {
      low = middle;
      risky = risky.filter(({ ratio }) => ratio === undefined || ratio > middle);
    } else {
      high = middle - 1n;
    }
  }

  const cuts = candidates.map(() => 0n);
  let excess = -wanted;
  for (const each of risky) {
    const size = cutAt(each, low);
    cuts[each.index] = size;
    excess += size;
  }
  const asked = [...cuts];
  const result = (final: readonly bigint[], hedged: boolean): WaterFill => ({
    cuts: final.map((each, index) => ({
      quantity: each,
      asked: asked[index]!,
      hedge: hedged ? each - asked[index]! : 0n,
      ratio: ratios[index],
    })),
    // At the highest ratio nobody with equity is cut: then it says nothing.
    level: risky.some(({ ratio }) => ratio !== undefined) || hedged ? low : undefined,
  });
  if (excess < 0n) return result(cutHedges(market, -excess, candidates, cuts), true);
  for (const each of risky) {
    if (excess === 0n) return result(cuts, false);
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
  return result(cuts, false);
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
    if (ratio === undefined || ratio > level) reached += cut(market, each, level, mostUseful(market, each));
    if (reached >= quantity) return true;
  }
  return false;
}

/** Maintenance margin of the candidate as it stands. */
export const marginOf = (market: MarketView, candidate: DeleverageCandidate): Quote =>
  quote(marginAt(market, candidate, candidate.size));

/** What cutting down to a level closes of a candidate, base quanta. @param lambda ppm */
export const cutAtLevel = (market: MarketView, candidate: DeleverageCandidate, lambda: bigint): bigint => {
  const ratio = ratioOf(market, candidate);
  return ratio !== undefined && ratio <= lambda ? 0n : cut(market, candidate, lambda, mostUseful(market, candidate));
};

/** Risk MM/E, ppm, rounded up; undefined without equity. */
export function ratioOf(market: MarketView, candidate: DeleverageCandidate): bigint | undefined {
  const { equity, size } = candidate;
  return equity === 0n ? undefined : cdiv(marginAt(market, candidate, size) * million, equity);
}

/** Adds what is still wanted to the cuts: whole steps in proportion to what is left of each position, a rest that is no step in key order. */
function cutHedges(
  { stepSize }: MarketView,
  wanted: bigint,
  candidates: readonly DeleverageCandidate[],
  cuts: readonly bigint[],
): bigint[] {
  const left = candidates.map(({ size }, index) => size - cuts[index]!);
  const steps = left.map((each) => each / stepSize);
  const whole = min(
    wanted / stepSize,
    steps.reduce((sum, each) => sum + each, 0n),
  );
  const parts = allocateByMargin(whole, steps).map((each) => each * stepSize);
  let rest = wanted - whole * stepSize;
  return candidates.map((_, index) => {
    const more = min(rest, left[index]! - parts[index]!);
    rest -= more;
    return cuts[index]! + parts[index]! + more;
  });
}

/** Maintenance margin of the account when its position has this size. */
const marginAt = (market: MarketView, candidate: DeleverageCandidate, size: bigint): bigint =>
  candidate.marginAt === undefined
    ? candidate.otherMargin + maintenanceMarginOf(market, base(size))
    : candidate.marginAt(size);

/** Largest cut that still lowers the account's margin: all of a position that hedges nothing. */
export function mostUseful({ stepSize }: MarketView, { size, marginAt: margin }: DeleverageCandidate): bigint {
  if (margin === undefined) return size;
  return min(size, stepSize * maximiser((n) => -margin(max(0n, size - n * stepSize)), cdiv(size, stepSize)));
}

/** Smallest reduction in whole steps after which MM * 10^6 <= lambda * E; `most` when nothing less suffices. */
function cut(market: MarketView, candidate: DeleverageCandidate, lambda: bigint, most: bigint): bigint {
  const { size, equity, otherMargin } = candidate;
  const { stepSize } = market;
  if (candidate.marginAt !== undefined) {
    const spare = (n: bigint): bigint =>
      lambda * equity - million * marginAt(market, candidate, size - min(most, n * stepSize));
    const end = cdiv(most, stepSize);
    return spare(end) < 0n ? most : min(most, leastSufficient(spare, end) * stepSize);
  }
  const budget = fdiv(lambda * equity, million) - otherMargin;
  if (budget < 0n) return size;
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
