import type { Market, Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { MarketStateView } from '../codecs.js';
import { moduleName, type Deps } from '../deps.js';
import {
  accrue,
  fundingRate,
  minutesPerHour,
  premium,
  sampleMinute,
  sweepable,
  trimmedMean,
} from '../funding/index.js';
import { keepFundingHour } from '../mark/funding-hours.js';
import { markBand, type ImpactPrices } from '../mark/index.js';
import { ppm, type MarketView } from '../types.js';
import { min } from '../units/index.js';

/** After an outage, funding accrues for at most this long. */
const maxMinutesAtOnce = 60n;
const msPerMinute = 60_000n;
const minutesPerDay = 1_440n;

/**
 * Samples this block's premium; when a minute ended, accrues it; when an hour
 * ended, sets the next rate; when a day ended, sweeps what rounding left.
 * While a market only reduces, is halted or has a stale price there is neither
 * premium nor interest: nothing accrues, and time goes on. O(1). risk-model section 8.
 */
export function fundingMinute(
  ctx: Context,
  deps: Deps,
  market: Market,
  view: MarketView,
  before: MarketStateView,
  impact: ImpactPrices,
  params: Params,
  accrues: boolean,
): MarketStateView {
  const minute = ctx.block.timeMs / msPerMinute;
  let state = before;
  if (state.funding.minute === 0n) state = { ...state, funding: { ...state.funding, minute } };
  const { minute: sampled } = state.funding;
  if (minute > sampled) {
    state = endMinute(ctx, market, state, minute, params, accrues);
    if (minute / minutesPerDay > sampled / minutesPerDay) state = sweep(ctx, deps, view, state);
  }
  const { funding, oraclePrice } = state;
  const { bid: impactBid, ask: impactAsk } = impact;
  const sample = accrues ? premium({ impactBid, impactAsk, oraclePrice, beta: markBand(view) }) : 0n;
  return {
    ...state,
    funding: {
      ...funding,
      premiumSumPpb: funding.premiumSumPpb + sample,
      premiumCount: funding.premiumCount + 1n,
    },
  };
}

function endMinute(
  ctx: Context,
  market: Market,
  state: MarketStateView,
  minute: bigint,
  params: Params,
  accrues: boolean,
): MarketStateView {
  const { funding } = state;
  const elapsed = min(minute - funding.minute, maxMinutesAtOnce);
  const fundingIndex = accrues
    ? accrue(state.fundingIndex, state.oraclePrice, funding.ratePpb, elapsed)
    : state.fundingIndex;
  let samples = [...funding.minutePremiumsPpb, sampleMinute(funding.premiumSumPpb, funding.premiumCount)];
  let { ratePpb } = funding;
  const hour = BigInt(minutesPerHour);
  if (minute / hour > funding.minute / hour || samples.length >= minutesPerHour) {
    const premiumPpb = trimmedMean(samples);
    ratePpb = accrues ? fundingRate(premiumPpb, params.fundingInterestPpb, ppm(BigInt(market.fundingCapPpm))) : 0n;
    keepFundingHour(ctx, {
      marketId: market.id,
      hour: funding.minute / hour,
      premiumPpb,
      ratePpb,
      oraclePrice: state.oraclePrice,
      fundingIndex: fundingIndex.toString(),
    });
    samples = [];
  }
  ctx.emit('plimsoll.perps.v1.EventFundingAccrued', {
    marketId: market.id,
    ratePpb: accrues ? ratePpb : 0n,
    fundingIndex: fundingIndex.toString(),
  });
  return {
    ...state,
    fundingIndex,
    funding: { minute, premiumSumPpb: 0n, premiumCount: 0n, minutePremiumsPpb: samples, ratePpb },
  };
}

/** Gives the market's tranche what the clearing balance will never have to pay. */
function sweep(ctx: Context, { insurance }: Deps, market: MarketView, state: MarketStateView): MarketStateView {
  const surplus = sweepable(state.clearingBalance, state.fundingWeight, market.quoteDivisor);
  if (surplus <= 0n) return state;
  insurance.contribute(ctx, market.id, moduleName, surplus);
  ctx.emit('plimsoll.perps.v1.EventFundingSwept', { marketId: market.id, amount: surplus.toString() });
  return { ...state, clearingBalance: state.clearingBalance - surplus };
}
