import { MarketStatus, type Market, type Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { MarketStateView } from '../codecs.js';
import { accrue, fundingRate, minutesPerHour, premium, sampleMinute } from '../funding/index.js';
import { markBand, type ImpactPrices } from '../mark/index.js';
import { ppm, type MarketView } from '../types.js';

/** After an outage, funding accrues for at most this long. */
const maxMinutesAtOnce = 60n;
const msPerMinute = 60_000n;

/**
 * Samples this block's premium; when a minute ended, accrues it; when an hour
 * ended, sets the next rate. While a market only reduces or is halted there
 * is neither premium nor interest: nothing accrues, and time goes on. O(1).
 * risk-model section 8.
 */
export function fundingMinute(
  ctx: Context,
  market: Market,
  view: MarketView,
  state: MarketStateView,
  impact: ImpactPrices,
  params: Params,
): MarketStateView {
  const open = market.status === MarketStatus.MARKET_STATUS_NORMAL;
  const minute = ctx.block.timeMs / msPerMinute;
  let { funding } = state;
  let { fundingIndex } = state;
  if (funding.minute === 0n) funding = { ...funding, minute };
  if (minute > funding.minute) {
    const elapsed = minute - funding.minute;
    if (open) {
      fundingIndex = accrue(
        fundingIndex,
        state.oraclePrice,
        funding.ratePpb,
        elapsed < maxMinutesAtOnce ? elapsed : maxMinutesAtOnce,
      );
    }
    let samples = [...funding.minutePremiumsPpb, sampleMinute(funding.premiumSumPpb, funding.premiumCount)];
    let { ratePpb } = funding;
    const hour = BigInt(minutesPerHour);
    if (minute / hour > funding.minute / hour || samples.length >= minutesPerHour) {
      ratePpb = open ? fundingRate(samples, params.fundingInterestPpb, ppm(BigInt(market.fundingCapPpm))) : 0n;
      samples = [];
    }
    funding = { minute, premiumSumPpb: 0n, premiumCount: 0n, minutePremiumsPpb: samples, ratePpb };
    ctx.emit('plimsoll.perps.v1.EventFundingAccrued', {
      marketId: market.id,
      ratePpb: open ? ratePpb : 0n,
      fundingIndex: fundingIndex.toString(),
    });
  }
  const sample = open
    ? premium({
        impactBid: impact.bid,
        impactAsk: impact.ask,
        oraclePrice: state.oraclePrice,
        beta: markBand(view),
      })
    : 0n;
  funding = { ...funding, premiumSumPpb: funding.premiumSumPpb + sample, premiumCount: funding.premiumCount + 1n };
  return { ...state, funding, fundingIndex };
}
