import type { MarginRates, RateSchedule } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import { clamp, million } from '../../../runtime/math/integers.js';
import { ppb, type Ppb } from '../types.js';
import type { RateLimits } from './limits.js';
import { cut, isRaise, prolong, raise, rateAt } from './schedule.js';

const msPerMinute = 60_000n;

/** What m_maint moves to: the forecast between the floor and the cap. risk-model section 4.1. */
export const maintenanceTarget = (forecast: Ppb, { floor, maintenanceCap }: RateLimits): Ppb =>
  ppb(clamp(forecast, floor, maintenanceCap));

/** m_maint at the last whole minute: schedules are followed minute by minute, whether prices come or not. */
export function followSchedule(rates: MarginRates, nowMs: bigint): MarginRates {
  const { schedule } = rates;
  if (schedule === undefined) return rates;
  const minuteMs = nowMs - (nowMs % msPerMinute);
  const maintenancePpb = rateAt(schedule, minuteMs);
  const ended = minuteMs >= schedule.endMs;
  if (maintenancePpb === rates.maintenancePpb && !ended) return rates;
  return { ...rates, maintenancePpb, schedule: ended ? undefined : schedule };
}

/**
 * Decides on m_maint anew when its target is known anew.
 *
 * Up: a target more than `raise_threshold` above the rate announces a raise
 * that begins after the notice and is limited in slope. One under way is
 * lengthened along its own line when the part that is new lies at least the
 * notice ahead, and stops where the target no longer is above the rate.
 *
 * Down: after a target below `cut_threshold` of the rate for `cut_wait`, the
 * rate goes there slowly; the way follows the target, and stops when the
 * target is above the rate.
 *
 * So no rate rises but on a way announced the notice before (INV-M1), nor by
 * more than the slope (INV-M2). risk-model section 4.1.
 */
export function steerMaintenance(
  rates: MarginRates,
  target: Ppb,
  nowMs: bigint,
  noticeMs: bigint,
  params: RatesParams,
): MarginRates {
  const rate = ppb(rates.maintenancePpb);
  const above = (base: bigint): boolean => (target - base) * million > base * BigInt(params.raiseThresholdPpm);
  const { schedule } = rates;
  const going = (next: RateSchedule | undefined): MarginRates => ({
    ...rates,
    schedule: next,
    maintenanceLowMs: 0n,
  });
  if (schedule !== undefined && isRaise(schedule)) {
    if (target <= rate) return going(undefined);
    if (!above(schedule.toPpb) || schedule.endMs < nowMs + noticeMs) return rates;
    return going(prolong(schedule, target));
  }
  if (above(rate)) return going(raise(rate, target, nowMs, noticeMs, params.raiseSlopePpm));
  if (schedule !== undefined) {
    if (target >= rate) return going(undefined);
    return target === schedule.toPpb ? rates : going(prolong(schedule, target));
  }
  if (target * million >= rate * BigInt(params.cutThresholdPpm)) {
    return rates.maintenanceLowMs === 0n ? rates : { ...rates, maintenanceLowMs: 0n };
  }
  if (rates.maintenanceLowMs === 0n) return { ...rates, maintenanceLowMs: nowMs };
  if (nowMs - rates.maintenanceLowMs < params.cutWaitS * 1_000n) return rates;
  return going(cut(rate, target, nowMs, params.cutSlopePpm));
}

/** m_maint of a market whose rates governance fixed: a raise is announced and sloped all the same, a cut holds at once. */
export function steerFixed(
  rates: MarginRates,
  target: Ppb,
  nowMs: bigint,
  noticeMs: bigint,
  params: RatesParams,
): MarginRates {
  const rate = ppb(rates.maintenancePpb);
  const { schedule } = rates;
  if (target <= rate) {
    if (target === rate && schedule === undefined) return rates;
    return { ...rates, maintenancePpb: target, schedule: undefined };
  }
  if (schedule !== undefined && schedule.toPpb === target) return rates;
  return { ...rates, schedule: raise(rate, target, nowMs, noticeMs, params.raiseSlopePpm) };
}
