import type { MarginRates } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import { cdiv, max, million, min } from '../../../runtime/math/integers.js';
import type { Ppb } from '../types.js';
import type { RateLimits } from './limits.js';

const msPerHour = 3_600_000n;

/**
 * m_open: up at once to what is forecast, jumps included; down by a share in
 * each hour after the forecast lay below `cut_threshold` of it for
 * `cut_wait`. It stops new risk and withdrawals and never liquidates, so it
 * needs no notice. risk-model section 4.1.
 */
export function steerOpening(
  rates: MarginRates,
  forecastWithJumps: Ppb,
  nowMs: bigint,
  { floor, openingCap }: RateLimits,
  params: RatesParams,
): MarginRates {
  const before = rates.openingPpb;
  const wanted = min(forecastWithJumps, openingCap);
  if (wanted > before) return { ...rates, openingPpb: wanted, openingLowMs: 0n };
  if (forecastWithJumps * million >= before * BigInt(params.cutThresholdPpm)) {
    return rates.openingLowMs === 0n ? rates : { ...rates, openingLowMs: 0n };
  }
  if (rates.openingLowMs === 0n) return { ...rates, openingLowMs: nowMs };
  if (nowMs - rates.openingLowMs < params.cutWaitS * 1_000n || nowMs - rates.openingCutMs < msPerHour) return rates;
  const less = before - cdiv(before * BigInt(params.cutSlopePpm), million);
  return { ...rates, openingPpb: max(max(forecastWithJumps, less), floor), openingCutMs: nowMs };
}

/** Holds m_open between its limits and never under m_maint (INV-M3). */
export function boundOpening(rates: MarginRates, { floor, openingCap }: RateLimits): MarginRates {
  const openingPpb = max(max(min(rates.openingPpb, openingCap), floor), rates.maintenancePpb);
  return openingPpb === rates.openingPpb ? rates : { ...rates, openingPpb };
}
