import { clamp, million } from '../../../../runtime/math/integers.js';

/** Joint moves of 15 minutes that stress tests replay. risk-model section 19.1. */
export const historyLength = 500;
export const stretchMs = 900_000n;
/** Minutes of a move. */
export const stretchMinutes = 15n;

/** A move is made at most so many times larger or smaller, ppm, however volatility changed since. */
const mostRescale = 4_000_000n;
const leastRescale = 250_000n;
const ppbPerPpm = 1_000n;
const farthestFall = -950_000n;
const farthestRise = 2_000_000n;

/**
 * A move of then as it would be now: times sigma now over sigma then, ppm,
 * rounded away from zero: against whom it moves.
 * @param moved ppb, signed
 */
export function rescaled(moved: bigint, sigmaThen: bigint, sigmaNow: bigint): bigint {
  const factor = sigmaThen <= 0n ? million : clamp((sigmaNow * million) / sigmaThen, leastRescale, mostRescale);
  const product = moved * factor;
  const unit = million * ppbPerPpm;
  const up = product < 0n ? -((-product + unit - 1n) / unit) : (product + unit - 1n) / unit;
  return clamp(up, farthestFall, farthestRise);
}
