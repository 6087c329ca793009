import type { Score } from '../../gen/plimsoll/oracle/v1/oracle.js';
import { abs, billion, cdiv, max, million } from '../../runtime/math/integers.js';

/** Distance from the median that is never too far, ppm. */
const tolerancePpm = 50n * 100n;
/** Times the dispersion that is never too far. */
const toleranceDispersions = 3n;
/** Shares of the reports that were too far off, ppm. risk-model section 15.3. */
const unrewardedAbove = 50_000n;
const jailedAbove = 200_000n;
const slashedAbove = 333_333n;
/** Share of expected reports that were missing, ppm. */
const missingAbove = 500_000n;
/** Share of the reports off that lie on one side, ppm, from which they count as a bias. */
const biasFrom = 900_000n;
/** Share of the stake that a biased reporter loses, ppm. */
const slashPpm = 1_000;
/** Fewer expected reports than this are too few to judge. */
const leastExpected = 100n;

/** Is a report above or below the median by more than max(3 dispersions, 50 bp)? 1 above, -1 below, 0 within. */
export function offside(report: bigint, median: bigint, dispersionPpm: number): 1 | -1 | 0 {
  const tolerance = max(toleranceDispersions * BigInt(dispersionPpm), tolerancePpm);
  if (cdiv(abs(report - median) * billion, median) <= tolerance * 1_000n) return 0;
  return report > median ? 1 : -1;
}

/** What a window of reports costs a validator. */
export interface Verdict {
  readonly unrewarded: boolean;
  readonly jailed: boolean;
  /** Share of the stake, ppm. */
  readonly slashedPpm: number;
}

const acquitted: Verdict = { unrewarded: false, jailed: false, slashedPpm: 0 };

/** Judges a window. risk-model section 15.3. */
export function judge({ expected, reported, high, low }: Score): Verdict {
  if (expected < leastExpected) return acquitted;
  const missing = cdiv((expected - reported) * million, expected);
  const off = high + low;
  const share = reported === 0n ? 0n : cdiv(off * million, reported);
  const biased = off > 0n && max(high, low) * million >= off * biasFrom;
  const jailed = missing > missingAbove || share > jailedAbove;
  return {
    unrewarded: jailed || share > unrewardedAbove,
    jailed,
    slashedPpm: share > slashedAbove && biased ? slashPpm : 0,
  };
}
