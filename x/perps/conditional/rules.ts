import { TriggerKind, TriggerSource, type ConditionalOrder } from '../../../gen/plimsoll/perps/v1/conditional.js';
import { Side } from '../../../gen/plimsoll/perps/v1/types.js';
import { cdiv, fdiv, million } from '../../../runtime/math/integers.js';
import type { Watch } from './store.js';

/** When triggers are reached: pure. */

type Triggered = Pick<ConditionalOrder, 'marketId' | 'side' | 'kind' | 'triggerSource'>;

/** The prices that an order watches. Stops wait for the price to move against the position they close, take-profits for the other way. */
export function watchOf({ marketId, side, kind, triggerSource }: Triggered): Watch {
  const buys = side === Side.SIDE_BUY;
  return {
    marketId,
    source: triggerSource === TriggerSource.TRIGGER_SOURCE_LAST ? 'last' : 'mark',
    rising: kind === TriggerKind.TRIGGER_KIND_TAKE_PROFIT ? !buys : buys,
  };
}

/** Is a fixed trigger reached at this price? */
export const isReached = (rising: boolean, trigger: bigint, price: bigint): boolean =>
  rising ? price >= trigger : price <= trigger;

/** A trailing stop's distance: parts per million of its extreme, or price units. */
export interface Distance {
  readonly unit: 'ppm' | 'price';
  readonly distance: bigint;
}

export const distanceOf = (order: Pick<ConditionalOrder, 'trailingPpm' | 'trailingDistance'>): Distance =>
  order.trailingPpm !== 0
    ? { unit: 'ppm', distance: BigInt(order.trailingPpm) }
    : { unit: 'price', distance: order.trailingDistance };

/**
 * The price that triggers a trailing stop, given the best price since it was
 * placed: on the far side of it by the distance, rounded away from it, so
 * that it triggers no sooner than its distance says.
 */
export function trailingTrigger(rising: boolean, { unit, distance }: Distance, extreme: bigint): bigint {
  if (unit === 'price') return rising ? extreme + distance : extreme - distance;
  return rising ? cdiv(extreme * (million + distance), million) : fdiv(extreme * (million - distance), million);
}

/** Is a better than b for who follows it: highs for stops that wait for falling prices, lows for rising. */
export const isBetter = (rising: boolean, a: bigint, b: bigint): boolean => (rising ? a < b : a > b);

/** Trailing distances have at most so many significant digits: few distinct ones keep a block's search short. */
export const significantDigits = 3;

/** True for 1 to 999 times a power of ten. */
export function isRound(value: bigint): boolean {
  let rest = value;
  while (rest !== 0n && rest % 10n === 0n) rest /= 10n;
  return rest > 0n && rest < 1_000n;
}

/** How far a price went beyond a trigger, ppm of the trigger, rounded down: the worst comes first. */
export const excess = (trigger: bigint, price: bigint): bigint =>
  trigger === 0n ? 0n : ((price > trigger ? price - trigger : trigger - price) * million) / trigger;
