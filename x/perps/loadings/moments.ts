import type { Moments } from '../../../gen/plimsoll/perps/v1/rates.js';
import { isqrtUp, million } from '../../../runtime/math/integers.js';

/** Fraction bits of a moment. */
const fraction = 32n;
/** (1 - 2^(-1/h)) * 2^32 for half-lives of 3 and 20 days in stretches of five minutes. */
export const alphas = { fast: 3_444_272n, slow: 516_817n } as const;

/** Exponential means of a product of returns, ppb^2 * 2^32. */
export interface Means {
  readonly fast: bigint;
  readonly slow: bigint;
}

export const meansOf = ({ fast, slow }: Moments): Means => ({ fast: BigInt(fast), slow: BigInt(slow) });
export const momentsOf = ({ fast, slow }: Means): Moments => ({ fast: fast.toString(), slow: slow.toString() });

/** Adds the product of two returns; rounded down. risk-model section 5. */
export function addProduct({ fast, slow }: Means, first: bigint, second: bigint): Means {
  const product = (first * second) << fraction;
  return {
    fast: fast + (((product - fast) * alphas.fast) >> fraction),
    slow: slow + (((product - slow) * alphas.slow) >> fraction),
  };
}

/** Correlation from moments, ppm, towards zero, within a whole: rhoHat of section 5. */
export function correlation(covariance: bigint, first: bigint, second: bigint): bigint {
  if (first <= 0n || second <= 0n) return 0n;
  const rho = (covariance * million) / isqrtUp(first * second);
  return rho > million ? million : rho < -million ? -million : rho;
}
