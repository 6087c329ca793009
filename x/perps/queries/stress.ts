import type { QueryDefinition } from '../../../gen/plimsoll/perps/v1/query.js';
import type { LatencyDay } from '../../../gen/plimsoll/perps/v1/stress.js';
import type { AccountRisk, LiquidationShare, MarketRisk } from '../../../gen/plimsoll/perps/v1/stress_query.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { Handlers } from '../../../runtime/baseapp/module.js';
import { paginate } from '../../../runtime/baseapp/pagination.js';
import { fdiv, million } from '../../../runtime/math/integers.js';
import { keyBytes, u32 } from '../../../runtime/store/key.js';
import { openingCapOf } from '../classes/daily.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { depthCap } from '../margin/index.js';
import { requireMarket, requireSubaccountKey } from '../msgs/common.js';
import { ratesStore } from '../rates/store.js';
import { trancheOf } from '../stress/chain/bands.js';
import { basisOf } from '../stress/chain/basis.js';
import { backingOf } from '../stress/chain/cap.js';
import { recentLatencies } from '../stress/chain/latency.js';
import { stressStore } from '../stress/chain/store.js';
import { accountRisk, riskMarkets, type RiskMarkets } from '../stress/derived/account-risk.js';
import { all, bucketWidth, distanceOf, histogram } from '../stress/derived/liquidation-map.js';
import { circulationCap, insuredCap } from '../stress/rules/insured-cap.js';
import { percentile99 } from '../stress/rules/latency.js';
import { subaccountId } from '../subaccount-key.js';
import type { SubaccountKey } from '../types.js';
import { min, quoteAmountUp } from '../units/index.js';
import { sigmaOf } from '../volatility/index.js';

const minutesPerDay = 1_440n;
/** Who is named as at risk when nobody says otherwise, and at most, ppm. */
const defaultWithin = 100_000;
const mostWithin = 500_000;

type Names =
  | 'stressReport'
  | 'stressScenarios'
  | 'marketRisk'
  | 'marketRisks'
  | 'liquidationHistogram'
  | 'accountsAtRisk'
  | 'accountRisk';

export function stressQueries(deps: Deps): Pick<Handlers<typeof QueryDefinition>, Names> {
  const { keeper } = deps;
  const placed = (ctx: Context) => deps.liquidations?.read(ctx, deps) ?? all(ctx, deps, keeper.markets(ctx));
  return {
    stressReport: (ctx) => ({ report: stressStore.report(ctx), sweep: stressStore.sweep(ctx) }),
    stressScenarios: (ctx) => ({ basis: basisOf(ctx, deps) }),
    marketRisk: (ctx, { marketId }) => ({ risk: marketRisk(ctx, deps, requireMarket(ctx, deps, marketId)) }),
    marketRisks: (ctx, { pagination }) => {
      const page = paginate(
        keeper.allMarkets(ctx),
        pagination,
        ({ id }) => keyBytes(u32(id)),
        (market) => marketRisk(ctx, deps, market),
      );
      return { risks: page.items, pagination: page.pagination };
    },
    liquidationHistogram: (ctx, { marketId }) => {
      requireMarket(ctx, deps, marketId);
      const { markPrice, quoteDivisor } = keeper.marketView(ctx, marketId);
      const buckets = histogram(placed(ctx).values(), marketId, markPrice);
      const value = (quanta: bigint): string => quoteAmountUp(quanta, markPrice, quoteDivisor).toString();
      return {
        markPrice,
        buckets: buckets.flatMap(({ long, short }, index) =>
          long === 0n && short === 0n
            ? []
            : [
                {
                  distancePpm: Number(BigInt(index) * bucketWidth),
                  longQuanta: long.toString(),
                  shortQuanta: short.toString(),
                  longs: value(long),
                  shorts: value(short),
                },
              ],
        ),
        longQuanta: buckets.reduce((sum, { long }) => sum + long, 0n).toString(),
        shortQuanta: buckets.reduce((sum, { short }) => sum + short, 0n).toString(),
      };
    },
    accountsAtRisk: (ctx, { withinPpm, pagination }) => {
      if (withinPpm > mostWithin) throw errors.invalidOrder(`within_ppm: ${withinPpm}; at most ${mostWithin}`);
      const within = BigInt(withinPpm === 0 ? defaultWithin : withinPpm);
      const markets = riskMarkets(ctx, deps);
      const near: { readonly key: SubaccountKey; readonly distance: bigint }[] = [];
      for (const [key, entry] of placed(ctx)) {
        let nearest = million;
        for (const each of entry) nearest = min(nearest, distanceOf(each, markets.now(each.marketId).markPrice));
        if (nearest <= within) near.push({ key, distance: nearest });
      }
      near.sort((a, b) => (a.distance !== b.distance ? (a.distance < b.distance ? -1 : 1) : a.key < b.key ? -1 : 1));
      const page = paginate(
        near,
        pagination,
        ({ key }) => keyBytes(key),
        ({ key }) => riskOf(ctx, deps, key, markets),
      );
      return { accounts: page.items, pagination: page.pagination };
    },
    accountRisk: (ctx, { owner, number }) => {
      const key = requireSubaccountKey(owner, number, 'number');
      if (keeper.subaccount(ctx, key) === undefined)
        throw sdkErrors.keyNotFound(`subaccount ${owner}/${number} not found`);
      return { risk: riskOf(ctx, deps, key, riskMarkets(ctx, deps)) };
    },
  };
}

function riskOf(ctx: Context, { keeper }: Deps, key: SubaccountKey, markets: RiskMarkets): AccountRisk {
  const risk = accountRisk(keeper.account(ctx, key), markets);
  return {
    subaccount: subaccountId(key),
    equity: risk.equity.toString(),
    maintenanceMargin: risk.maintenanceMargin.toString(),
    distancePpm: Number(risk.distance),
    marketId: risk.nearest ?? 0,
    distanceSigmasPpm: risk.sigmas ?? 0n,
    valueAtRisk: risk.valueAtRisk.toString(),
  };
}

const shareOf = (part: bigint, whole: bigint): bigint => (whole === 0n ? 0n : fdiv(part * million, whole));

/** The public figures of a market. O(history days). risk-model section 19.2. */
export function marketRisk(ctx: Context, deps: Deps, market: Market): MarketRisk {
  const { keeper } = deps;
  const view = keeper.marketView(ctx, market.id);
  const volatility = ratesStore.volatility(ctx, market.id);
  const coverage = volatility.coverage!;
  const backing = backingOf(ctx, deps, view);
  const report = stressStore.report(ctx);
  const counted = report?.markets.find(({ marketId }) => marketId === market.id);
  const depth = deps.oracle.statistics(ctx, market.oraclePairId)?.depthP10Usd ?? 0n;
  const latencies: LatencyDay['ended'] = recentLatencies(ctx, market.id, ctx.block.timeMs);
  const side = BigInt(counted?.notional ?? 0) / 2n;
  return {
    marketId: market.id,
    ticker: market.ticker,
    class: market.class,
    openingPpb: view.openingRate.toString(),
    maintenancePpb: view.maintenanceRate.toString(),
    kappaPpm: coverage.kappaPpm,
    excessPpm: coverage.excessPpm.toString(),
    sigmaDayPpb: sigmaOf(volatility, minutesPerDay).toString(),
    windows: coverage.windows,
    exceedances: coverage.exceedances,
    openInterest: view.openInterest.toString(),
    openInterestCap: view.openInterestCap.toString(),
    capListed: min(BigInt(market.openInterestCap), openingCapOf(ctx, market)).toString(),
    capDepth: depth === 0n ? '' : depthCap(depth, view.floorRate).toString(),
    capInsured: insuredCap(backing).toString(),
    capCirculating: circulationCap(view.class, market.marketCapUsd)?.toString() ?? '',
    depthUnit: view.depthUnit.toString(),
    tranche: backing.own.toString(),
    target: backing.target.toString(),
    trancheSharePpm: shareOf(backing.own, backing.target),
    stress: trancheOf(report, 1, market.id),
    liquidationShares: (counted?.bands ?? []).map(({ distancePpm, longs, shorts }): LiquidationShare => ({
      distancePpm,
      longsPpm: shareOf(BigInt(longs), side),
      shortsPpm: shareOf(BigInt(shorts), side),
    })),
    topTenSharePpm: shareOf(
      (counted?.largest ?? []).reduce((sum, each) => sum + BigInt(each), 0n),
      BigInt(counted?.notional ?? 0),
    ),
    latencyP99Blocks: percentile99(latencies),
    breaches: latencies.reduce((sum, count) => sum + count, 0n),
    shadow: stressStore.shadow(ctx, market.id),
  };
}
