import { abs, cdiv, million, min } from '../../runtime/math/integers.js';
import { weightedMedian, type WeightedPrice } from './median.js';

/** Largest dispersion that is told apart from larger ones: four times the price. */
const most = 4n * million;

/**
 * How far the reports lie apart: the weighted median of their distances from
 * the median, ppm of it, rounded up. Half of the reporting power must lie
 * to make it large or small. risk-model section 15.1.
 */
export function dispersionPpm(reports: readonly WeightedPrice[], median: bigint): number {
  const distances = reports.map(({ price, power }) => ({
    price: abs(price - median),
    power,
  }));
  return Number(min(cdiv(weightedMedian(distances)! * million, median), most));
}
