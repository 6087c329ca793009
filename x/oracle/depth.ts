export const msPerHour = 3_600_000n;
/** Hours of which the thinnest tenth decides: 30 days. risk-model section 15.4. */
export const depthHours = 720n;

/** The smallest value that at least a tenth of all lie at or below; zero of none. */
export function lowestTenth(values: readonly bigint[]): bigint {
  return ascending(values)[Number((BigInt(values.length) + 9n) / 10n) - 1] ?? 0n;
}

/** The middle value, the higher of two; zero of none. */
export const median = (values: readonly bigint[]): bigint =>
  ascending(values)[Number(BigInt(values.length) / 2n)] ?? 0n;

const ascending = (values: readonly bigint[]): bigint[] => [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
