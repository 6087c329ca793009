import type { Volatility } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import { cdiv, max, million } from '../../../runtime/math/integers.js';
import { ppb, type MarketId, type Ppb } from '../types.js';
import { judgeWindow, openWindow, startExcess, widen, type Verdict } from './coverage.js';
import { addReturn, returnOf, sigmaOver, variancesFor } from './variance.js';

export const msPerMinute = 60_000n;
/** A jump fades by 1 / 14,544 in a minute: a half-life of 7 days. */
const jumpMemory = 14_544n;

/**
 * What a market begins with: variances as if the rate it was listed with had
 * been measured. They fade as returns come in, the slowest over weeks, so a
 * new market's rates start where listing put them and come down with evidence.
 */
export function newVolatility(marketId: MarketId, rate: Ppb, minutes: bigint, params: RatesParams): Volatility {
  const kappaPpm = params.kappaStartPpm;
  return {
    marketId,
    minute: 0n,
    price: 0n,
    priceMs: 0n,
    variances: variancesFor(rate, BigInt(kappaPpm), minutes).map(String),
    jumpPpb: 0n,
    returns: 0n,
    coverage: {
      kappaPpm,
      excessPpm: startExcess,
      windowMinute: 0n,
      windowPrice: 0n,
      windowRatePpb: 0n,
      windowLow: 0n,
      windowHigh: 0n,
      windowMinutes: 0,
      windows: 0n,
      exceedances: 0n,
      pinnedWindows: 0,
    },
  };
}

/** An oracle price when it was accepted. */
export interface Accepted {
  readonly price: bigint;
  readonly timeMs: bigint;
}

export interface Measured {
  readonly volatility: Volatility;
  /** True when a minute ended, so that forecasts changed. */
  readonly minuteEnded: boolean;
  /** Of the window that ended with this price, if one did. */
  readonly verdict: Verdict | undefined;
}

/**
 * Takes an accepted price in: between minutes it only widens the window;
 * the first one of a minute ends the minutes before it. When several ended,
 * the whole return counts for the first of them and the others stood still
 * (risk-model section 3). A silence longer than `staleMs` teaches nothing:
 * nothing fades in it and its window is not judged.
 * @param minutes horizon of the market's class
 */
export function measure(
  before: Volatility,
  { price, timeMs }: Accepted,
  { staleMs, minutes, params }: { readonly staleMs: bigint; readonly minutes: bigint; readonly params: RatesParams },
): Measured {
  const minute = timeMs / msPerMinute;
  const restart = (volatility: Volatility): Volatility => ({
    ...volatility,
    coverage: openWindow(volatility.coverage!, { minute, price, forecast: forecast(volatility, minutes), minutes }),
  });
  if (before.price === 0n) {
    return {
      volatility: restart({ ...before, minute, price, priceMs: timeMs }),
      minuteEnded: false,
      verdict: undefined,
    };
  }
  const coverage = widen(before.coverage!, price);
  if (minute <= before.minute) {
    const volatility = coverage === before.coverage ? before : { ...before, coverage };
    return { volatility, minuteEnded: false, verdict: undefined };
  }
  const stood = minute - before.minute - 1n;
  const silent = stood * msPerMinute > staleMs;
  const moved = returnOf(before.price, price);
  let variances = addReturn(before.variances.map(BigInt), moved);
  let jump = nextJump(before.jumpPpb, moved);
  for (let quiet = 0n; !silent && quiet < stood; quiet++) {
    variances = addReturn(variances, ppb(0n));
    jump = nextJump(jump, ppb(0n));
  }
  const after: Volatility = {
    ...before,
    minute,
    price,
    priceMs: timeMs,
    variances: variances.map(String),
    jumpPpb: jump,
    returns: before.returns + 1n,
    coverage,
  };
  if (silent) return { volatility: restart(after), minuteEnded: true, verdict: undefined };
  if (minute < coverage.windowMinute + BigInt(coverage.windowMinutes))
    return { volatility: after, minuteEnded: true, verdict: undefined };
  const judged = judgeWindow(coverage, params);
  return { volatility: restart({ ...after, coverage: judged.coverage }), minuteEnded: true, verdict: judged.verdict };
}

const nextJump = (jump: bigint, moved: Ppb): Ppb => ppb(max(moved, jump - cdiv(jump, jumpMemory)));

/** mVar: kappa standard deviations over a horizon, rounded up. Feeds maintenance. */
export function forecast(volatility: Volatility, minutes: bigint): Ppb {
  const sigma = sigmaOf(volatility, minutes);
  return ppb(cdiv(BigInt(volatility.coverage!.kappaPpm) * sigma, million));
}

/** mStar: the forecast, or the largest remembered jump. Feeds opening only. */
export const forecastWithJumps = (volatility: Volatility, minutes: bigint): Ppb =>
  ppb(max(forecast(volatility, minutes), volatility.jumpPpb));

/** Standard deviation forecast for so many minutes, ppb; one minute is what breakers compare moves with. */
export const sigmaOf = (volatility: Volatility, minutes: bigint): Ppb =>
  sigmaOver(volatility.variances.map(BigInt), minutes);
