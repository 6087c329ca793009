/** An amount in units of 10^-18: exact for everything that venues print. */
export type Decimal = bigint;

const places = 18;
export const one: Decimal = 10n ** BigInt(places);

/** Nothing that is quoted costs more: 10^15. */
export const maxDecimal: Decimal = 10n ** 15n * one;

/** Longest text that is looked at, in characters. */
const maxLength = 80;

export type DecimalFault = 'not_decimal' | 'not_positive' | 'out_of_range';

/**
 * A positive decimal text, with an exponent or without, in units of 10^-18,
 * rounded half up. Never goes through a float: "1e308" is out of range, "NaN" no decimal.
 */
export function parseDecimal(text: string): Decimal | DecimalFault {
  if (text.length > maxLength) return 'not_decimal';
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text);
  if (match === null) return 'not_decimal';
  const fraction = match[3] ?? '';
  const digits = BigInt(match[2]! + fraction);
  if (match[1] === '-' || digits === 0n) return 'not_positive';
  const shift = places - fraction.length + Number(match[4] ?? '0');
  if (shift > maxLength || shift < -2 * maxLength) return 'out_of_range';
  const value = shift >= 0 ? digits * 10n ** BigInt(shift) : divideHalfUp(digits, 10n ** BigInt(-shift));
  return value > 0n && value <= maxDecimal ? value : 'out_of_range';
}

export const isDecimal = (parsed: Decimal | DecimalFault): parsed is Decimal => typeof parsed === 'bigint';

/** Shortest decimal text of a non-negative amount; never an exponent. */
export function formatDecimal(value: Decimal): string {
  const fraction = (value % one).toString().padStart(places, '0').replace(/0+$/, '');
  return fraction === '' ? `${value / one}` : `${value / one}.${fraction}`;
}

/** a / b rounded half up, for a >= 0 and b > 0. */
export const divideHalfUp = (a: bigint, b: bigint): bigint => (2n * a + b) / (2n * b);

/** Product, rounded half up at the 18th place. */
export const multiply = (a: Decimal, b: Decimal): Decimal => divideHalfUp(a * b, one);

/** part / whole in parts per million, rounded up. */
export const ppmUp = (part: bigint, whole: bigint): bigint => (part * 1_000_000n + whole - 1n) / whole;

export const distance = (a: Decimal, b: Decimal): Decimal => (a > b ? a - b : b - a);
