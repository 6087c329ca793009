/**
 * Human amounts to the chain's integers and back, without floats. A decimal
 * text that does not fit the unit is refused rather than rounded.
 */

const decimal = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/;

/**
 * "0.25" in units of 10^exponent: toUnits("0.25", -8) is 25000000n.
 * @throws Error for a text that is no decimal or has more places than the unit
 */
export function toUnits(text: string, exponent: number): bigint {
  const match = decimal.exec(text);
  if (match === null) throw new Error(`${JSON.stringify(text)} is not a decimal number`);
  const [, sign, whole, fraction = ''] = match;
  const shift = -exponent - fraction.length;
  const digits = BigInt(whole! + fraction);
  let value: bigint;
  if (shift >= 0) value = digits * 10n ** BigInt(shift);
  else {
    const unit = 10n ** BigInt(-shift);
    if (digits % unit !== 0n) throw new Error(`${text} has more decimal places than 10^${exponent} can hold`);
    value = digits / unit;
  }
  return sign === '-' ? -value : value;
}

/** The decimal text of an integer in units of 10^exponent: fromUnits(25000000n, -8) is "0.25". */
export function fromUnits(value: bigint, exponent: number): string {
  const sign = value < 0n ? '-' : '';
  const digits = (value < 0n ? -value : value).toString();
  if (exponent >= 0) return value === 0n ? '0' : `${sign}${digits}${'0'.repeat(exponent)}`;
  const padded = digits.padStart(1 - exponent, '0');
  const fraction = padded.slice(exponent).replace(/0+$/, '');
  return `${sign}${padded.slice(0, exponent)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** USDC as quote quanta: 10^-6. */
export const usdc = (text: string): bigint => toUnits(text, -6);
