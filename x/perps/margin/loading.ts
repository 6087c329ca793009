import { isqrtUp, million } from '../../../runtime/math/integers.js';
import { ppm, type Loading, type MarketId, type Ppm } from '../types.js';

/** Largest sum of the squares of a market's factor loadings, ppm^2: 0.95 squared. risk-model section 5. */
export const maxExplained = 902_500_000_000n;

/**
 * Loading of a market in a cluster (from 0 up) that factors explain as `rho` says. What they leave is
 * idiosyncratic, rounded down: so the margin of a single position, or of
 * positions that offset nothing, is the plain sum and not a part per million
 * more (ADR 0014).
 * @throws RangeError when the factors explain more than `maxExplained`
 */
export function loadingOf(cluster: number, rho: readonly Ppm[]): Loading {
  const explained = rho.reduce((sum, each) => sum + each * each, 0n);
  if (explained > maxExplained) throw new RangeError(`factors explain ${explained} ppm^2; at most ${maxExplained}`);
  const left = million * million - explained;
  const up = isqrtUp(left);
  return { cluster, rho, idiosyncratic: ppm(up * up === left ? up : up - 1n) };
}

/** Loading of a market whose moves nothing explains: a cluster of its own, below those that are named. */
export const unexplained = (id: MarketId): Loading => ({ cluster: -id, rho: [], idiosyncratic: ppm(million) });
