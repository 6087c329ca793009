import type { RateSchedule } from '../../../gen/plimsoll/perps/v1/rates.js';
import { cdiv, fdiv, max, million } from '../../../runtime/math/integers.js';
import { ppb, type Ppb } from '../types.js';

const msPerTenMinutes = 600_000n;
const msPerHour = 3_600_000n;

/** The rate of a schedule at a time, ppb, rounded up. */
export function rateAt(schedule: RateSchedule, timeMs: bigint): Ppb {
  const { startMs, endMs, fromPpb, toPpb } = schedule;
  if (timeMs <= startMs) return ppb(fromPpb);
  if (timeMs >= endMs) return ppb(toPpb);
  return ppb(fromPpb + cdiv((toPpb - fromPpb) * (timeMs - startMs), endMs - startMs));
}

export const isRaise = ({ fromPpb, toPpb }: RateSchedule): boolean => toPpb > fromPpb;

/**
 * A raise that begins after the notice and adds at most a share of `from` in
 * any ten minutes, rounding included (INV-M2). risk-model section 4.1.
 */
export function raise(from: Ppb, to: Ppb, nowMs: bigint, noticeMs: bigint, slopePpm: number): RateSchedule {
  const perTenMinutes = max(1n, fdiv(from * BigInt(slopePpm), million) - 1n);
  const startMs = nowMs + noticeMs;
  const endMs = startMs + cdiv((to - from) * msPerTenMinutes, perTenMinutes);
  return { announcedMs: nowMs, startMs, endMs, fromPpb: from, toPpb: to };
}

/** A cut that begins at once and takes at most a share of `from` in an hour. */
export function cut(from: Ppb, to: Ppb, nowMs: bigint, slopePpm: number): RateSchedule {
  const perHour = max(1n, fdiv(from * BigInt(slopePpm), million));
  return {
    announcedMs: nowMs,
    startMs: nowMs,
    endMs: nowMs + cdiv((from - to) * msPerHour, perHour),
    fromPpb: from,
    toPpb: to,
  };
}

/** The same way, only longer or shorter: the slope stays, so no rate before the nearer of the two ends changes by more than rounding, and none goes up. */
export function prolong(schedule: RateSchedule, to: Ppb): RateSchedule {
  const { startMs, endMs, fromPpb, toPpb } = schedule;
  return { ...schedule, toPpb: to, endMs: startMs + cdiv((to - fromPpb) * (endMs - startMs), toPpb - fromPpb) };
}
