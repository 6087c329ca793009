import { ladder } from '../compare/setup.js';

/** What a market order got. USD. */
export interface Sold {
  /** Base units. */
  readonly quantity: number;
  /** What they brought, or cost. */
  readonly quote: number;
}

/** The book of one step: full at its beginning, shared by all who come in it. */
export class StepBook {
  readonly #sides: Record<'bids' | 'asks', { price: number; left: number }[]>;

  constructor(price: number, depth: number) {
    const side = (sign: number): { price: number; left: number }[] =>
      ladder(depth).map(([distance, notional]) => ({
        price: price * (1 + sign * distance),
        left: notional / price,
      }));
    this.#sides = { bids: side(-1), asks: side(1) };
  }

  /**
   * Sells into bids at the limit or above it, or buys from asks at the limit or below it.
   * @param onePrice all at the price of the last quote taken, not each part at its own
   */
  take(sell: boolean, quantity: number, limit: number, onePrice = false): Sold {
    let left = quantity;
    let quote = 0;
    let last = 0;
    for (const level of this.#sides[sell ? 'bids' : 'asks']) {
      if (left <= 0 || (sell ? level.price < limit : level.price > limit)) break;
      const part = Math.min(left, level.left);
      level.left -= part;
      left -= part;
      quote += part * level.price;
      last = level.price;
    }
    return { quantity: quantity - left, quote: onePrice ? (quantity - left) * last : quote };
  }
}
