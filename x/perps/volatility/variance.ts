import { cdiv, isqrtUp, million } from '../../../runtime/math/integers.js';
import { ppb, type Ppb } from '../types.js';

/**
 * Volatility as a mixture of exponential means of squared one-minute returns
 * (risk-model section 3). Fast ones see a build-up within minutes, slow ones
 * pull it back: the mixture is the forecast of the next minute's variance.
 */

/** Fraction bits of a variance. */
const fraction = 32n;
const one = 1n << fraction;
/** Farthest return that counts, ppb: four times the price. */
const farthest = 4_000_000_000n;

/** Half-lives in minutes, alpha = (1 - 2^(-1/h)) * 2^32, and weights that add up to a million. */
export const horizons = [
  { halfLife: 30, alpha: 98_097_189n, weight: 250_000n },
  { halfLife: 240, alpha: 12_386_457n, weight: 300_000n },
  { halfLife: 1_440, alpha: 2_066_895n, weight: 250_000n },
  { halfLife: 20_160, alpha: 147_668n, weight: 200_000n },
] as const;

/** How far a price moved, ppb of the first, rounded up and at most four times the price; first not zero. */
export function returnOf(first: bigint, second: bigint): Ppb {
  const moved = second > first ? second - first : first - second;
  const part = cdiv(moved * 1_000_000_000n, first);
  return ppb(part < farthest ? part : farthest);
}

/** The variance of every horizon after one more minute, ppb^2 * 2^32, rounded up. */
export function addReturn(variances: readonly bigint[], absoluteReturn: Ppb): bigint[] {
  const square = (absoluteReturn * absoluteReturn) << fraction;
  return horizons.map(({ alpha }, index) => {
    const before = variances[index]!;
    return before + cdiv((square - before) * alpha, one);
  });
}

/** Standard deviation forecast for so many minutes, ppb, rounded up. */
export function sigmaOver(variances: readonly bigint[], minutes: bigint): Ppb {
  let mixed = 0n;
  for (const [index, { weight }] of horizons.entries()) mixed += weight * variances[index]!;
  return ppb(isqrtUp(cdiv(cdiv(mixed, million) * minutes, one)));
}

/** Variances under which kappa deviations over the horizon are a given rate: what a market begins with. Rounded down, so that the forecast is no more than the rate. */
export function variancesFor(rate: Ppb, kappaPpm: bigint, minutes: bigint): bigint[] {
  const sigma = (rate * million) / kappaPpm;
  const variance = ((sigma * sigma) << fraction) / minutes;
  return horizons.map(() => variance);
}
