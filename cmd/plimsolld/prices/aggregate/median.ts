import { distance, divideHalfUp, type Decimal } from '../decimal.js';

/** Median; of an even number the middle of the two middle ones, rounded half up. Undefined of nothing. */
export function median(values: readonly Decimal[]): Decimal | undefined {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 === 1 ? sorted[middle] : divideHalfUp(sorted[middle - 1]! + sorted[middle]!, 2n);
}

/** Median absolute deviation: how far a typical value lies from the middle. Not scaled to a standard deviation. */
export const medianDeviation = (values: readonly Decimal[], middle: Decimal): Decimal =>
  median(values.map((value) => distance(value, middle))) ?? 0n;
