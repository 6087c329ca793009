/** Prices fit below this, so that products in the risk rules stay bounded (risk-model section 1). */
export const maxPrice = 1n << 62n;

/**
 * A decimal text as an integer of 10^exponent, rounded half up; undefined
 * when it is no plain decimal, not positive, or out of range.
 */
export function scaleDecimal(text: string, exponent: number): bigint | undefined {
  const match = /^(\d{1,30})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = match[2] ?? '';
  const shift = Number(match[3] ?? '0') - fraction.length - exponent;
  const digits = BigInt(match[1]! + fraction);
  let value: bigint;
  if (shift >= 0) value = shift > 60 ? maxPrice : digits * 10n ** BigInt(shift);
  else {
    const unit = 10n ** BigInt(-shift);
    value = (2n * digits + unit) / (2n * unit);
  }
  return value > 0n && value < maxPrice ? value : undefined;
}
