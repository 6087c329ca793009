import type { Market } from '../../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../../runtime/baseapp/context.js';
import { min } from '../../../../runtime/math/integers.js';
import type { Deps } from '../../deps.js';
import { quote, type MarketView, type Quote } from '../../types.js';
import { circulationCap, insuredCap, type Backing } from '../rules/insured-cap.js';
import { uninsuredOpenInterest } from './params.js';
import { classTrancheOf, marketTranche, trancheId } from './tranches.js';

/** What stands behind a market now. O(1). */
export function backingOf(ctx: Context, { keeper, insurance }: Deps, view: MarketView): Backing {
  const own = insurance.tranche(ctx, trancheId(marketTranche(view.id)));
  const shared = classTrancheOf(view.class);
  const ofClass = shared === undefined ? undefined : insurance.tranche(ctx, trancheId(shared));
  return {
    class: view.class,
    own: own === undefined ? 0n : own.junior + own.senior,
    shared: ofClass === undefined ? 0n : ofClass.junior + ofClass.senior,
    target: own?.target ?? 0n,
    maintenanceRate: view.maintenanceRate,
    openInterest: view.openInterest,
    uninsured: uninsuredOpenInterest(keeper.params(ctx).stress!, view.class),
  };
}

/** The most open interest that insurance and what circulates of the asset carry. risk-model section 15.4. O(1). */
export function openInterestBound(ctx: Context, deps: Deps, market: Market, view: MarketView): Quote {
  const insured = insuredCap(backingOf(ctx, deps, view));
  const circulating = circulationCap(view.class, market.marketCapUsd);
  return circulating === undefined ? insured : quote(min(insured, circulating));
}
