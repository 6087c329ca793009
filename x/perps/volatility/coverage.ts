import type { Coverage } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import { cdiv, clamp, max, million, min } from '../../../runtime/math/integers.js';
import { ppb, type Ppb } from '../types.js';
import { returnOf } from './variance.js';

/** What the excess of a tail as heavy as Student's with four degrees of freedom is: one third. */
export const startExcess = 333_333n;
/** Part by which an exceedance moves the mean excess. */
const excessMemory = 8n;

/** How a window of the coverage control went. */
export interface Verdict {
  /** Farthest move from the window's first price. */
  readonly excursion: Ppb;
  readonly forecast: Ppb;
  readonly exceeded: boolean;
}

/** Begins a window at a price with a forecast. */
export function openWindow(
  coverage: Coverage,
  at: { readonly minute: bigint; readonly price: bigint; readonly forecast: Ppb; readonly minutes: bigint },
): Coverage {
  return {
    ...coverage,
    windowMinute: at.minute,
    windowPrice: at.price,
    windowRatePpb: at.forecast,
    windowLow: at.price,
    windowHigh: at.price,
    windowMinutes: Number(at.minutes),
  };
}

/** Widens the window to a price; the same object when it lies within. */
export function widen(coverage: Coverage, price: bigint): Coverage {
  if (price >= coverage.windowLow && price <= coverage.windowHigh) return coverage;
  return { ...coverage, windowLow: min(coverage.windowLow, price), windowHigh: max(coverage.windowHigh, price) };
}

/**
 * Judges the window under way and moves kappa: up by gain * (1 - target)
 * when the price went further than forecast, down by gain * target when not.
 * As long as kappa stays inside its bounds, the share of exceedances in T
 * windows differs from the target by at most
 * (kMax - kMin + gain) / (gain * T), whatever prices do (INV-V3).
 * risk-model section 3.
 */
export function judgeWindow(
  coverage: Coverage,
  params: RatesParams,
): { readonly coverage: Coverage; readonly verdict: Verdict } {
  const { windowPrice, windowLow, windowHigh, windowRatePpb } = coverage;
  const excursion = ppb(max(returnOf(windowPrice, windowLow), returnOf(windowPrice, windowHigh)));
  const exceeded = excursion > windowRatePpb;
  const error = (exceeded ? million : 0n) - BigInt(params.coverageTargetPpm);
  const kappa = clamp(
    BigInt(coverage.kappaPpm) + BigInt(params.coverageGain) * error,
    BigInt(params.kappaMinPpm),
    BigInt(params.kappaMaxPpm),
  );
  return {
    coverage: {
      ...coverage,
      kappaPpm: Number(kappa),
      excessPpm: exceeded ? nextExcess(coverage.excessPpm, excursion, windowRatePpb) : coverage.excessPpm,
      windows: coverage.windows + 1n,
      exceedances: coverage.exceedances + (exceeded ? 1n : 0n),
      pinnedWindows: kappa === BigInt(params.kappaMaxPpm) ? coverage.pinnedWindows + 1 : 0,
    },
    verdict: { excursion, forecast: ppb(windowRatePpb), exceeded },
  };
}

/** xi: mean of how far prices went beyond the forecast when they did, ppm of it, rounded up. */
function nextExcess(before: bigint, excursion: bigint, forecast: bigint): bigint {
  const excess = forecast === 0n ? million : cdiv((excursion - forecast) * million, forecast);
  return before + cdiv(excess - before, excessMemory);
}
