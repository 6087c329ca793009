import { billion, fdiv, max, million, min } from '../../../../runtime/math/integers.js';
import { ppm, type MarketView, type Ppm } from '../../types.js';

/** A price cannot fall further, and rises that far concern nobody. */
export const farthestDistance = ppm(million);

/**
 * How far one market alone may move against a position before its account is
 * under maintenance margin, ppm of the mark, rounded down: the slack over
 * what each step takes from it. A fall shrinks the margin of a long along
 * with its value, a rise grows a short's. Offsets and concentration are taken
 * as they stand, so it is a measure and not the exact boundary, which
 * `liquidationPrice` finds. 1,000,000 when nothing nearer than that. O(1).
 * @param slack equity less maintenance margin
 * @param notional of the position, rounded up
 */
export function liquidationDistance(
  slack: bigint,
  notional: bigint,
  { maintenanceRate }: Pick<MarketView, 'maintenanceRate'>,
  long: boolean,
): Ppm {
  if (slack <= 0n || notional === 0n) return ppm(notional === 0n ? farthestDistance : 0n);
  const rate = long ? max(1n, billion - maintenanceRate) : billion + maintenanceRate;
  return ppm(min(farthestDistance, fdiv(slack * million * billion, notional * rate)));
}
