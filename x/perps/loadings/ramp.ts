import type { Loadings, LoadingSchedule } from '../../../gen/plimsoll/perps/v1/rates.js';
import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import { abs } from '../../../runtime/math/integers.js';

const at = (list: readonly bigint[], j: number): bigint => list[j] ?? 0n;

/**
 * The loadings of a schedule at a time, towards zero. All factors go
 * together along a line, so what they explain stays within the bound that
 * both ends keep.
 */
export function loadingsAt({ startMs, endMs, fromPpm, toPpm }: LoadingSchedule, timeMs: bigint): bigint[] {
  if (timeMs >= endMs) return [...toPpm];
  if (timeMs <= startMs) return [...fromPpm];
  // The weighted sum is divided once, and bigint division goes towards zero.
  const [gone, left] = [timeMs - startMs, endMs - timeMs];
  return toPpm.map((to, j) => (to * gone + at(fromPpm, j) * left) / (endMs - startMs));
}

/**
 * What becomes of a new estimate. Loadings that explain less are announced at
 * once: they could only be kept by granting offsets that are not there. Ones
 * that explain more must be seen for `loading_wait`, and the least of them
 * counts. Both then go a straight way after a notice, because either can
 * raise the margin of somebody: less explained of a hedge, more explained of
 * positions on one side. risk-model section 5, INV-M1.
 */
export function steerLoadings(
  loadings: Loadings,
  estimated: readonly bigint[],
  nowMs: bigint,
  params: RatesParams,
): Loadings {
  if (loadings.schedule !== undefined) return loadings;
  const held = estimated.map((_, j) => at(loadings.rhoPpm, j));
  // What of the estimate is no larger than what holds, or of the other sign.
  const kept = estimated.map((each, j) => (each > 0n === held[j]! > 0n ? towardsZero(each, held[j]!) : 0n));
  const smaller = kept.some((each, j) => each !== held[j]);
  if (smaller) return announce(loadings, kept, nowMs, params);
  if (estimated.every((each, j) => each === held[j])) {
    return loadings.trialMs === 0n ? loadings : { ...loadings, trialPpm: [], trialMs: 0n };
  }
  if (loadings.trialMs === 0n) return { ...loadings, trialPpm: [...estimated], trialMs: nowMs };
  const trial = estimated.map((each, j) => {
    const before = at(loadings.trialPpm, j);
    return each > 0n === before > 0n ? towardsZero(each, before) : held[j]!;
  });
  if (nowMs - loadings.trialMs < params.loadingWaitS * 1_000n) {
    const same = trial.every((each, j) => each === at(loadings.trialPpm, j));
    return same ? loadings : { ...loadings, trialPpm: trial };
  }
  return announce(loadings, trial, nowMs, params);
}

const towardsZero = (first: bigint, second: bigint): bigint => (abs(first) < abs(second) ? first : second);

/** Announces a way to other loadings. */
export function announce(loadings: Loadings, toPpm: readonly bigint[], nowMs: bigint, params: RatesParams): Loadings {
  const startMs = nowMs + params.loadingNoticeS * 1_000n;
  return {
    ...loadings,
    schedule: {
      announcedMs: nowMs,
      startMs,
      endMs: startMs + params.loadingRampS * 1_000n,
      fromPpm: toPpm.map((_, j) => at(loadings.rhoPpm, j)),
      toPpm: [...toPpm],
    },
    trialPpm: [],
    trialMs: 0n,
  };
}

/** The loadings that hold at a time. */
export function followLoadings(loadings: Loadings, timeMs: bigint): Loadings {
  const { schedule } = loadings;
  if (schedule === undefined || timeMs <= schedule.startMs) return loadings;
  const rhoPpm = loadingsAt(schedule, timeMs);
  return { ...loadings, rhoPpm, schedule: timeMs >= schedule.endMs ? undefined : schedule };
}
