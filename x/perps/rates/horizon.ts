/** Minutes that closing a position may be taken to need. risk-model section 10.5. */
export const notches: readonly bigint[] = [10n, 20n, 30n, 60n];

const msPerMinute = 60_000n;

export interface HorizonState {
  readonly minutes: bigint;
  /** Day of the last step, or of the listing. */
  readonly steppedDay: bigint;
  /** Days in a row on which closes were fast enough. */
  readonly calmDays: number;
}

export interface HorizonRules {
  readonly reviewDays: number;
  readonly calmDays: number;
}

/**
 * A market's horizon after one more day. One notch up when one account in a
 * hundred needed more than half of it over seven days, all of them after the
 * last step; one down after a month of days on which that was not so, if the
 * lower one would have been enough too, and never below the class's.
 * risk-model section 10.5.
 * @param least the class's horizon, minutes
 * @param latencyMs time from breach to safety that one account in a hundred exceeded
 */
export function stepHorizon(
  before: HorizonState,
  least: bigint,
  latencyMs: bigint,
  day: bigint,
  { reviewDays, calmDays }: HorizonRules,
): HorizonState {
  const minutes = before.minutes < least ? least : before.minutes;
  const isEnough = (each: bigint): boolean => 2n * latencyMs <= each * msPerMinute;
  if (!isEnough(minutes)) {
    const next = notches.find((each) => each > minutes);
    if (next === undefined || day < before.steppedDay + BigInt(reviewDays)) return { ...before, minutes, calmDays: 0 };
    return { minutes: next, steppedDay: day, calmDays: 0 };
  }
  const calm = before.calmDays + 1;
  const lower = notches.findLast((each) => each < minutes);
  if (lower === undefined || lower < least || calm < calmDays || !isEnough(lower))
    return { ...before, minutes, calmDays: calm > calmDays ? calmDays : calm };
  return { minutes: lower, steppedDay: day, calmDays: 0 };
}
