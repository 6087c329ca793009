const hourMs = 3_600_000n;
/** Amounts of this many hours and of the running one count: never less than 24 hours of time. */
const hours = 24n;

/** What an hour of block time added up to. */
export interface HourlyAmount {
  /** Block time / 3,600 s. */
  readonly hour: bigint;
  readonly amount: bigint;
}

export const hourOf = (timeMs: bigint): bigint => timeMs / hourMs;

/** Amounts that still count at a time, without those that are over. */
export const inWindow = (recent: readonly HourlyAmount[], timeMs: bigint): readonly HourlyAmount[] =>
  recent.filter(({ hour }) => hour + hours >= hourOf(timeMs));

export const sumOf = (recent: readonly HourlyAmount[]): bigint => recent.reduce((sum, { amount }) => sum + amount, 0n);

/** Adds an amount to the hour of its block. */
export function withAmount(recent: readonly HourlyAmount[], timeMs: bigint, amount: bigint): HourlyAmount[] {
  const hour = hourOf(timeMs);
  const kept = [...inWindow(recent, timeMs)];
  const last = kept.at(-1);
  if (last?.hour !== hour) return [...kept, { hour, amount }];
  return [...kept.slice(0, -1), { hour, amount: last.amount + amount }];
}
