/** Integer arithmetic of the formulas: `down` and `up` round toward minus and plus infinity. */

export const million = 1_000_000n;
export const billion = 1_000_000_000n;
export const abs = (x: bigint): bigint => (x < 0n ? -x : x);
export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const down = (a: bigint, b: bigint): bigint => {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
};
export const up = (a: bigint, b: bigint): bigint => -down(-a, b);
export const clamp = (x: bigint, low: bigint, high: bigint): bigint => max(low, min(high, x));
export const sumOf = (values: readonly string[]): bigint => values.reduce((sum, each) => sum + BigInt(each), 0n);
