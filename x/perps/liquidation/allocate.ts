import { abs } from '../../../runtime/math/integers.js';

/**
 * Splits a signed total in proportion to weights, exactly: each part rounded
 * towards zero, the units left over go to the largest remainders, ties to the
 * earlier part. All weights zero: everything to the first part.
 * risk-model sections 5 (Euler shares) and 13.
 */
export function allocateByMargin(total: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.length === 0) return [];
  const sum = weights.reduce((left, right) => left + right, 0n);
  if (sum === 0n) return weights.map((_, index) => (index === 0 ? total : 0n));
  const size = abs(total);
  const sign = total < 0n ? -1n : 1n;
  const parts = weights.map((weight) => (size * weight) / sum);
  let left = size - parts.reduce((a, b) => a + b, 0n);
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (size * weight) % sum }))
    .sort((a, b) => (a.remainder !== b.remainder ? (a.remainder > b.remainder ? -1 : 1) : a.index - b.index));
  for (const { index } of byRemainder) {
    if (left === 0n) break;
    parts[index] = parts[index]! + 1n;
    left--;
  }
  return parts.map((part) => sign * part);
}
