import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { classRules } from '../classes/rules.js';
import { newStanding } from '../classes/standing.js';
import { classFromProto } from '../codecs.js';
import { newLoadings } from '../loadings/measure.js';
import { ppb } from '../types.js';
import { newVolatility } from '../volatility/index.js';
import { newDepthUnit } from './depth-unit.js';
import { ratesStore } from './store.js';

/** What a market's rates begin with: the listing's rates, and measures as if those had been measured. */
export function listRates(ctx: Context, market: Market, params: RatesParams): void {
  const { id } = market;
  const maintenance = ppb(BigInt(market.maintenanceRatePpm) * 1_000n);
  const { horizonMinutes } = classRules[classFromProto(market.class)];
  ratesStore.setVolatility(ctx, newVolatility(id, maintenance, horizonMinutes, params));
  ratesStore.setRates(ctx, {
    marketId: id,
    maintenancePpb: maintenance,
    schedule: undefined,
    maintenanceLowMs: 0n,
    openingPpb: BigInt(market.openingRatePpm) * 1_000n,
    openingLowMs: 0n,
    openingCutMs: 0n,
  });
  ratesStore.setStanding(ctx, newStanding(id, ctx.block.timeMs));
  ratesStore.setLoadings(ctx, newLoadings(id));
  ratesStore.setDepthUnit(ctx, newDepthUnit(id, market.depthUnit, ctx.block.timeMs));
}
