import { ConditionalEnd, type OrderLink } from '../../../gen/plimsoll/perps/v1/conditional.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { algoOrderEnded, algoOrderFilled } from '../algos/orders.js';
import type { BookOrder, PerpsKeeper } from '../keeper.js';
import { subaccountId } from '../subaccount-key.js';
import { forgetExpiry } from './expiry.js';
import { endConditional, growLeg } from './orders.js';
import { conditionals, links, type OrderId } from './store.js';

/**
 * What an open order's life means to others: its fills activate its bracket,
 * cancel the other one of its pair and count towards the algorithm that sent
 * it; its end ends what waited for it. Orders on which nothing hangs cost
 * one comparison.
 */

/** Call when an order filled, with its quantity, before it is taken off. */
export function orderFilled(ctx: Context, keeper: PerpsKeeper, [at, order]: BookOrder, quantity: bigint): void {
  if (!order.linked) return;
  const id = idOfOrder(at);
  const link = links.get(ctx, id);
  if (link === undefined) return;
  for (const clientId of link.legs) growLeg(ctx, keeper, { ...id, clientId }, quantity);
  if (link.otherClientId !== 0n) {
    links.set(ctx, id, { ...link, otherClientId: 0n });
    const otherId = { ...id, clientId: link.otherClientId };
    const other = conditionals.get(ctx, otherId);
    if (other?.otherClientId === id.clientId) endConditional(ctx, otherId, other, ConditionalEnd.CONDITIONAL_END_OTHER);
  }
  if (link.algo) algoOrderFilled(ctx, id, quantity);
}

/** Call when an order has left the book, filled or not. */
export function orderGone(ctx: Context, [at, order]: BookOrder): void {
  const id = idOfOrder(at);
  forgetExpiry(ctx, id, order);
  if (!order.linked) return;
  const link = links.get(ctx, id);
  if (link === undefined) return;
  links.delete(ctx, id);
  for (const clientId of link.legs) {
    const legId = { ...id, clientId };
    const leg = conditionals.get(ctx, legId);
    if (leg === undefined) continue;
    if (leg.dormant) endConditional(ctx, legId, leg, ConditionalEnd.CONDITIONAL_END_ENTRY);
    else conditionals.set(ctx, legId, { ...leg, entryClientId: 0n });
  }
  if (link.otherClientId !== 0n) {
    const otherId = { ...id, clientId: link.otherClientId };
    const other = conditionals.get(ctx, otherId);
    if (other?.otherClientId === id.clientId) conditionals.set(ctx, otherId, { ...other, otherClientId: 0n });
  }
  if (link.algo) algoOrderEnded(ctx, id);
}

/** Adds to what hangs on an open order. */
export function link(
  ctx: Context,
  id: OrderId,
  more: Partial<Omit<OrderLink, 'subaccount' | 'marketId' | 'clientId'>>,
): void {
  const before = links.get(ctx, id) ?? {
    subaccount: subaccountId(id.account),
    marketId: id.marketId,
    clientId: id.clientId,
    legs: [],
    otherClientId: 0n,
    algo: false,
  };
  links.set(ctx, id, { ...before, ...more });
}

export const idOfOrder = ({ account, marketId, clientId }: OrderId): OrderId => ({ account, marketId, clientId });
