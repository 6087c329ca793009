import type { DepthUnit } from '../../../gen/plimsoll/perps/v1/rates.js';
import { dayMs } from '../../../runtime/baseapp/time.js';
import { fdiv, max, min } from '../../../runtime/math/integers.js';

/** A day's step is taken in this time. */
const rampMs = dayMs / 2n;
const percent = 100n;
/** D falls by at most 5 % a day and rises by at most 2 %. risk-model section 4.2. */
const fall = 5n;
const rise = 2n;
/** Of what the listing allows, the least that D becomes. */
const floorPart = 100n;
const quotePerUsd = 1_000_000n;

const dayOf = (timeMs: bigint): bigint => timeMs / dayMs;

/** D as a listing begins: what governance says of the market's depth. */
export const newDepthUnit = (marketId: number, depthUnit: string, nowMs: bigint): DepthUnit => ({
  marketId,
  now: depthUnit,
  day: dayOf(nowMs),
  startMs: 0n,
  endMs: 0n,
  from: depthUnit,
  to: depthUnit,
});

/** D at a time on the way of its day, quote quanta, rounded down: against the account. */
function depthAt({ startMs, endMs, from, to }: DepthUnit, timeMs: bigint): bigint {
  const [low, high] = [BigInt(from), BigInt(to)];
  if (timeMs <= startMs) return low;
  if (timeMs >= endMs) return high;
  return low + fdiv((high - low) * (timeMs - startMs), endMs - startMs);
}

/**
 * The depth unit follows what reporters see outside. Once a UTC day it sets
 * out for the 30-day P10 of depth within 1 %, between a hundredth of the
 * listing's depth unit and that; a fall begins after the notice that raises
 * of margin rates have, so nobody is liquidated by a jump (INV-M1).
 * @param reportedUsd zero when not known: then D goes to where the listing puts it
 * @returns `before` itself when nothing changes
 */
export function steerDepth(
  before: DepthUnit,
  reportedUsd: bigint,
  listed: bigint,
  nowMs: bigint,
  noticeMs: bigint,
): DepthUnit {
  const now = depthAt(before, nowMs);
  const followed = now.toString() === before.now ? before : { ...before, now: now.toString() };
  const day = dayOf(nowMs);
  if (day === before.day) return followed;
  const wanted = reportedUsd === 0n ? listed : min(listed, max(listed / floorPart, reportedUsd * quotePerUsd));
  const least = now - fdiv(now * fall, percent);
  const most = now + fdiv(now * rise, percent);
  const to = max(1n, min(max(wanted, least), most));
  const startMs = to < now ? nowMs + noticeMs : nowMs;
  return { ...followed, day, startMs, endMs: startMs + rampMs, from: now.toString(), to: to.toString() };
}
