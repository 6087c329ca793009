/**
 * Integer arithmetic with the rounding in the name (risk-model section 1).
 * `up` and `down` mean towards plus and minus infinity.
 */

/** a / b rounded down; b not zero. */
export function fdiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

/** a / b rounded up; b not zero. */
export function cdiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n === b < 0n ? quotient + 1n : quotient;
}

/** Smallest integer whose square is at least x; x >= 0. */
export function isqrtUp(x: bigint): bigint {
  if (x < 2n) return x;
  // Newton from above: every step stays at or above the root until it stops.
  let root = 1n << BigInt((x.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root * root === x ? root : root + 1n;
    root = next;
  }
}

export const abs = (x: bigint): bigint => (x < 0n ? -x : x);
export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
/** x brought into low..high; low <= high. */
export const clamp = (x: bigint, low: bigint, high: bigint): bigint => (x < low ? low : x > high ? high : x);

export const million = 1_000_000n;
export const billion = 1_000_000_000n;
