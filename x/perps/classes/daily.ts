import { ClassChange, type ClassStanding } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import { SolvencyClass, type Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { dayMs } from '../../../runtime/baseapp/time.js';
import { min } from '../../../runtime/math/integers.js';
import { classFromProto, classToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { ratesStore } from '../rates/store.js';
import { classOf, type ClassStatistics } from './classify.js';
import { classRules } from './rules.js';
import { judgeBetweenDays, judgeDay, pendingClass, promotionFault, withoutPending, type Judged } from './standing.js';

/** Brings an announced demotion into effect when it is due, and looks at the market's statistics once in a UTC day. O(1). */
export function updateClass(ctx: Context, deps: Deps, market: Market, params: RatesParams): Market {
  const { timeMs } = ctx.block;
  const before = ratesStore.standing(ctx, market.id);
  if (before.pendingMs !== 0n && timeMs >= before.pendingMs) return demote(ctx, deps, market, before);
  if (timeMs / dayMs <= before.day) return market;
  const found = statisticsOf(ctx, deps, market, params, before);
  if (found === undefined) {
    ratesStore.setStanding(ctx, { ...before, day: timeMs / dayMs, betterDays: 0 });
    return market;
  }
  const classes = { allowed: classOf(found, params, false), earned: classOf(found, params, true) };
  keepJudged(ctx, market, judgeDay(before, classFromProto(market.class), classes, timeMs, noticeOf(params)));
  return market;
}

/**
 * Looks at a market's statistics at once, whatever the time of day: B11 asks
 * for it. Announces a demotion if they no longer carry the class, and tells
 * what it found in any case. risk-model sections 2 and 14.2. O(1).
 */
export function reviewClass(ctx: Context, deps: Deps, market: Market, params: RatesParams): void {
  const before = ratesStore.standing(ctx, market.id);
  const found = statisticsOf(ctx, deps, market, params, before);
  const allowed = found === undefined ? undefined : classOf(found, params, false);
  const name = classFromProto(market.class);
  const judged =
    allowed === undefined ? undefined : judgeBetweenDays(before, name, allowed, ctx.block.timeMs, noticeOf(params));
  ctx.emit('plimsoll.perps.v1.EventClassReview', {
    marketId: market.id,
    class: market.class,
    allowed: allowed === undefined ? SolvencyClass.SOLVENCY_CLASS_UNSPECIFIED : classToProto(allowed),
    announced: judged?.change !== undefined,
  });
  if (judged !== undefined) keepJudged(ctx, market, judged);
}

const noticeOf = ({ demotionNoticeS }: RatesParams): bigint => demotionNoticeS * 1_000n;

/** Undefined while there are too few. */
function statisticsOf(
  ctx: Context,
  { oracle }: Deps,
  market: Market,
  params: RatesParams,
  { listedMs }: ClassStanding,
): ClassStatistics | undefined {
  const statistics = oracle.statistics(ctx, market.oraclePairId);
  if (statistics === undefined || statistics.hours < params.minStatisticsHours) return undefined;
  return {
    depthUsd: statistics.depthP10Usd,
    sources: statistics.sourcesP10,
    dispersionPpm: statistics.dispersionPpm,
    marketCapUsd: market.marketCapUsd,
    daysListed: (ctx.block.timeMs - listedMs) / dayMs,
  };
}

function keepJudged(ctx: Context, market: Market, { standing, change }: Judged): void {
  ratesStore.setStanding(ctx, standing);
  if (change === undefined) return;
  ctx.emit('plimsoll.perps.v1.EventSolvencyClass', {
    marketId: market.id,
    change,
    class: change === ClassChange.CLASS_CHANGE_WITHDRAWN ? market.class : standing.pending,
    effectiveMs: standing.pendingMs,
  });
}

function demote(ctx: Context, { keeper }: Deps, market: Market, standing: ClassStanding): Market {
  const { openInterestCap } = classRules[classFromProto(standing.pending)];
  const demoted: Market = {
    ...market,
    class: standing.pending,
    openInterestCap: min(BigInt(market.openInterestCap), openInterestCap).toString(),
  };
  keeper.setMarket(ctx, demoted);
  ratesStore.setStanding(ctx, { ...withoutPending(standing), betterDays: 0 });
  ctx.emit('plimsoll.perps.v1.EventSolvencyClass', {
    marketId: market.id,
    change: ClassChange.CLASS_CHANGE_DEMOTED,
    class: demoted.class,
    effectiveMs: ctx.block.timeMs,
  });
  return demoted;
}

/** Promotes a market as governance decided. @throws perps/90 when its statistics did not earn it */
export function promote(ctx: Context, { keeper }: Deps, listed: Market, market: Market): void {
  const days = keeper.params(ctx).rates!.promotionDays;
  const standing = ratesStore.standing(ctx, market.id);
  const { timeMs } = ctx.block;
  const fault = promotionFault(standing, classFromProto(listed.class), classFromProto(market.class), timeMs, days);
  if (fault !== undefined) throw errors.classNotEarned(`class: ${fault}`);
  ratesStore.setStanding(ctx, { ...standing, betterDays: 0, promotedMs: timeMs });
  ctx.emit('plimsoll.perps.v1.EventSolvencyClass', {
    marketId: market.id,
    change: ClassChange.CLASS_CHANGE_PROMOTED,
    class: market.class,
    effectiveMs: timeMs,
  });
}

/** Open-interest cap of the class that was announced for a market; no bound when none was. */
export function openingCapOf(ctx: Context, market: Market): bigint {
  const pending = pendingClass(ratesStore.standing(ctx, market.id));
  return pending === undefined ? BigInt(market.openInterestCap) : classRules[pending].openInterestCap;
}
