import { cdiv, fdiv, max, million } from '../../../runtime/math/integers.js';

/** A rate on its way: `from` until `startMs`, `to` from `endMs` on, a straight line between. Rates in ppm, times in ms. */
export interface Ramp {
  readonly startMs: bigint;
  readonly from: bigint;
  readonly endMs: bigint;
  readonly to: bigint;
}

/** A rate that stays. */
export const still = (rate: bigint): Ramp => ({ startMs: 0n, from: rate, endMs: 0n, to: rate });

/** Fastest rise: a tenth of the rate in ten minutes. risk-model section 4.1, INV-K3. */
const rise = { sharePpm: 100_000n, inMs: 600_000n };
/** Fastest fall: a fiftieth of the rate in an hour. */
const fall = { sharePpm: 20_000n, inMs: 3_600_000n };

/** Where a ramp stands, rounded up: against the account on the way up as on the way down. */
export function rateAt({ startMs, from, endMs, to }: Ramp, timeMs: bigint): bigint {
  if (timeMs >= endMs) return to;
  if (timeMs <= startMs) return from;
  return from + cdiv((to - from) * (timeMs - startMs), endMs - startMs);
}

/**
 * The way from a rate to another that obeys the speed limits of risk-model
 * section 4.1: up after a notice and by at most 10 % of today's rate in any
 * ten minutes, down at once and by at most 2 % of it in an hour.
 * @param from positive
 */
export function rampTo(from: bigint, to: bigint, nowMs: bigint, noticeMs: bigint): Ramp {
  if (from === to) return still(to);
  const { sharePpm, inMs } = to > from ? rise : fall;
  const startMs = to > from ? nowMs + noticeMs : nowMs;
  const step = max(1n, fdiv(from * sharePpm, million));
  const distance = to > from ? to - from : from - to;
  return { startMs, from, endMs: startMs + cdiv(distance * inMs, step), to };
}
