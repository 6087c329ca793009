import type { MarketRates } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { classFromProto } from '../codecs.js';
import { horizonOf } from '../rates/horizon-of.js';
import { limitsOf } from '../rates/limits.js';
import { ratesStore } from '../rates/store.js';
import { forecast, forecastWithJumps, sigmaOf } from '../volatility/index.js';

const minutesPerDay = 1_440n;

/** A market's rates with their bounds and everything that moves them. */
export function marketRates(ctx: Context, market: Market): MarketRates {
  const name = classFromProto(market.class);
  const volatility = ratesStore.volatility(ctx, market.id);
  const rates = ratesStore.rates(ctx, market.id);
  const limits = limitsOf(name, market.floorRatePpm);
  const horizonMinutes = horizonOf(ctx, market);
  return {
    marketId: market.id,
    class: market.class,
    maintenancePpb: rates.maintenancePpb.toString(),
    openingPpb: rates.openingPpb.toString(),
    floorPpb: limits.floor.toString(),
    maintenanceCapPpb: limits.maintenanceCap.toString(),
    openingCapPpb: limits.openingCap.toString(),
    sigmaMinutePpb: sigmaOf(volatility, 1n).toString(),
    sigmaHorizonPpb: sigmaOf(volatility, horizonMinutes).toString(),
    sigmaDayPpb: sigmaOf(volatility, minutesPerDay).toString(),
    horizonMinutes: Number(horizonMinutes),
    forecastPpb: forecast(volatility, horizonMinutes).toString(),
    forecastWithJumpsPpb: forecastWithJumps(volatility, horizonMinutes).toString(),
    fixed: market.fixedRates,
    volatility,
    rates,
    standing: ratesStore.standing(ctx, market.id),
    loadings: ratesStore.loadings(ctx, market.id),
    depthUnit: ratesStore.depthUnit(ctx, market.id),
  };
}
