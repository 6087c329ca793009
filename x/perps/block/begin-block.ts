import type { Market, Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { MarketStateView } from '../codecs.js';
import type { Deps } from '../deps.js';
import {
  accrue,
  fundingRate,
  impactPrice,
  minutesPerHour,
  premium,
  sampleMinute,
  type BookLevel,
} from '../funding/index.js';
import { isHalted, isStale, marketViewOf } from '../keeper.js';
import { depthCap, followCap } from '../margin/index.js';
import { ppb, ppm, price, quote, type MarketView, type Price, type Quote, type Side } from '../types.js';
import { max, million, min } from '../units/index.js';

/** Where the mark comes from; risk-model section 7 adds basis and book to it. */
export type MarkPriceSource = (market: MarketView, oraclePrice: Price) => Price;

/** Mark is the oracle price. */
export const oracleMark: MarkPriceSource = (_, oraclePrice) => oraclePrice;

/** After an outage, funding accrues for at most this long. */
const maxMinutesAtOnce = 60n;
/** Notional over which the premium is measured: what 500 USDC of margin carries. risk-model section 7.2. */
const impactMargin = 500_000_000n;
const msPerMinute = 60_000n;

/** Takes over the block's oracle prices, marks the markets and accrues funding. O(markets). */
export function beginBlock(ctx: Context, deps: Deps, mark: MarkPriceSource = oracleMark): void {
  const { keeper, oracle } = deps;
  if (keeper.ledger(ctx).haltedReason !== '') return;
  const params = keeper.params(ctx);
  for (const market of [...keeper.allMarkets(ctx)]) {
    let state = keeper.marketState(ctx, market.id);
    const before = state;
    const voted = oracle.price(ctx, market.oraclePairId);
    if (voted !== undefined && voted.timeMs !== state.oracleTimeMs) {
      const oraclePrice = price(voted.price);
      state = {
        ...state,
        oraclePrice,
        oracleTimeMs: voted.timeMs,
        markPrice: mark(marketViewOf(market, state), oraclePrice),
        openInterestCap: followCap(state.openInterestCap, capTarget(ctx, deps, market), ctx.block.timeMs),
      };
    }
    if (!isStale(state, params, ctx.block.timeMs) && !isHalted(market)) {
      state = fundingMinute(ctx, deps, marketViewOf(market, state), state, params, market.fundingCapPpm);
    }
    if (state !== before) keeper.setMarketState(ctx, state);
  }
}

/** The market's cap, or less when the market outside is too thin for it. */
function capTarget(ctx: Context, { oracle }: Deps, market: Market): Quote {
  const cap = quote(BigInt(market.openInterestCap));
  const depth = oracle.statistics(ctx, market.oraclePairId)?.depthP10Usd ?? 0n;
  if (depth === 0n) return cap;
  return quote(min(cap, depthCap(depth, ppb(BigInt(market.maintenanceRatePpm) * 1_000n))));
}

/** Samples this block's premium; when a minute ended, accrues it; when an hour ended, sets the next rate. risk-model section 8. */
function fundingMinute(
  ctx: Context,
  deps: Deps,
  market: MarketView,
  state: MarketStateView,
  params: Params,
  capPpm: number,
): MarketStateView {
  const minute = ctx.block.timeMs / msPerMinute;
  let { funding } = state;
  let { fundingIndex } = state;
  if (funding.minute === 0n) funding = { ...funding, minute };
  if (minute > funding.minute) {
    const elapsed = minute - funding.minute;
    fundingIndex = accrue(
      fundingIndex,
      state.oraclePrice,
      funding.ratePpb,
      elapsed < maxMinutesAtOnce ? elapsed : maxMinutesAtOnce,
    );
    let samples = [...funding.minutePremiumsPpb, sampleMinute(funding.premiumSumPpb, funding.premiumCount)];
    let { ratePpb } = funding;
    const hour = BigInt(minutesPerHour);
    if (minute / hour > funding.minute / hour || samples.length >= minutesPerHour) {
      ratePpb = fundingRate(samples, params.fundingInterestPpb, ppm(BigInt(capPpm)));
      samples = [];
    }
    funding = { minute, premiumSumPpb: 0n, premiumCount: 0n, minutePremiumsPpb: samples, ratePpb };
    ctx.emit('plimsoll.perps.v1.EventFundingAccrued', {
      marketId: market.id,
      ratePpb,
      fundingIndex: fundingIndex.toString(),
    });
  }
  const sample = blockPremium(ctx, deps, market);
  funding = { ...funding, premiumSumPpb: funding.premiumSumPpb + sample, premiumCount: funding.premiumCount + 1n };
  return { ...state, funding, fundingIndex };
}

function blockPremium(ctx: Context, deps: Deps, market: MarketView): bigint {
  const notional = max((impactMargin * million * 1_000n) / (2n * market.openingRate), market.depthUnit / 10n);
  const impact = (side: Side): bigint | undefined =>
    impactPrice(levels(ctx, deps, market, side), notional, market.quoteDivisor);
  return premium({
    impactBid: impact('buy'),
    impactAsk: impact('sell'),
    oraclePrice: market.oraclePrice,
    beta: ppb(market.floorRate / 2n),
  });
}

function* levels(ctx: Context, { keeper }: Deps, market: MarketView, side: Side): Iterable<BookLevel> {
  for (const [at, { remaining }] of keeper.bookSide(ctx, market.id, side))
    yield { price: at.price, quantity: remaining };
}
