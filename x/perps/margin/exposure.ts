import { abs, billion, cdiv, max, million } from '../../../runtime/math/integers.js';
import { ppb, quote, type Loading, type MarketView, type MarginSettings, type Ppb, type Quote } from '../types.js';
import { unexplained } from './loading.js';
import type { Exposure } from './portfolio.js';

/** a of section 4.2: the linear part of a notional's margin at a rate in ppb, rounded up. */
export const linearMargin = (notional: Quote, rate: bigint): Quote => quote(cdiv(notional * rate, billion));

/** Class C and D count in full: no factor explains them, whatever statistics say. risk-model section 2. */
const loadingOfMarket = (market: MarketView): Loading =>
  market.class === 'A' || market.class === 'B' ? market.loading : unexplained(market.id);

/**
 * A notional of a market as the portfolio sees it.
 * @param sign of the quantity
 * @param times what stress losses are multiplied with: 1 for maintenance, 2 for initial margin
 */
export function exposureOf(market: MarketView, notional: Quote, sign: bigint, rate: bigint, times = 1n): Exposure {
  const linear = linearMargin(notional, rate);
  return {
    signed: sign < 0n ? -linear : linear,
    loading: loadingOfMarket(market),
    ...(market.shocks.length > 0 && {
      losses: market.shocks.map((shock) => (sign < 0n ? times : -times) * notional * shock),
    }),
  };
}

/** What a notional needs alone on its worse side: linear part, or the worst stress vector. Bounds what it can add to any portfolio. */
export function standaloneMargin(market: MarketView, notional: Quote, rate: bigint, times = 1n): Quote {
  let worst: bigint = linearMargin(notional, rate);
  for (const shock of market.shocks) worst = max(worst, cdiv(times * notional * abs(shock), million));
  return quote(worst);
}

/** The most margin that one more quantum of notional can need, concentration apart, ppb: the maintenance rate, or a stress vector that is worse. */
export function steepestRate({ maintenanceRate, shocks }: Pick<MarketView, 'maintenanceRate' | 'shocks'>): Ppb {
  let rate: bigint = maintenanceRate;
  for (const shock of shocks) rate = max(rate, abs(shock) * 1_000n);
  return ppb(rate);
}

/** Do the account's positions offset each other? */
export const grantsOffsets = (settings: MarginSettings | undefined): boolean =>
  settings === undefined || settings.mode === 'portfolio';
