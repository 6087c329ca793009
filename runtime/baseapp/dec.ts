/**
 * Decimals with 18 places, as the Cosmos SDK counts shares, rates and rewards:
 * an integer multiple of 10^-18. Each operation names its rounding.
 */
export type Dec = bigint & { readonly unit: '10^-18' };

const one = 10n ** 18n;

/** The decimal with this integer of 10^-18. */
export const decOf = (raw: bigint): Dec => raw as Dec;
export const decZero = decOf(0n);
export const decOne = decOf(one);
export const decOfInt = (value: bigint): Dec => decOf(value * one);
/** value / 1,000,000, exact. */
export const decOfPpm = (value: bigint): Dec => decOf(value * 10n ** 12n);

export const decAdd = (a: Dec, b: Dec): Dec => decOf(a + b);
export const decSub = (a: Dec, b: Dec): Dec => decOf(a - b);
export const decMin = (a: Dec, b: Dec): Dec => (a < b ? a : b);

/** a / b to the nearest integer, halves to the even one. @param b positive */
function divideHalfEven(a: bigint, b: bigint): bigint {
  if (a < 0n) return -divideHalfEven(-a, b);
  const quotient = a / b;
  const twice = 2n * (a - quotient * b);
  return twice > b || (twice === b && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** a * b, halves to even. */
export const decMul = (a: Dec, b: Dec): Dec => decOf(divideHalfEven(a * b, one));
/** a * b, towards zero. */
export const decMulTruncate = (a: Dec, b: Dec): Dec => decOf((a * b) / one);
/** a * n, exact. */
export const decMulInt = (a: Dec, n: bigint): Dec => decOf(a * n);
/** a / b: cut to 36 places, then rounded to 18, halves to even. @param b positive */
export const decQuo = (a: Dec, b: Dec): Dec => decOf(divideHalfEven((a * one * one) / b, one));
/** a / b, towards zero. @param b positive */
export const decQuoTruncate = (a: Dec, b: Dec): Dec => decOf((a * one) / b);
/** a / b, up. @param a not negative @param b positive */
export const decQuoRoundUp = (a: Dec, b: Dec): Dec => decOf((a * one + b - 1n) / b);
/** a / n, towards zero. @param n positive */
export const decQuoInt = (a: Dec, n: bigint): Dec => decOf(a / n);
/** The integer part. */
export const decTruncate = (a: Dec): bigint => a / one;

/** As it travels and rests: the integer in decimal digits. */
export const decToWire = (a: Dec): string => a.toString();

/** @throws Error naming the field unless the text is an integer of at most 60 digits */
export function decFromWire(text: string, field: string): Dec {
  if (!/^-?(0|[1-9][0-9]{0,59})$/.test(text)) {
    throw new Error(`${field}: ${JSON.stringify(text.slice(0, 80))} is not an integer multiple of 10^-18`);
  }
  return decOf(BigInt(text));
}

/** As people read it: digits, a point and 18 places. */
export function decToText(a: Dec): string {
  const digits = (a < 0n ? -a : a).toString().padStart(19, '0');
  return `${a < 0n ? '-' : ''}${digits.slice(0, -18)}.${digits.slice(-18)}`;
}

/** Reads "0.05", "1" or what `decToText` wrote. @throws Error unless it is a decimal of at most 18 places */
export function decFromText(text: string): Dec {
  const match = /^(-?)(\d{1,42})(?:\.(\d{1,18}))?$/.exec(text);
  if (match === null) throw new Error(`${JSON.stringify(text.slice(0, 80))} is not a decimal of at most 18 places`);
  const raw = BigInt(match[2]! + (match[3] ?? '').padEnd(18, '0'));
  return decOf(match[1] === '-' ? -raw : raw);
}
