import { fdiv, min } from '../../runtime/math/integers.js';

export const msPerMinute = 60_000n;
/** Whole minutes that the average spans. risk-model section 15.5. */
export const twapMinutes = 30n;

/** A stretch of time and the average price in it. */
export interface Covered {
  readonly average: bigint;
  readonly coveredMs: bigint;
}

/** The minute under way. */
export interface MinuteSum {
  readonly minute: bigint;
  /** Price times milliseconds. */
  readonly priceMs: bigint;
  readonly coveredMs: bigint;
}

/**
 * Adds the time for which a price stood. It counts for the minute in which
 * it ends and as at most a minute: an outage is not a price that stood.
 * Returns the minute that ended, if one did and had a price.
 */
export function addStanding(
  sum: MinuteSum,
  price: bigint,
  fromMs: bigint,
  toMs: bigint,
): { readonly sum: MinuteSum; readonly ended: (Covered & { readonly minute: bigint }) | undefined } {
  const minute = toMs / msPerMinute;
  const ended =
    minute > sum.minute && sum.coveredMs > 0n
      ? { minute: sum.minute, average: fdiv(sum.priceMs, sum.coveredMs), coveredMs: sum.coveredMs }
      : undefined;
  const kept = minute > sum.minute ? { minute, priceMs: 0n, coveredMs: 0n } : sum;
  const stood = toMs > fromMs ? min(toMs - fromMs, msPerMinute) : 0n;
  return {
    sum: { minute: kept.minute, priceMs: kept.priceMs + price * stood, coveredMs: kept.coveredMs + stood },
    ended,
  };
}

/** The average over stretches, each by its time; rounded down. Zero of none. */
export function average(stretches: readonly Covered[]): bigint {
  let sum = 0n;
  let covered = 0n;
  for (const { average: each, coveredMs } of stretches) {
    sum += each * coveredMs;
    covered += coveredMs;
  }
  return covered === 0n ? 0n : fdiv(sum, covered);
}
