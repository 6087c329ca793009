import type { TrailingStep } from '../../../gen/plimsoll/perps/v1/conditional.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import { u64 } from '../../../runtime/store/key.js';
import { sideToProto } from '../codecs.js';
import { isBetter, isReached, trailingTrigger, type Distance } from './rules.js';
import {
  frontiers,
  stopSide,
  trailingSteps,
  trailingStops,
  trailingUnit,
  watchKey,
  type OrderId,
  type TrailingKey,
  type Watch,
} from './store.js';
import { sourceToProto } from './words.js';

/**
 * Trailing stops without touching them when prices move. All stops of a
 * market, source and direction stand in one sequence, in the order in which
 * they began. The best price since a stop began is never better for a later
 * one, so extremes form steps along the sequence: each step names the first
 * stop that it holds for. A new best price replaces the last steps by one.
 * Stops themselves lie by distance and then by sequence: of one distance, the
 * first one triggers first, so one look tells for all.
 */

/** A trailing stop that a price has reached. */
export interface ReachedStop {
  readonly id: OrderId;
  readonly trigger: bigint;
}

/** Begins to trail at the present price. @returns its place in the sequence */
export function beginTrailing(ctx: Context, watch: Watch, distance: Distance, id: OrderId, price: bigint): bigint {
  const frontier = frontiers.get(ctx, watch) ?? emptyFrontier(watch);
  const sequence = frontier.nextSequence;
  frontiers.set(ctx, watch, { ...frontier, nextSequence: sequence + 1n });
  trailingStops.set(ctx, { ...watch, ...distance, sequence }, id);
  const last = lastStep(ctx, watch);
  // The last step may be better than the price only: the block's begin raised it to the price at least.
  if (last !== undefined && !isBetter(watch.rising, last.extremePrice, price))
    setStep(ctx, watch, { ...last, stops: last.stops + 1 });
  else setStep(ctx, watch, { ...stepBase(watch), firstSequence: sequence, extremePrice: price, stops: 1 });
  return sequence;
}

/** Ends a trailing stop's place; a step that holds for none is dropped. */
export function endTrailing(ctx: Context, watch: Watch, distance: Distance, sequence: bigint): void {
  trailingStops.delete(ctx, { ...watch, ...distance, sequence });
  const step = stepOf(ctx, watch, sequence);
  if (step.stops > 1) setStep(ctx, watch, { ...step, stops: step.stops - 1 });
  else trailingSteps.delete(ctx, { ...watch, sequence: step.firstSequence });
}

/** The best price since a stop began. */
export const extremeOf = (ctx: Context, watch: Watch, sequence: bigint): bigint =>
  stepOf(ctx, watch, sequence).extremePrice;

/** Steps in use, up to `bound` + 1: how much a later best price may have to replace. */
export function countSteps(ctx: Context, watch: Watch, bound: number): number {
  let count = 0;
  for (const _ of trailingSteps.values(ctx, watchKey(watch))) if (++count > bound) break;
  return count;
}

/** Raises every step that the price is better than. O(1), and each further step costs what making it did. */
export function follow(ctx: Context, watch: Watch, price: bigint): void {
  let merged: TrailingStep | undefined;
  for (const step of trailingSteps.values(ctx, watchKey(watch), { reverse: true })) {
    if (!isBetter(watch.rising, price, step.extremePrice)) break;
    if (merged !== undefined) trailingSteps.delete(ctx, { ...watch, sequence: merged.firstSequence });
    merged = { ...step, stops: step.stops + (merged?.stops ?? 0), extremePrice: price };
  }
  if (merged === undefined) return;
  // Joined with a step of the same price, if it meets one.
  const before = stepBefore(ctx, watch, merged.firstSequence);
  if (before?.extremePrice === price) {
    trailingSteps.delete(ctx, { ...watch, sequence: merged.firstSequence });
    merged = { ...before, stops: before.stops + merged.stops };
  }
  setStep(ctx, watch, merged);
}

/**
 * Trailing stops that the price has reached, nearest distance first, at most
 * `bound`. Looks at one stop for each distance in use that is not larger
 * than the farthest way back from an extreme.
 */
export function reachedStops(ctx: Context, watch: Watch, price: bigint, bound: number): ReachedStop[] {
  const found: ReachedStop[] = [];
  let best: bigint | undefined;
  for (const step of trailingSteps.values(ctx, watchKey(watch))) {
    best = step.extremePrice;
    break;
  }
  if (best === undefined) return found;
  for (const unit of ['ppm', 'price'] as const) {
    let next = 0n;
    search: while (found.length < bound) {
      const under = trailingUnit(watch, unit);
      let looked: TrailingKey | undefined;
      for (const [key, id] of trailingStops.entries(ctx, under, { start: under + u64(next) })) {
        if (looked === undefined) {
          // No stop is better off than the first step: from here on distances are out of reach.
          if (!isReached(watch.rising, trailingTrigger(watch.rising, key, best), price)) break search;
        } else if (key.distance !== looked.distance) break;
        looked = key;
        const trigger = trailingTrigger(watch.rising, key, extremeOf(ctx, watch, key.sequence));
        if (!isReached(watch.rising, trigger, price) || found.length >= bound) break;
        found.push({ id, trigger });
      }
      if (looked === undefined) break;
      next = looked.distance + 1n;
    }
  }
  return found;
}

export const emptyFrontier = ({ marketId, source, rising }: Watch) => ({
  marketId,
  source: sourceToProto(source),
  rising,
  nextSequence: 1n,
  reachedPrice: 0n,
});

const stepBase = ({ marketId, source, rising }: Watch) => ({
  marketId,
  source: sourceToProto(source),
  side: sideToProto(stopSide(rising)),
});

function setStep(ctx: Context, watch: Watch, step: TrailingStep): void {
  trailingSteps.set(ctx, { ...watch, sequence: step.firstSequence }, step);
}

function lastStep(ctx: Context, watch: Watch): TrailingStep | undefined {
  for (const step of trailingSteps.values(ctx, watchKey(watch), { reverse: true })) return step;
  return undefined;
}

/** The step that holds for a stop: the last one that does not begin behind it. */
function stepOf(ctx: Context, watch: Watch, sequence: bigint): TrailingStep {
  const step = stepBefore(ctx, watch, sequence + 1n);
  if (step === undefined) throw new FatalError('a trailing stop has no extreme');
  return step;
}

function stepBefore(ctx: Context, watch: Watch, sequence: bigint): TrailingStep | undefined {
  const under = watchKey(watch);
  const options = { start: under, end: under + u64(sequence), reverse: true };
  for (const [, step] of trailingSteps.entries(ctx, under, options)) return step;
  return undefined;
}
