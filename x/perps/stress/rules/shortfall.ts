import { cdiv, max, million } from '../../../../runtime/math/integers.js';

/** A position in a stress test. */
export interface StressLeg {
  /** Place of its market among those that were frozen; undefined for one that was not listed then: it does not move. */
  readonly place: number | undefined;
  /** Value at mark, quote quanta, negative for a short. */
  readonly value: bigint;
  /** What closing it costs, quote quanta, and what that is when books are half as deep. */
  readonly cost: bigint;
  readonly thinCost: bigint;
}

/** Collateral other than USDC: it moves as the market that trades it, or as stable-coins do. */
export interface StressHolding {
  readonly place: number | undefined;
  readonly stable: boolean;
  readonly value: bigint;
}

/** An account in a stress test. */
export interface StressAccount {
  readonly equity: bigint;
  readonly legs: readonly StressLeg[];
  readonly holdings: readonly StressHolding[];
}

/** Moves of markets in every scenario, frozen for a round over all accounts. */
export interface FrozenShocks {
  /** ppm, by scenario, then by place. */
  readonly shocks: readonly (readonly bigint[])[];
  readonly stableShocks: readonly bigint[];
  readonly thinBooks: readonly boolean[];
  /** Scenarios before this one are stress, the others history. */
  readonly stressCount: number;
  /** The most that a market falls and rises in stress, and in history, ppm, by place. */
  readonly stressRange: readonly Range[];
  readonly historyRange: readonly Range[];
}

export interface Range {
  readonly least: bigint;
  readonly most: bigint;
}

/** What an account cannot pay in a scenario, in the order of its legs; parts sum to the whole. */
export type OnShortfall = (scenario: number, whole: bigint, parts: readonly bigint[]) => void;

const standing: Range = { least: 0n, most: 0n };

/** Ranges of scenarios from one to before another. */
export function rangesOf(shocks: readonly (readonly bigint[])[], from: number, to: number, places: number): Range[] {
  const ranges: Range[] = [];
  for (let place = 0; place < places; place++) {
    let [least, most] = [0n, 0n];
    for (let k = from; k < to; k++) {
      const shock = shocks[k]![place]!;
      if (shock < least) least = shock;
      if (shock > most) most = shock;
    }
    ranges.push({ least, most });
  }
  return ranges;
}

/** What a value loses at most in a range of moves, 10^-6 quanta; never negative. */
const worstOf = (value: bigint, { least, most }: Range): bigint => max(0n, value < 0n ? -value * most : -value * least);

/** Losses no larger than this can happen in the scenarios that the ranges are of, closing costs included, quote quanta. */
export function worstLoss(account: StressAccount, ranges: readonly Range[], stableFall: bigint): bigint {
  let scaled = 0n;
  let cost = 0n;
  for (const { place, value, thinCost } of account.legs) {
    scaled += worstOf(value, place === undefined ? standing : ranges[place]!);
    cost += thinCost;
  }
  for (const { place, stable, value } of account.holdings) {
    if (stable) scaled -= value * stableFall;
    else if (place !== undefined) scaled += worstOf(value, ranges[place]!);
  }
  return cdiv(scaled, million) + cost;
}

/**
 * max(0, loss + closing cost - equity) of an account in each scenario of a
 * range, rounded up, and how it divides over its positions: by what each
 * loses and costs (Euler; the whole is of degree one in the positions), the
 * remainder to the largest. risk-model section 12.3. O(scenarios * positions).
 */
export function shortfallsIn(
  account: StressAccount,
  frozen: FrozenShocks,
  from: number,
  to: number,
  onShortfall: OnShortfall,
): void {
  const { legs, holdings, equity } = account;
  let cost = 0n;
  let thinCost = 0n;
  for (const leg of legs) {
    cost += leg.cost;
    thinCost += leg.thinCost;
  }
  const spare = (equity - cost) * million;
  const thinSpare = (equity - thinCost) * million;
  for (let k = from; k < to; k++) {
    const shocks = frozen.shocks[k]!;
    const thin = frozen.thinBooks[k]!;
    let scaled = thin ? -thinSpare : -spare;
    for (const { place, value } of legs) if (place !== undefined) scaled -= value * shocks[place]!;
    for (const { place, stable, value } of holdings) {
      if (stable) scaled -= value * frozen.stableShocks[k]!;
      else if (place !== undefined) scaled -= value * shocks[place]!;
    }
    if (scaled <= 0n) continue;
    const whole = cdiv(scaled, million);
    onShortfall(k, whole, legs.length === 1 ? [whole] : divide(whole, weightsOf(account, shocks, thin)));
  }
}

/** What each position loses and costs in a scenario, 10^-6 quanta; sizes when none loses anything. */
function weightsOf({ legs }: StressAccount, shocks: readonly bigint[], thin: boolean): bigint[] {
  let sum = 0n;
  const weights = legs.map(({ place, value, cost, thinCost }) => {
    const loss = (place === undefined ? 0n : -value * shocks[place]!) + million * (thin ? thinCost : cost);
    const weight = max(0n, loss);
    sum += weight;
    return weight;
  });
  return sum > 0n ? weights : legs.map(({ value }) => (value < 0n ? -value : value));
}

/** Parts in proportion to weights, rounded down; what is left goes to the largest weight, the first of equal ones. */
function divide(whole: bigint, weights: readonly bigint[]): bigint[] {
  let sum = 0n;
  let largest = 0;
  for (const [index, weight] of weights.entries()) {
    sum += weight;
    if (weight > weights[largest]!) largest = index;
  }
  let left = whole;
  const parts = weights.map((weight) => {
    const part = sum === 0n ? 0n : (whole * weight) / sum;
    left -= part;
    return part;
  });
  parts[largest] = parts[largest]! + left;
  return parts;
}

/**
 * Shortfalls of an account in all scenarios. Ranges of moves tell without
 * looking at any scenario that most accounts lose no more than they have:
 * nobody with a shortfall is left out.
 * @returns how many scenarios were computed
 */
export function shortfalls(account: StressAccount, frozen: FrozenShocks, onShortfall: OnShortfall): number {
  const { shocks, stressCount, stableShocks } = frozen;
  let computed = 0;
  let stableFall = 0n;
  for (let k = 0; k < stressCount; k++) if (stableShocks[k]! < stableFall) stableFall = stableShocks[k]!;
  if (worstLoss(account, frozen.stressRange, stableFall) > account.equity) {
    shortfallsIn(account, frozen, 0, stressCount, onShortfall);
    computed += stressCount;
  }
  if (shocks.length > stressCount && worstLoss(account, frozen.historyRange, 0n) > account.equity) {
    shortfallsIn(account, frozen, stressCount, shocks.length, onShortfall);
    computed += shocks.length - stressCount;
  }
  return computed;
}
