import type { IndexWeight } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import { billion, clamp, million } from '../../../runtime/math/integers.js';

/** Farthest return that counts, ppb: four times the price. */
const farthest = 4_000_000_000n;

/** How a market moved in five minutes. */
export interface Moved {
  readonly id: number;
  readonly ticker: string;
  readonly cluster: number;
  /** Signed, ppb. */
  readonly return: bigint;
}

/** A return with its sign, ppb, towards zero; first not zero. */
export const signedReturn = (first: bigint, second: bigint): bigint =>
  clamp(((second - first) * billion) / first, -farthest, farthest);

/** The weighted return of the index; undefined without all of its parts. */
export function indexReturn(moved: readonly Moved[], weights: readonly IndexWeight[]): bigint | undefined {
  if (weights.length === 0) return undefined;
  let sum = 0n;
  for (const { ticker, weightPpm } of weights) {
    const part = moved.find((each) => each.ticker === ticker);
    if (part === undefined) return undefined;
    sum += part.return * BigInt(weightPpm);
  }
  return sum / million;
}

/** How much of the index a market usually makes: covariance / variance. */
export interface Slope {
  readonly covariance: bigint;
  readonly variance: bigint;
}

/**
 * For each market, what the others of its cluster did beyond the index: the
 * mean of their returns less their slope times the index's. Zero for one that
 * is alone. Without the market itself, so that nobody explains himself.
 */
export function residuals(moved: readonly Moved[], slopes: readonly Slope[], index: bigint): bigint[] {
  const beyond = moved.map(({ return: own }, place) => {
    const { covariance, variance } = slopes[place]!;
    return variance <= 0n ? own : own - (covariance * index) / variance;
  });
  const sums = new Map<number, { sum: bigint; count: bigint }>();
  for (const [place, { cluster }] of moved.entries()) {
    const known = sums.get(cluster) ?? { sum: 0n, count: 0n };
    sums.set(cluster, { sum: known.sum + beyond[place]!, count: known.count + 1n });
  }
  return moved.map(({ cluster }, place) => {
    const { sum, count } = sums.get(cluster)!;
    return count === 1n ? 0n : (sum - beyond[place]!) / (count - 1n);
  });
}
