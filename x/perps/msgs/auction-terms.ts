import { TimeInForce, type Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { OrderPlacement } from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { BookOrder } from '../book/store.js';
import { standingOf } from '../breakers/index.js';
import type { RestingOrder } from '../codecs.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { min } from '../units/index.js';

/** What an order asks of the auction beyond price and quantity. docs/matching.md */
export type AuctionTerms = Pick<RestingOrder, 'postOnly' | 'allOrNone' | 'selfTrade' | 'displayQuantity' | 'displayed'>;

/** True for orders that no block leaves on the book: immediate-or-cancel and fill-or-kill. */
export const endsWithBlock = ({ timeInForce }: Pick<RestingOrder, 'timeInForce'>): boolean =>
  timeInForce === TimeInForce.TIME_IN_FORCE_IOC || timeInForce === TimeInForce.TIME_IN_FORCE_FOK;

/** @throws perps/12, perps/51, perps/52 */
export function requireAuctionTerms(msg: OrderPlacement, market: Market): void {
  const ends = endsWithBlock(msg) || msg.timeInForce === TimeInForce.TIME_IN_FORCE_UNSPECIFIED;
  if (msg.postOnly && ends)
    throw errors.contradictoryOrder('post_only: an order that ends with its block can only take; use one that rests');
  if (msg.allOrNone && ends)
    throw errors.contradictoryOrder('all_or_none: use TIME_IN_FORCE_FOK for one block, or an order that rests');
  const { displayQuantity } = msg;
  if (displayQuantity === 0n) return;
  if (ends || msg.allOrNone)
    throw errors.contradictoryOrder('display_quantity: only orders that rest and may fill in parts can hide a part');
  if (displayQuantity % market.stepSize !== 0n)
    throw errors.offStep(`display_quantity: ${displayQuantity}; the step of ${market.ticker} is ${market.stepSize}`);
  // Fewer, larger parts: each new part is a change of the book.
  if (displayQuantity > msg.quantity || displayQuantity * maxParts < msg.quantity)
    throw errors.invalidDisplay(
      `display_quantity: ${displayQuantity}; expected ${(msg.quantity + maxParts - 1n) / maxParts} to ${msg.quantity}`,
    );
}

/** Parts that an iceberg may have at most. */
const maxParts = 100n;

/** The terms as the order keeps them. */
export function auctionTerms(msg: OrderPlacement): AuctionTerms {
  return {
    postOnly: msg.postOnly,
    allOrNone: msg.allOrNone,
    selfTrade: msg.selfTradePrevention,
    displayQuantity: msg.displayQuantity,
    displayed: min(msg.displayQuantity, msg.quantity),
  };
}

/**
 * Refuses a post-only order that crosses an order of another owner in the
 * book that the last block left: what this block changes may not decide,
 * because the order of transactions would. Whether it takes is decided by
 * the auction. O(own orders that cross)
 * @throws perps/50
 */
export function requireRoomToRest(ctx: Context, { keeper }: Deps, [at, order]: BookOrder): void {
  if (!order.postOnly) return;
  // In a call auction nobody makes and nobody takes.
  if (standingOf(ctx, keeper.market(ctx, at.marketId)!).collects) return;
  const [other, crosses] =
    at.side === 'buy'
      ? (['sell', (price: bigint) => price <= at.price] as const)
      : (['buy', (price: bigint) => price >= at.price] as const);
  const owner = at.account.slice(0, 20);
  for (const level of keeper.books.committed(ctx).market(at.marketId)?.levels(other) ?? []) {
    if (!crosses(level.price)) return;
    if (level.orders().some((each) => each.owner !== owner))
      throw errors.wouldTake(
        `price: ${at.price}; the book has a ${other} at ${level.price}: a ${at.side} that only makes must be ${other === 'sell' ? 'below' : 'above'} it`,
      );
  }
}
