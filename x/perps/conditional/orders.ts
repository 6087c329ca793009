import type { ConditionalEnd } from '../../../gen/plimsoll/perps/v1/conditional.js';
import { TriggerKind, type ConditionalOrder } from '../../../gen/plimsoll/perps/v1/conditional.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { AppError } from '../../../runtime/baseapp/errors.js';
import { u32 } from '../../../runtime/store/key.js';
import { fromBech32 } from '../../../runtime/crypto/address.js';
import type { PerpsKeeper } from '../keeper.js';
import { subaccountKey } from '../subaccount-key.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { forgetExpiry, watchExpiry } from './expiry.js';
import { distanceOf, trailingTrigger, watchOf } from './rules.js';
import { conditionals, links, triggers, type OrderId, type Watch } from './store.js';
import { beginTrailing, endTrailing, extremeOf } from './trailing.js';

/** Conditional orders in state: kept, armed, disarmed and ended. Whether one may be placed is decided in place.ts. */

export const idOfConditional = ({ subaccount, marketId, clientId }: ConditionalOrder): OrderId => ({
  account: subaccountKey(fromBech32(subaccount!.owner), subaccount!.number),
  marketId,
  clientId,
});

/** An account's conditional orders by market and client id; of one market when given. */
export const conditionalsOf = (
  ctx: Context,
  account: SubaccountKey,
  market?: MarketId,
): Iterable<readonly [OrderId, ConditionalOrder]> =>
  conditionals.entries(ctx, market === undefined ? account : account + u32(market));

/** The price that a watch watches; zero when there is none yet. */
export function watchedPrice(ctx: Context, keeper: PerpsKeeper, { marketId, source }: Watch): bigint {
  const { markPrice, lastClearingPrice } = keeper.marketState(ctx, marketId);
  return source === 'mark' ? markPrice : lastClearingPrice;
}

/** Keeps an order and, unless it waits for its entry, watches for its trigger. */
export function keepConditional(
  ctx: Context,
  keeper: PerpsKeeper,
  id: OrderId,
  order: ConditionalOrder,
): ConditionalOrder {
  watchExpiry(ctx, id, order);
  const kept = order.dormant ? order : arm(ctx, keeper, id, order);
  conditionals.set(ctx, id, kept);
  return kept;
}

/** A bracket's leg grows by what its entry filled; the first fill arms it. */
export function growLeg(ctx: Context, keeper: PerpsKeeper, id: OrderId, filled: bigint): void {
  const leg = conditionals.get(ctx, id);
  if (leg === undefined) return;
  const grown = { ...leg, quantity: leg.quantity + filled, dormant: false };
  conditionals.set(ctx, id, leg.dormant ? arm(ctx, keeper, id, grown) : grown);
}

/** Takes an order out of state without a word: it becomes an order, or its end is told by `endConditional`. */
export function removeConditional(ctx: Context, id: OrderId, order: ConditionalOrder): void {
  forgetExpiry(ctx, id, order);
  if (!order.dormant) {
    const watch = watchOf(order);
    if (order.kind === TriggerKind.TRIGGER_KIND_TRAILING_STOP)
      endTrailing(ctx, watch, distanceOf(order), order.sequence);
    else triggers.delete(ctx, { ...watch, price: order.triggerPrice, id });
  }
  conditionals.delete(ctx, id);
}

/** Ends an order that never became one, and says why. What hangs on it stays, and forgets it. */
export function endConditional(
  ctx: Context,
  id: OrderId,
  order: ConditionalOrder,
  reason: ConditionalEnd,
  error?: AppError,
): void {
  removeConditional(ctx, id, order);
  forgetOther(ctx, id, order.otherClientId);
  tellEnd(ctx, order, reason, error);
}

export function tellEnd(ctx: Context, order: ConditionalOrder, reason: ConditionalEnd, error?: AppError): void {
  ctx.emit('plimsoll.perps.v1.EventConditionalEnded', {
    subaccount: order.subaccount,
    marketId: order.marketId,
    clientId: order.clientId,
    reason,
    code: error?.code ?? 0,
    codespace: error?.codespace ?? '',
    log: error?.message ?? '',
  });
}

/** The other one of a pair stays, alone. */
export function forgetOther(ctx: Context, id: OrderId, otherClientId: bigint): void {
  if (otherClientId === 0n) return;
  const otherId = { ...id, clientId: otherClientId };
  const other = conditionals.get(ctx, otherId);
  if (other?.otherClientId === id.clientId) conditionals.set(ctx, otherId, { ...other, otherClientId: 0n });
  const open = links.get(ctx, otherId);
  if (open?.otherClientId === id.clientId) links.set(ctx, otherId, { ...open, otherClientId: 0n });
}

/** The price that triggers an order now; zero while it is dormant. */
export function triggerPriceOf(ctx: Context, order: ConditionalOrder): bigint {
  if (order.dormant) return 0n;
  if (order.kind !== TriggerKind.TRIGGER_KIND_TRAILING_STOP) return order.triggerPrice;
  const watch = watchOf(order);
  return trailingTrigger(watch.rising, distanceOf(order), extremeOf(ctx, watch, order.sequence));
}

function arm(ctx: Context, keeper: PerpsKeeper, id: OrderId, order: ConditionalOrder): ConditionalOrder {
  const watch = watchOf(order);
  if (order.kind !== TriggerKind.TRIGGER_KIND_TRAILING_STOP) {
    triggers.set(ctx, { ...watch, price: order.triggerPrice, id }, true);
    return order;
  }
  return { ...order, sequence: beginTrailing(ctx, watch, distanceOf(order), id, watchedPrice(ctx, keeper, watch)) };
}
