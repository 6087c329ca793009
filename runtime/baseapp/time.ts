/** Times of messages and state in milliseconds since 1970: what a block's time counts in. */

/** Milliseconds of a day; days of the chain begin at midnight UTC. */
export const dayMs = 86_400_000n;

interface ProtoTime {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** google.protobuf.Timestamp or Duration of a number of milliseconds. @param ms not negative */
export const protoTimeOf = (ms: bigint): { seconds: bigint; nanos: number } => ({
  seconds: ms / 1_000n,
  nanos: Number(ms % 1_000n) * 1_000_000,
});

/** Milliseconds of a Timestamp or Duration, towards zero; zero for an absent one. */
export const msOfProtoTime = (time: ProtoTime | undefined): bigint =>
  time === undefined ? 0n : time.seconds * 1_000n + BigInt(time.nanos) / 1_000_000n;

const pad = (value: bigint, width: number): string => value.toString().padStart(width, '0');

/** RFC 3339 in UTC, for people and event attributes. @param ms from 1970 to the year 9999 */
export function isoTime(ms: bigint): string {
  const days = ms / dayMs;
  // The civil calendar from 1 March of the year 0, in eras of 400 years.
  const shifted = days + 719_468n;
  const era = shifted / 146_097n;
  const dayOfEra = shifted % 146_097n;
  const yearOfEra = (dayOfEra - dayOfEra / 1_460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const monthIndex = (5n * dayOfYear + 2n) / 153n;
  const day = dayOfYear - (153n * monthIndex + 2n) / 5n + 1n;
  const month = monthIndex < 10n ? monthIndex + 3n : monthIndex - 9n;
  const year = era * 400n + yearOfEra + (month <= 2n ? 1n : 0n);
  const rest = ms % dayMs;
  const clock = `${pad(rest / 3_600_000n, 2)}:${pad((rest / 60_000n) % 60n, 2)}:${pad((rest / 1_000n) % 60n, 2)}`;
  const fraction = rest % 1_000n === 0n ? '' : `.${pad(rest % 1_000n, 3).replace(/0+$/, '')}`;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock}${fraction}Z`;
}
