import type { ShadowForecast } from '../../../../gen/plimsoll/perps/v1/stress.js';
import type { Coverage } from '../../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../../gen/plimsoll/perps/v1/rates_params.js';
import { abs, cdiv, clamp, isqrtUp, max, million } from '../../../../runtime/math/integers.js';
import { horizons, type Verdict } from '../../volatility/index.js';

const fraction = 32n;
/** Speed of learning, and the least weight of a horizon, ppm. */
const learning = 20_000n;
const leastWeight = 10_000n;
/** Mean of the square of the farthest a random walk gets, in its variances: twice Catalan's constant, thousandths. */
const farthestSquare = 1_832n;
/** Part by which a window moves the means of forecasts. */
const meanMemory = 64n;

/** A shadow that has learned nothing: the live weights and the live kappa. */
export const newShadow = (marketId: number, { kappaPpm }: Coverage): ShadowForecast => ({
  marketId,
  windowMinute: 0n,
  windowRatePpb: 0n,
  weightsPpm: horizons.map(({ weight }) => Number(weight)),
  windows: 0n,
  exceedances: 0n,
  liveExceedances: 0n,
  meanPpb: 0n,
  liveMeanPpb: 0n,
  kappaPpm,
  windowVariances: [],
});

/** kappa standard deviations over a horizon under given weights, ppb, rounded up. */
function rateOf(variances: readonly bigint[], weights: readonly number[], kappa: number, minutes: bigint): bigint {
  let mixed = 0n;
  for (const [index, weight] of weights.entries()) mixed += BigInt(weight) * variances[index]!;
  const sigma = isqrtUp(cdiv(cdiv(mixed, million) * minutes, 1n << fraction));
  return cdiv(BigInt(kappa) * sigma, million);
}

/**
 * Weights after a window: each horizon loses by how far its variance was
 * from what prices did, |x - f| / (x + f), and all are brought back to a
 * million. A bounded stand-in for QLIKE: no logarithm, the same order. risk-model
 * section 3, learning on the horizon.
 */
export function learn(
  weights: readonly number[],
  variances: readonly bigint[],
  excursion: bigint,
  minutes: bigint,
): number[] {
  const seen = excursion * excursion * 1_000n;
  const raised = weights.map((weight, index) => {
    const expected = (variances[index]! * minutes * farthestSquare) >> fraction;
    const loss = seen + expected === 0n ? 0n : (abs(seen - expected) * million) / (seen + expected);
    return (BigInt(weight) * (million * million - learning * loss)) / million;
  });
  const sum = raised.reduce((total, each) => total + each, 0n);
  const parts = raised.map((each) => max(leastWeight, (each * million) / sum));
  // Rounding and the least weights are the affair of the largest.
  let largest = 0;
  for (const [index, part] of parts.entries()) if (part > parts[largest]!) largest = index;
  parts[largest] = parts[largest]! + million - parts.reduce((total, each) => total + each, 0n);
  return parts.map(Number);
}

/**
 * The forecast with learned weights beside the live one: judged in the same
 * windows, steered to the same coverage, so the mean of its rate says which
 * of the two needs less margin for it. It never acts.
 * @param judged the window that ended, as coverage had it before; its verdict on the live forecast
 * @param variances now, for the window that begins
 */
export function followShadow(
  shadow: ShadowForecast,
  judged: { readonly coverage: Coverage; readonly verdict: Verdict },
  next: Coverage,
  variances: readonly bigint[],
  params: RatesParams,
): ShadowForecast {
  const { coverage, verdict } = judged;
  let after = shadow;
  if (shadow.windowMinute === coverage.windowMinute && shadow.windowVariances.length === variances.length) {
    const exceeded = verdict.excursion > shadow.windowRatePpb;
    const error = (exceeded ? million : 0n) - BigInt(params.coverageTargetPpm);
    const kappa = clamp(
      BigInt(shadow.kappaPpm) + BigInt(params.coverageGain) * error,
      BigInt(params.kappaMinPpm),
      BigInt(params.kappaMaxPpm),
    );
    const minutes = BigInt(coverage.windowMinutes);
    after = {
      ...shadow,
      kappaPpm: Number(kappa),
      weightsPpm: learn(shadow.weightsPpm, shadow.windowVariances.map(BigInt), verdict.excursion, minutes),
      windows: shadow.windows + 1n,
      exceedances: shadow.exceedances + (exceeded ? 1n : 0n),
      liveExceedances: shadow.liveExceedances + (verdict.exceeded ? 1n : 0n),
      meanPpb: mean(shadow.meanPpb, shadow.windowRatePpb),
      liveMeanPpb: mean(shadow.liveMeanPpb, verdict.forecast),
    };
  }
  const minutes = BigInt(next.windowMinutes);
  return {
    ...after,
    windowMinute: next.windowMinute,
    windowVariances: variances.map(String),
    windowRatePpb: rateOf(variances, after.weightsPpm, after.kappaPpm, minutes),
  };
}

const mean = (before: bigint, value: bigint): bigint =>
  before === 0n ? value : before + cdiv(value - before, meanMemory);
