import { fdiv, max, min } from '../../../runtime/math/integers.js';
import { price, type Price } from '../types.js';

export const msPerMinute = 60_000n;
/** What the average spans at least once there is that much. risk-model section 7.3. */
export const windowMs = 30n * msPerMinute;

/** Time that ended in one minute, and the sum of price times milliseconds over it. */
export interface Stretch {
  readonly minute: bigint;
  readonly priceMs: bigint;
  readonly coveredMs: bigint;
}

/** A running average: the minute under way, and the sums of the finished minutes that still count. */
export interface TimeAverage {
  /** Block time up to which prices are counted; zero before the first. */
  readonly untilMs: bigint;
  readonly current: Stretch;
  readonly windowPriceMs: bigint;
  readonly windowCoveredMs: bigint;
}

export const emptyAverage: TimeAverage = {
  untilMs: 0n,
  current: { minute: 0n, priceMs: 0n, coveredMs: 0n },
  windowPriceMs: 0n,
  windowCoveredMs: 0n,
};

/**
 * Counts the time for which a price stood, up to now; without blocks for a
 * long time at most one whole window. When a minute ended, it is returned to
 * be kept: the window counts it from now on. O(1).
 */
export function addStanding(
  before: TimeAverage,
  stood: Price,
  nowMs: bigint,
): { readonly average: TimeAverage; readonly ended: Stretch | undefined } {
  const minute = nowMs / msPerMinute;
  let { current, windowPriceMs, windowCoveredMs } = before;
  let ended: Stretch | undefined;
  if (minute > current.minute) {
    if (current.coveredMs > 0n) {
      ended = current;
      windowPriceMs += current.priceMs;
      windowCoveredMs += current.coveredMs;
    }
    current = { minute, priceMs: 0n, coveredMs: 0n };
  }
  if (before.untilMs !== 0n) {
    const elapsed = max(0n, min(nowMs - before.untilMs, windowMs));
    current = { minute, priceMs: current.priceMs + stood * elapsed, coveredMs: current.coveredMs + elapsed };
  }
  return { average: { untilMs: nowMs, current, windowPriceMs, windowCoveredMs }, ended };
}

/** True when the window covers its whole time without its oldest stretch. */
export const isSurplus = (average: TimeAverage, oldest: Stretch): boolean =>
  average.windowCoveredMs - oldest.coveredMs >= windowMs;

/** The average without its oldest stretch. */
export function dropOldest(average: TimeAverage, oldest: Stretch): TimeAverage {
  return {
    ...average,
    windowPriceMs: average.windowPriceMs - oldest.priceMs,
    windowCoveredMs: average.windowCoveredMs - oldest.coveredMs,
  };
}

/** The average price, rounded down; undefined while no price ever stood. O(1). */
export function averagePrice({ current, windowPriceMs, windowCoveredMs }: TimeAverage): Price | undefined {
  const covered = windowCoveredMs + current.coveredMs;
  return covered === 0n ? undefined : price(fdiv(windowPriceMs + current.priceMs, covered));
}
