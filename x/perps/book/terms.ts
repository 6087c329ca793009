import { base } from '../types.js';
import { min } from '../units/index.js';
import type { RestingOrder } from '../codecs.js';
import type { BookOrder } from './store.js';

/** An order of which less is left: an iceberg gives up what it hides first. */
export const withRemaining = (order: RestingOrder, remaining: bigint): RestingOrder => ({
  ...order,
  remaining: base(remaining),
  displayed: min(order.displayed, remaining),
});

/**
 * An order after a fill, with what it shows and where it stands. An iceberg
 * of which all that it showed is filled shows its next part, which enters
 * the book in this block.
 * @param quantity less than what is left
 */
export function afterFill([at, order]: BookOrder, quantity: bigint, height: bigint): BookOrder {
  const remaining = base(order.remaining - quantity);
  if (order.displayQuantity === 0n) return [at, { ...order, remaining }];
  if (quantity < order.displayed) return [at, { ...order, remaining, displayed: order.displayed - quantity }];
  return [
    { ...at, height },
    { ...order, remaining, displayed: min(order.displayQuantity, remaining) },
  ];
}
