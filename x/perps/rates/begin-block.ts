import type { MarginRates, Volatility } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { isFrozen } from '../breakers/freeze.js';
import { updateClass } from '../classes/daily.js';
import { openingClass } from '../classes/standing.js';
import { classFromProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { forMarket } from '../market-failure.js';
import { ppb, type SolvencyClass } from '../types.js';
import { forecast, forecastWithJumps, measure, sigmaOf, type Verdict } from '../volatility/index.js';
import { measureLoadings } from '../loadings/begin-block.js';
import { shadowWindow } from '../stress/chain/shadow.js';
import { sweepAtRisk, startSweep } from './at-risk.js';
import { steerDepth } from './depth-unit.js';
import { horizonOf } from './horizon-of.js';
import { limitsOf } from './limits.js';
import { followSchedule, maintenanceTarget, steerFixed, steerMaintenance } from './maintenance.js';
import { boundOpening, steerOpening } from './opening.js';
import { reviewHorizon } from './review-horizon.js';
import { isRaise } from './schedule.js';
import { ratesStore } from './store.js';

/**
 * Measures each market's newest oracle price and moves its rates: O(markets)
 * in a block, real work only when a minute ended. risk-model sections 3 and 4.1.
 */
export function moveRates(ctx: Context, deps: Deps): void {
  const params = deps.keeper.params(ctx);
  for (const market of [...deps.keeper.allMarkets(ctx)])
    if (!isFrozen(ctx, market.id))
      forMarket(market.id, 'rates', () => moveMarketRates(ctx, deps, market, params.staleMs, params.rates!));
  measureLoadings(ctx, deps, params);
  sweepAtRisk(ctx, deps, params.rates!.atRiskAccountsPerBlock);
}

function moveMarketRates(ctx: Context, deps: Deps, listed: Market, staleMs: bigint, params: RatesParams): void {
  const market = updateClass(ctx, deps, listed, params);
  reviewHorizon(ctx, market, params);
  const volatility = measureMarket(ctx, deps, market, staleMs, params);
  moveMarket(ctx, market, volatility, params);
  if (volatility !== undefined) moveDepth(ctx, deps, market, params);
}

/** Takes in the price of this block, if there is one. Returns the forecast's state when a minute ended with it. */
function measureMarket(
  ctx: Context,
  { keeper }: Deps,
  market: Market,
  staleMs: bigint,
  params: RatesParams,
): Volatility | undefined {
  const { oraclePrice, oracleTimeMs } = keeper.marketState(ctx, market.id);
  if (oraclePrice === 0n || oracleTimeMs !== ctx.block.timeMs) return undefined;
  const before = ratesStore.volatility(ctx, market.id);
  const minutes = horizonOf(ctx, market);
  const measured = measure(before, { price: oraclePrice, timeMs: oracleTimeMs }, { staleMs, minutes, params });
  if (measured.volatility !== before) ratesStore.setVolatility(ctx, measured.volatility);
  if (measured.verdict !== undefined) {
    emitVerdict(ctx, measured.volatility, measured.verdict);
    shadowWindow(ctx, before, measured.volatility, measured.verdict, params);
  }
  return measured.minuteEnded ? measured.volatility : undefined;
}

function moveMarket(ctx: Context, market: Market, volatility: Volatility | undefined, params: RatesParams): void {
  const before = ratesStore.rates(ctx, market.id);
  let after = followSchedule(before, ctx.block.timeMs);
  if (market.fixedRates) after = fixed(market, after, ctx.block.timeMs, params);
  else if (volatility !== undefined) after = steered(ctx, market, after, volatility, params);
  if (after.openingPpb < after.maintenancePpb) after = { ...after, openingPpb: after.maintenancePpb };
  if (after === before) return;
  ratesStore.setRates(ctx, after);
  emitChanges(ctx, market, before, after);
}

/** Rates after a new forecast. */
function steered(
  ctx: Context,
  market: Market,
  rates: MarginRates,
  volatility: Volatility,
  params: RatesParams,
): MarginRates {
  const nowMs = ctx.block.timeMs;
  const name = classFromProto(market.class);
  const limits = limitsOf(name, market.floorRatePpm);
  const horizonMinutes = horizonOf(ctx, market);
  const target = maintenanceTarget(forecast(volatility, horizonMinutes), limits);
  const maintained = steerMaintenance(rates, target, nowMs, noticeMs(name, params), params);
  const opening = limitsOf(openingClass(name, ratesStore.standing(ctx, market.id)), market.floorRatePpm);
  const opened = steerOpening(maintained, forecastWithJumps(volatility, horizonMinutes), nowMs, opening, params);
  return boundOpening(opened, opening);
}

/** Once a minute: the depth unit on its way. */
function moveDepth(ctx: Context, { oracle }: Deps, market: Market, params: RatesParams): void {
  const before = ratesStore.depthUnit(ctx, market.id);
  const reported = market.fixedRates ? 0n : (oracle.statistics(ctx, market.oraclePairId)?.depthP10Usd ?? 0n);
  const notice = noticeMs(classFromProto(market.class), params);
  const after = steerDepth(before, reported, BigInt(market.depthUnit), ctx.block.timeMs, notice);
  if (after === before) return;
  ratesStore.setDepthUnit(ctx, after);
  if (after.day === before.day || after.to === after.from) return;
  if (BigInt(after.to) < BigInt(after.from)) startSweep(ctx);
  ctx.emit('plimsoll.perps.v1.EventDepthUnit', { depthUnit: after, reportedUsd: reported.toString() });
}

/** Rates that governance fixed: the market's own. */
function fixed(market: Market, rates: MarginRates, nowMs: bigint, params: RatesParams): MarginRates {
  const target = ppb(BigInt(market.maintenanceRatePpm) * 1_000n);
  const openingPpb = BigInt(market.openingRatePpm) * 1_000n;
  const maintained = steerFixed(rates, target, nowMs, noticeMs(classFromProto(market.class), params), params);
  return maintained.openingPpb === openingPpb ? maintained : { ...maintained, openingPpb };
}

/** Time between the announcement of a raise and its begin. */
export const noticeMs = (name: SolvencyClass, params: RatesParams): bigint =>
  1_000n * (name === 'A' || name === 'B' ? params.raiseNoticeAbS : params.raiseNoticeCdS);

function emitVerdict(ctx: Context, { marketId, coverage }: Volatility, verdict: Verdict): void {
  ctx.emit('plimsoll.perps.v1.EventCoverage', {
    marketId,
    excursionPpb: verdict.excursion.toString(),
    forecastPpb: verdict.forecast.toString(),
    kappaPpm: coverage!.kappaPpm,
    exceeded: verdict.exceeded,
  });
}

/** Says what was announced or moved at once; a schedule that is followed was announced. */
function emitChanges(ctx: Context, market: Market, before: MarginRates, after: MarginRates): void {
  const horizonMinutes = horizonOf(ctx, market);
  const volatility = ratesStore.volatility(ctx, market.id);
  if (after.schedule !== before.schedule) {
    if (after.schedule !== undefined && isRaise(after.schedule)) startSweep(ctx);
    ctx.emit('plimsoll.perps.v1.EventMaintenanceSchedule', {
      marketId: market.id,
      ratePpb: after.maintenancePpb.toString(),
      schedule: after.schedule,
      targetPpb: forecast(volatility, horizonMinutes).toString(),
      sigmaHorizonPpb: sigmaOf(volatility, horizonMinutes).toString(),
      kappaPpm: volatility.coverage!.kappaPpm,
    });
  }
  if (after.openingPpb !== before.openingPpb) {
    ctx.emit('plimsoll.perps.v1.EventOpeningRate', {
      marketId: market.id,
      ratePpb: after.openingPpb.toString(),
      beforePpb: before.openingPpb.toString(),
      forecastWithJumpsPpb: forecastWithJumps(volatility, horizonMinutes).toString(),
    });
  }
}
