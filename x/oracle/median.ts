/** A report and the power behind it. */
export interface WeightedPrice {
  readonly price: bigint;
  readonly power: bigint;
}

/**
 * Lower weighted median: the smallest price at which at least half of the
 * reporting power lies at or below. Liars with less than half of the
 * reporting power cannot move it outside the range of honest prices; with
 * exactly half they can move it down, never up. risk-model section 15.1.
 * Depends on the set of reports, not their order. O(n log n).
 */
export function weightedMedian(reports: readonly WeightedPrice[]): bigint | undefined {
  const sorted = [...reports].sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : 0));
  const total = sorted.reduce((sum, { power }) => sum + power, 0n);
  let below = 0n;
  for (const { price, power } of sorted) {
    below += power;
    if (2n * below >= total) return price;
  }
  return undefined;
}
