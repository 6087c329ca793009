import { cdiv, max, million, min } from '../../../runtime/math/integers.js';
import { ppm, quote, type MarketView, type Ppm, type Quote, type RiskParams } from '../types.js';
import { mulPpmDown, mulPpmUp } from '../units/amounts.js';

/** Maintenance rate in ppm, rounded down. */
export const maintenancePpm = (market: MarketView): bigint => market.maintenanceRate / 1_000n;

/**
 * Penalty rate on closed notional: quadratic in the missing health, between
 * pMin and min(pMax, m/2). risk-model section 10.4.
 * @param h health between 0 and 1
 */
export function penaltyRate(h: Ppm, market: MarketView, params: RiskParams): Ppm {
  const highest = min(params.penaltyMax, maintenancePpm(market) / 2n);
  const lowest = min(params.penaltyMin, highest);
  const missing = million - h;
  return ppm(lowest + cdiv((highest - lowest) * missing * missing, million * million));
}

/** Penalty of a close, rounded up, never more than the equity left (INV-L5). */
export function penaltyFor(closedNotional: Quote, rate: Ppm, equityAfter: Quote): Quote {
  return quote(min(mulPpmUp(closedNotional, rate), max(0n, equityAfter)));
}

/** A penalty's parts: the shares of tranche and vault rounded down, the rest is fee income. risk-model section 10.4. */
export function splitPenalty(
  penalty: Quote,
  insuranceShare: Ppm,
  backstopShare: Ppm,
): { readonly toInsurance: Quote; readonly toBackstop: Quote; readonly toFees: Quote } {
  const toInsurance = mulPpmDown(penalty, insuranceShare);
  const toBackstop = mulPpmDown(penalty, backstopShare);
  return { toInsurance, toBackstop, toFees: quote(penalty - toInsurance - toBackstop) };
}
