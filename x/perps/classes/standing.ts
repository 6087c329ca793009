import { ClassChange, type ClassStanding } from '../../../gen/plimsoll/perps/v1/rates.js';
import { SolvencyClass as ProtoClass } from '../../../gen/plimsoll/perps/v1/types.js';
import { dayMs } from '../../../runtime/baseapp/time.js';
import { classFromProto, classToProto } from '../codecs.js';
import type { MarketId, SolvencyClass } from '../types.js';
import { betterBy } from './classify.js';

/** A market that is listed now. */
export const newStanding = (marketId: MarketId, listedMs: bigint): ClassStanding => ({
  marketId,
  listedMs,
  day: 0n,
  betterDays: 0,
  promotedMs: 0n,
  pending: ProtoClass.SOLVENCY_CLASS_UNSPECIFIED,
  pendingMs: 0n,
});

/** The class that is announced; undefined when none is. */
export const pendingClass = ({ pending }: ClassStanding): SolvencyClass | undefined =>
  pending === ProtoClass.SOLVENCY_CLASS_UNSPECIFIED ? undefined : classFromProto(pending);

/** The class by which new risk is taken: the worse one as soon as it is announced. risk-model section 2. */
export const openingClass = (name: SolvencyClass, standing: ClassStanding): SolvencyClass =>
  pendingClass(standing) ?? name;

export interface Judged {
  readonly standing: ClassStanding;
  readonly change: ClassChange | undefined;
}

/**
 * A day's look at a market: statistics that no longer carry its class
 * announce a demotion, statistics that carry it again withdraw it, and those
 * that would carry a better one count towards a promotion, which governance
 * decides. risk-model section 2.
 * @param allowed the best class that nothing known speaks against
 * @param earned the best class that is proven
 */
export function judgeDay(
  before: ClassStanding,
  name: SolvencyClass,
  { allowed, earned }: { readonly allowed: SolvencyClass; readonly earned: SolvencyClass },
  nowMs: bigint,
  noticeMs: bigint,
): Judged {
  const standing = {
    ...before,
    day: nowMs / dayMs,
    betterDays: betterBy(earned, name) > 0 ? before.betterDays + 1 : 0,
  };
  const pending = pendingClass(before);
  if (betterBy(name, allowed) > 0) {
    if (pending === allowed) return { standing, change: undefined };
    // A worse fall than announced is announced anew; a lesser one comes when the worse one would have.
    const milder = pending !== undefined && betterBy(allowed, pending) > 0;
    const pendingMs = milder ? before.pendingMs : nowMs + noticeMs;
    return {
      standing: { ...standing, pending: classToProto(allowed), pendingMs },
      change: ClassChange.CLASS_CHANGE_ANNOUNCED,
    };
  }
  if (pending === undefined) return { standing, change: undefined };
  return { standing: withoutPending(standing), change: ClassChange.CLASS_CHANGE_WITHDRAWN };
}

/**
 * A look between two days, for a reason that asks whether the class is too
 * good: it announces a fall, or a deeper one, as the day's look would, and
 * nothing else. What speaks for the market waits for the day.
 */
export function judgeBetweenDays(
  before: ClassStanding,
  name: SolvencyClass,
  allowed: SolvencyClass,
  nowMs: bigint,
  noticeMs: bigint,
): Judged {
  const { standing, change } = judgeDay(before, name, { allowed, earned: name }, nowMs, noticeMs);
  const isWorse = betterBy(pendingClass(before) ?? name, allowed) > 0;
  if (change !== ClassChange.CLASS_CHANGE_ANNOUNCED || !isWorse) return { standing: before, change: undefined };
  return { standing: { ...standing, day: before.day }, change };
}

export const withoutPending = (standing: ClassStanding): ClassStanding => ({
  ...standing,
  pending: ProtoClass.SOLVENCY_CLASS_UNSPECIFIED,
  pendingMs: 0n,
});

/**
 * Why governance may not promote the market to a class now; undefined when it
 * may: one class at most, earned for `days` days in a row, and as long after
 * the last promotion.
 */
export function promotionFault(
  standing: ClassStanding,
  from: SolvencyClass,
  to: SolvencyClass,
  nowMs: bigint,
  days: number,
): string | undefined {
  const steps = betterBy(to, from);
  if (steps < 0) return `${to} is worse than ${from}: statistics demote, governance does not`;
  if (steps > 1) return `${to} is ${steps} classes above ${from}; at most one at a time`;
  if (standing.betterDays < days)
    return `statistics allowed more than ${from} for ${standing.betterDays} days in a row; ${days} are needed`;
  const next = standing.promotedMs + BigInt(days) * dayMs;
  if (standing.promotedMs > 0n && nowMs < next)
    return `promoted ${(nowMs - standing.promotedMs) / dayMs} days ago; the next is possible after ${days}`;
  return undefined;
}
