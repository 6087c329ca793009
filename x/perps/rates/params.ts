import type { ClassThresholds, RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import { errors } from '../errors.js';

const threshold = (depthUsd: bigint, sources: number, dispersionPpm: number): ClassThresholds => ({
  depthUsd,
  sources,
  dispersionPpm,
  marketCapUsd: 0n,
  daysListed: 0,
});

/** Defaults of risk-model sections 2 to 5. */
export const defaultRatesParams: RatesParams = {
  coverageTargetPpm: 1_000,
  coverageGain: 2,
  kappaStartPpm: 6_000_000,
  kappaMinPpm: 3_500_000,
  kappaMaxPpm: 12_000_000,
  raiseThresholdPpm: 50_000,
  cutThresholdPpm: 800_000,
  cutWaitS: 21_600n,
  raiseNoticeAbS: 600n,
  raiseNoticeCdS: 1_200n,
  raiseSlopePpm: 100_000,
  cutSlopePpm: 20_000,
  atRiskAccountsPerBlock: 2_000,
  // Dispersion: a quarter of beta, half of the floor, as breaker B3b lets go of it.
  classA: threshold(50_000_000n, 6, 1_562),
  classB: threshold(5_000_000n, 5, 3_125),
  classC: threshold(250_000n, 4, 6_250),
  minStatisticsHours: 168,
  // A day for the end of offsets after its announcement of an hour, and an hour to spare.
  demotionNoticeS: 93_600n,
  promotionDays: 30,
  index: [
    { ticker: 'BTC-USD', weightPpm: 600_000 },
    { ticker: 'ETH-USD', weightPpm: 400_000 },
  ],
  loadingHaircutPpm: 100_000,
  loadingCapPpm: 950_000,
  loadingStepPpm: 50_000,
  // The longer of the two half-lives: 20 days.
  loadingMinReturns: 5_760,
  loadingWaitS: 604_800n,
  loadingNoticeS: 3_600n,
  loadingRampS: 86_400n,
  horizonReviewDays: 7,
  horizonCalmDays: 30,
};

/** Between the end of a market's offsets and its demotion, so that the five minutes until they are looked at do not matter. */
const leastSpareS = 600n;

/** Bounds of risk-model section 23. @throws perps/25 naming the field */
export function validateRatesParams(value: RatesParams | undefined): void {
  if (value === undefined) throw errors.invalidParams('rates: missing');
  const range = (field: string, given: number | bigint, low: number | bigint, high: number | bigint): void => {
    if (given < low || given > high) throw errors.invalidParams(`rates.${field}: ${given}; expected ${low} to ${high}`);
  };
  if (value.horizonReviewDays !== 0) range('horizon_review_days', value.horizonReviewDays, 7, 90);
  range('horizon_calm_days', value.horizonCalmDays, 0, 365);
  range('coverage_target_ppm', value.coverageTargetPpm, 100, 50_000);
  range('coverage_gain', value.coverageGain, 1, 10);
  range('kappa_min_ppm', value.kappaMinPpm, 3_500_000, 12_000_000);
  range('kappa_max_ppm', value.kappaMaxPpm, value.kappaMinPpm, 12_000_000);
  range('kappa_start_ppm', value.kappaStartPpm, value.kappaMinPpm, value.kappaMaxPpm);
  range('raise_threshold_ppm', value.raiseThresholdPpm, 10_000, 200_000);
  range('cut_threshold_ppm', value.cutThresholdPpm, 500_000, 950_000);
  range('cut_wait_s', value.cutWaitS, 3_600n, 604_800n);
  range('raise_notice_ab_s', value.raiseNoticeAbS, 300n, 86_400n);
  range('raise_notice_cd_s', value.raiseNoticeCdS, 300n, 86_400n);
  range('raise_slope_ppm', value.raiseSlopePpm, 10_000, 100_000);
  range('cut_slope_ppm', value.cutSlopePpm, 1_000, 100_000);
  range('at_risk_accounts_per_block', value.atRiskAccountsPerBlock, 0, 20_000);
  for (const [field, thresholds] of [
    ['class_a', value.classA],
    ['class_b', value.classB],
    ['class_c', value.classC],
  ] as const) {
    if (thresholds === undefined) throw errors.invalidParams(`rates.${field}: missing`);
    range(`${field}.depth_usd`, thresholds.depthUsd, 1n, 1n << 50n);
    range(`${field}.sources`, thresholds.sources, 1, 50);
    range(`${field}.dispersion_ppm`, thresholds.dispersionPpm, 100, 1_000_000);
    range(`${field}.days_listed`, thresholds.daysListed, 0, 3_650);
  }
  range('min_statistics_hours', value.minStatisticsHours, 24, 720);
  range('demotion_notice_s', value.demotionNoticeS, 86_400n, 1_209_600n);
  range('promotion_days', value.promotionDays, 30, 365);
  if (value.index.length > 10) throw errors.invalidParams(`rates.index: ${value.index.length} entries; at most 10`);
  const weights = value.index.reduce((sum, { weightPpm }) => sum + weightPpm, 0);
  if (value.index.length > 0 && weights !== 1_000_000)
    throw errors.invalidParams(`rates.index: weights add up to ${weights}; expected 1000000`);
  range('loading_haircut_ppm', value.loadingHaircutPpm, 0, 1_000_000);
  range('loading_cap_ppm', value.loadingCapPpm, 0, 950_000);
  range('loading_step_ppm', value.loadingStepPpm, 1, 950_000);
  range('loading_min_returns', value.loadingMinReturns, 288, 1_000_000);
  range('loading_wait_s', value.loadingWaitS, 86_400n, 7_776_000n);
  range('loading_notice_s', value.loadingNoticeS, 300n, 604_800n);
  range('loading_ramp_s', value.loadingRampS, 3_600n, 2_592_000n);
  const offsetsEndS = value.loadingNoticeS + value.loadingRampS + leastSpareS;
  if (value.demotionNoticeS < offsetsEndS)
    throw errors.invalidParams(
      `rates.demotion_notice_s: ${value.demotionNoticeS}; at least ${offsetsEndS}, so that offsets have ended when the class does`,
    );
}
