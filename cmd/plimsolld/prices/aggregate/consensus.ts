import { distance, ppmUp, type Decimal } from '../decimal.js';
import { median, medianDeviation } from './median.js';

export interface Voice {
  readonly provider: string;
  readonly price: Decimal;
}

export interface ConsensusRules {
  /** Providers that must be left after outliers are gone. */
  readonly minProviders: number;
  /** A provider this far from the median is an outlier, and providers this far apart disagree. */
  readonly maxDeviationPpm: number;
}

export type Consensus<V extends Voice> =
  | {
      readonly price: Decimal;
      readonly used: readonly V[];
      readonly outliers: readonly V[];
      /** Median absolute deviation of the used prices, parts per million of the price, rounded up. */
      readonly dispersionPpm: bigint;
    }
  | {
      readonly price: undefined;
      readonly fault: 'too_few' | 'disagreement';
      readonly outliers: readonly V[];
      readonly detail: string;
    };

/**
 * An outlier is farther from the median than so many median absolute
 * deviations. 5 of them are about 3.4 standard deviations of a normal
 * distribution (one is 0.6745 of them; Hampel, JASA 1974).
 */
const outlierDeviations = 5n;

/**
 * One price out of many: the median of those that are no outliers.
 *
 * - Farther from the median than max(maxDeviationPpm, 5 median absolute deviations) is an outlier.
 *   The first bound keeps honest providers in a calm market where the deviation is next to nothing.
 * - Fewer than minProviders before or after: no price. With two left of which one prints
 *   a thousandfold there is no majority to believe.
 * - When the deviation itself is beyond maxDeviationPpm the providers are split and a median
 *   means nothing: no price.
 *
 * Liars that are fewer than half of the providers cannot move it outside the range of honest prices.
 */
export function consensus<V extends Voice>(voices: readonly V[], rules: ConsensusRules): Consensus<V> {
  const { minProviders, maxDeviationPpm } = rules;
  const tooFew = (outliers: readonly V[], count: number): Consensus<V> => ({
    price: undefined,
    fault: 'too_few',
    outliers,
    detail: `${count} of at least ${minProviders} providers${outliers.length > 0 ? `, ${outliers.length} outliers` : ''}`,
  });
  if (voices.length < minProviders || voices.length === 0) return tooFew([], voices.length);

  const prices = voices.map(({ price }) => price);
  const middle = median(prices)!;
  const allowed = (middle * BigInt(maxDeviationPpm)) / 1_000_000n;
  const deviation = medianDeviation(prices, middle);
  const bound = deviation * outlierDeviations > allowed ? deviation * outlierDeviations : allowed;
  const used = voices.filter(({ price }) => distance(price, middle) <= bound);
  const outliers = voices.filter(({ price }) => distance(price, middle) > bound);
  if (used.length < minProviders) return tooFew(outliers, used.length);

  const left = used.map(({ price }) => price);
  const price = median(left)!;
  const dispersion = medianDeviation(left, price);
  if (dispersion * 1_000_000n > price * BigInt(maxDeviationPpm)) {
    return {
      price: undefined,
      fault: 'disagreement',
      outliers,
      detail: `${used.length} providers are ${ppmUp(dispersion, price)} ppm apart, at most ${maxDeviationPpm}`,
    };
  }
  return { price, used, outliers, dispersionPpm: ppmUp(dispersion, price) };
}
