import type { Price, Statistics } from '../../gen/plimsoll/oracle/v1/oracle.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { cdiv, fdiv } from '../../runtime/math/integers.js';
import { depthHours, lowestTenth, median, msPerHour } from './depth.js';
import type { OracleKeeper } from './keeper.js';
import { addStanding, average, twapMinutes } from './twap.js';

const none = (pairId: number): Statistics => ({
  pairId,
  twap: 0n,
  minute: 0n,
  priceMs: '0',
  coveredMs: 0n,
  hour: 0n,
  depthSum: 0n,
  depthCount: 0n,
  depthP10Usd: 0n,
  dispersionSum: 0n,
  sourcesSum: 0n,
  hours: 0,
  dispersionPpm: 0,
  sourcesP10: 0,
});

/**
 * Adds a block's accepted price to the pair's averages. Constant work,
 * besides 30 entries when a minute ends and 720 when an hour does.
 */
export function gather(ctx: Context, keeper: OracleKeeper, before: Price | undefined, price: Price): void {
  const known = keeper.statistics(ctx, price.pairId) ?? none(price.pairId);
  keeper.setStatistics(ctx, gatherDepth(ctx, keeper, gatherTwap(ctx, keeper, known, before, price), price));
}

function gatherTwap(
  ctx: Context,
  keeper: OracleKeeper,
  known: Statistics,
  before: Price | undefined,
  { pairId, timeMs }: Price,
): Statistics {
  const { sum, ended } = addStanding(
    { minute: known.minute, priceMs: BigInt(known.priceMs), coveredMs: known.coveredMs },
    before?.price ?? 0n,
    before?.timeMs ?? timeMs,
    timeMs,
  );
  let { twap } = known;
  if (ended !== undefined) {
    keeper.setMinute(ctx, { pairId, ...ended });
    const kept = [];
    for (const minute of [...keeper.minutes(ctx, pairId)]) {
      if (minute.minute + twapMinutes <= ended.minute) keeper.removeMinute(ctx, minute);
      else kept.push(minute);
    }
    twap = average(kept);
  }
  return { ...known, twap, minute: sum.minute, priceMs: sum.priceMs.toString(), coveredMs: sum.coveredMs };
}

function gatherDepth(
  ctx: Context,
  keeper: OracleKeeper,
  known: Statistics,
  { pairId, timeMs, depthUsd, dispersionPpm, sources }: Price,
): Statistics {
  const hour = timeMs / msPerHour;
  let { depthSum, depthCount, dispersionSum, sourcesSum } = known;
  let judged: Partial<Statistics> = {};
  if (hour > known.hour) {
    if (depthCount > 0n) {
      keeper.setHour(ctx, {
        pairId,
        hour: known.hour,
        depthUsd: fdiv(depthSum, depthCount),
        dispersionPpm: Number(cdiv(dispersionSum, depthCount)),
        sources: Number(fdiv(sourcesSum, depthCount)),
      });
      const kept = [];
      for (const each of [...keeper.hours(ctx, pairId)]) {
        if (each.hour + depthHours <= known.hour) keeper.removeHour(ctx, each);
        else kept.push(each);
      }
      judged = {
        hours: kept.length,
        depthP10Usd: lowestTenth(kept.map((each) => each.depthUsd)),
        dispersionPpm: Number(median(kept.map((each) => BigInt(each.dispersionPpm)))),
        sourcesP10: Number(lowestTenth(kept.map((each) => BigInt(each.sources)))),
      };
    }
    depthSum = 0n;
    depthCount = 0n;
    dispersionSum = 0n;
    sourcesSum = 0n;
  }
  if (depthUsd > 0n) {
    depthSum += depthUsd;
    depthCount += 1n;
    dispersionSum += BigInt(dispersionPpm);
    sourcesSum += BigInt(sources);
  }
  return { ...known, ...judged, hour, depthSum, depthCount, dispersionSum, sourcesSum };
}
