/** Smallest n in 0..end with f(n) >= 0, when f(end) >= 0 and f is concave up to rounding. */
export function leastSufficient(f: (n: bigint) => bigint, end: bigint): bigint {
  let low = 0n;
  let high = end;
  while (low < high) {
    const middle = (low + high) / 2n;
    if (f(middle) >= 0n) high = middle;
    else low = middle + 1n;
  }
  return low;
}

/** Where a function that is concave up to rounding is largest in 0..end; the smallest such place. */
export function maximiser(f: (n: bigint) => bigint, end: bigint): bigint {
  let low = 0n;
  let high = end;
  while (high - low > 2n) {
    const third = (high - low) / 3n;
    if (f(low + third) < f(high - third)) low += third;
    else high -= third;
  }
  let best = low;
  for (let n = low + 1n; n <= high; n++) if (f(n) > f(best)) best = n;
  return best;
}
