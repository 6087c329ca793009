import { fdiv } from '../../../runtime/math/integers.js';
import { unsettledFunding } from '../margin/equity.js';
import type { MarketView, PositionView, Quote } from '../types.js';

/** The funding index after `minutes` at a rate (ppb for one hour). risk-model section 8. */
export function accrue(fundingIndex: bigint, oraclePrice: bigint, ratePpb: bigint, minutes: bigint): bigint {
  return fundingIndex + minutes * fdiv(oraclePrice * ratePpb * 1_000n, 60n);
}

/**
 * Settles a position's funding: cash moves by the amount, the market's
 * clearing balance by its negative. Rounded down, so clearing never owes
 * more than it holds (INV-F1, INV-F2).
 */
export function settle(
  market: MarketView,
  position: PositionView,
): { readonly cash: Quote; readonly position: PositionView } {
  return { cash: unsettledFunding(market, position), position: { ...position, fundingIndex: market.fundingIndex } };
}
