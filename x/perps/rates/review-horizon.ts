import type { RatesParams } from '../../../gen/plimsoll/perps/v1/rates_params.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { dayMs } from '../../../runtime/baseapp/time.js';
import { max } from '../../../runtime/math/integers.js';
import { classRules } from '../classes/rules.js';
import { classFromProto } from '../codecs.js';
import { recentLatencies } from '../stress/chain/latency.js';
import { percentile99 } from '../stress/rules/latency.js';
import { stepHorizon } from './horizon.js';
import { ratesStore } from './store.js';

/**
 * Once in a UTC day: were accounts of the market closed within half its
 * horizon? Latencies are counted in blocks; what a block takes is what those
 * since the last look took on average. O(1).
 */
export function reviewHorizon(ctx: Context, market: Market, params: RatesParams): void {
  if (params.horizonReviewDays === 0) {
    ratesStore.dropHorizon(ctx, market.id);
    return;
  }
  const { timeMs, height } = ctx.block;
  const day = timeMs / dayMs;
  const known = ratesStore.horizon(ctx, market.id);
  if (known !== undefined && known.day >= day) return;
  const { horizonMinutes: least } = classRules[classFromProto(market.class)];
  const look = { marketId: market.id, day, height, timeMs };
  if (known === undefined) {
    ratesStore.setHorizon(ctx, { ...look, minutes: Number(least), steppedDay: day, calmDays: 0 });
    return;
  }
  // A chain that began anew does not know yet how long its blocks take.
  if (known.height === 0n) {
    ratesStore.setHorizon(ctx, { ...known, ...look });
    return;
  }
  const blocks = percentile99(recentLatencies(ctx, market.id, timeMs));
  const latencyMs = (blocks * (timeMs - known.timeMs)) / max(1n, height - known.height);
  const { minutes, steppedDay, calmDays } = stepHorizon(
    { ...known, minutes: BigInt(known.minutes) },
    least,
    latencyMs,
    day,
    { reviewDays: params.horizonReviewDays, calmDays: params.horizonCalmDays },
  );
  const horizon = { ...look, minutes: Number(minutes), steppedDay, calmDays };
  ratesStore.setHorizon(ctx, horizon);
  if (horizon.minutes === known.minutes) return;
  ctx.emit('plimsoll.perps.v1.EventHorizon', {
    horizon,
    previousMinutes: known.minutes,
    latencyP99Ms: latencyMs,
  });
}
