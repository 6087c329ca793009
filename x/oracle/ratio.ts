export const million = 1_000_000n;

/** a / b rounded down for non-negative a and b; zero when b is. */
export const fdiv = (a: bigint, b: bigint): bigint => (b === 0n ? 0n : a / b);
