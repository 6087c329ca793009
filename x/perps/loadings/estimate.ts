import type { Loadings } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import { abs, isqrtUp, max, min } from '../../../runtime/math/integers.js';
import { correlation, meansOf, type Means } from './moments.js';

/** Of both estimates the smaller, less a haircut, rounded down to a step; zero when they disagree about the sign. */
export function shrink(fast: bigint, slow: bigint, params: RatesParams): bigint {
  if (fast > 0n !== slow > 0n) return 0n;
  const least = max(0n, min(abs(fast), abs(slow)) - BigInt(params.loadingHaircutPpm));
  const size = stepDown(min(least, BigInt(params.loadingCapPpm)), params);
  return fast < 0n ? -size : size;
}

const stepDown = (size: bigint, { loadingStepPpm }: RatesParams): bigint => size - (size % BigInt(loadingStepPpm));

/**
 * Loadings that the moments speak for: on the index, and on what the rest of
 * the market's cluster does beyond the index. Together they explain at most
 * the square of the cap. risk-model section 5.
 */
export function estimate(loadings: Loadings, index: Means, params: RatesParams): readonly bigint[] {
  if (loadings.returns < BigInt(params.loadingMinReturns)) return [0n, 0n];
  const own = meansOf(loadings.own!);
  const withIndex = meansOf(loadings.withIndex!);
  const withCluster = meansOf(loadings.withCluster!);
  const cluster = meansOf(loadings.cluster!);
  const first = shrink(
    correlation(withIndex.fast, own.fast, index.fast),
    correlation(withIndex.slow, own.slow, index.slow),
    params,
  );
  const second = shrink(
    correlation(withCluster.fast, own.fast, cluster.fast),
    correlation(withCluster.slow, own.slow, cluster.slow),
    params,
  );
  const cap = BigInt(params.loadingCapPpm);
  const left = cap * cap - first * first;
  const up = isqrtUp(left);
  const room = stepDown(up * up === left ? up : up - 1n, params);
  return [first, second < 0n ? -min(-second, room) : min(second, room)];
}
