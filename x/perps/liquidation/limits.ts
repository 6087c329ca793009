import { abs, cdiv, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import { ppm, price, type Base, type MarketView, type Ppm, type Price, type Quote, type RiskParams } from '../types.js';
import { maintenancePpm } from './penalty.js';

/** Least distance of a liquidation's limit from mark while the account is near health, ppm. */
const nearDistance = 1_000n;

/**
 * How far from mark a close may trade, ppm of notional; negative for an
 * account whose equity share is negative. risk-model section 10.3.
 * @param equityShare the account's equity that belongs to this position
 * @param tranchePays the market's tranche may add m/2 beyond the account's own equity
 */
export function limitDistance(
  h: Ppm,
  market: MarketView,
  equityShare: Quote,
  notional: Quote,
  tranchePays: boolean,
  params: RiskParams,
): Ppm {
  const m = maintenancePpm(market);
  const own = fdiv(equityShare * million, max(1n, notional));
  const missing = million - h;
  if (h >= params.sliceHealth) {
    return ppm(min(nearDistance + fdiv(max(0n, m - nearDistance) * missing, million), own));
  }
  const insured = tranchePays ? own + m / 2n : own;
  return ppm(min(fdiv(3n * m * missing, 2n * million), insured));
}

/** The price at which closing uses up exactly the equity share, rounded towards mark. risk-model section 10.3. */
export function bankruptcyPrice(market: MarketView, quantity: Base, equityShare: Quote): Price {
  const distance = fdiv(equityShare * market.quoteDivisor, abs(quantity));
  return price(max(1n, quantity > 0n ? market.markPrice - distance : market.markPrice + distance));
}

/** Limit of the closing order: mark less (long) or plus (short) the distance, on tick, never beyond it. */
export function limitPrice(market: MarketView, quantity: Base, distance: Ppm): Price {
  const offset = fdiv(market.markPrice * distance, million);
  const { tickSize } = market;
  const exact = quantity > 0n ? market.markPrice - offset : market.markPrice + offset;
  const onTick = quantity > 0n ? cdiv(exact, tickSize) * tickSize : fdiv(exact, tickSize) * tickSize;
  return price(max(tickSize, onTick));
}
