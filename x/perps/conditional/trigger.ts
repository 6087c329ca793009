import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import { ConditionalEnd, type ConditionalOrder } from '../../../gen/plimsoll/perps/v1/conditional.js';
import { type Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { AppError } from '../../../runtime/baseapp/errors.js';
import { standingOf } from '../breakers/index.js';
import type { Deps } from '../deps.js';
import { isStale, type PerpsKeeper } from '../keeper.js';
import { forMarket } from '../market-failure.js';
import { dropOrder } from '../msgs/cancel.js';
import { OrderDesk } from '../msgs/order-desk.js';
import { orderParams } from '../msgs/order-params.js';
import { abs, cdiv } from '../units/index.js';
import { plainPlacement } from './as-order.js';
import { endConditional, forgetOther, removeConditional, tellEnd, watchedPrice } from './orders.js';
import { excess, isReached } from './rules.js';
import { conditionals, frontiers, links, triggers, watchKey, type OrderId, type Watch } from './store.js';
import { emptyFrontier, follow, reachedStops } from './trailing.js';

/** A conditional order whose price was reached. */
interface Reached {
  readonly id: OrderId;
  readonly price: bigint;
  readonly excess: bigint;
  readonly market: Market;
}

/**
 * Makes orders of the conditional ones whose price was reached, at most so
 * many in a block, those first that the price went farthest beyond. What is
 * left over follows in the next blocks, also when the price comes back. A
 * quiet block looks at four ends of lists in each market. Markets that are
 * halted or without a fresh price wait.
 */
export function triggerOrders(ctx: Context, deps: Deps): void {
  const { keeper } = deps;
  const params = keeper.params(ctx);
  const bound = orderParams(params).maxTriggersPerBlock;
  const reached: Reached[] = [];
  const watched: { readonly watch: Watch; readonly price: bigint }[] = [];
  for (const market of [...keeper.allMarkets(ctx)]) {
    // Not while halted: what is reached then enters the auction that re-opens the market.
    if (['queued', 'no'].includes(standingOf(ctx, market).permits('reduce'))) continue;
    if (isStale(keeper.marketState(ctx, market.id), params, ctx.block.timeMs)) continue;
    for (const source of ['mark', 'last'] as const) {
      for (const rising of [false, true]) {
        const watch = { marketId: market.id, source, rising };
        const now = watchedPrice(ctx, keeper, watch);
        if (now === 0n) continue;
        const frontier = frontiers.get(ctx, watch)?.reachedPrice ?? 0n;
        // While reached orders are left, extremes wait: a later high is no reason to trigger what was reached before it.
        if (frontier === 0n) follow(ctx, watch, now);
        const price = frontier === 0n || isReached(rising, frontier, now) ? now : frontier;
        watched.push({ watch, price });
        // One more than fits tells whether something is left over.
        for (const found of [
          ...reachedTriggers(ctx, watch, price, bound + 1),
          ...reachedStops(ctx, watch, price, bound + 1),
        ])
          reached.push({ id: found.id, price, excess: excess(found.trigger, price), market });
      }
    }
  }
  const isFull = reached.length > bound;
  if (isFull) {
    // The list's own order breaks ties: by market, source, direction and key. Sorting keeps it.
    reached.sort((a, b) => (a.excess === b.excess ? 0 : a.excess > b.excess ? -1 : 1));
    reached.length = bound;
  }
  for (const { id, price, market } of reached)
    forMarket(market.id, 'triggers', () => trigger(ctx, deps, id, price, market));
  for (const { watch, price } of watched) noteFrontier(ctx, watch, price, isFull);
}

function reachedTriggers(
  ctx: Context,
  watch: Watch,
  price: bigint,
  bound: number,
): { readonly id: OrderId; readonly trigger: bigint }[] {
  const found: { readonly id: OrderId; readonly trigger: bigint }[] = [];
  for (const [key] of triggers.entries(ctx, watchKey(watch))) {
    if (found.length >= bound || !isReached(watch.rising, key.price, price)) break;
    found.push({ id: key.id, trigger: key.price });
  }
  return found;
}

/** Remembers a price whose triggers did not all fit, so that they trigger even if it does not come again. */
function noteFrontier(ctx: Context, watch: Watch, price: bigint, isFull: boolean): void {
  const before = frontiers.get(ctx, watch);
  const isLeft =
    isFull && (reachedTriggers(ctx, watch, price, 1).length > 0 || reachedStops(ctx, watch, price, 1).length > 0);
  const reachedPrice = isLeft ? price : 0n;
  if ((before?.reachedPrice ?? 0n) !== reachedPrice)
    frontiers.set(ctx, watch, { ...(before ?? emptyFrontier(watch)), reachedPrice });
}

/** Makes an order of a conditional one. What is refused ends, and says why: nothing is tried twice. */
function trigger(ctx: Context, deps: Deps, id: OrderId, price: bigint, market: Market): void {
  const order = conditionals.get(ctx, id);
  // Another trigger of this block may have ended it.
  if (order === undefined) return;
  removeConditional(ctx, id, order);
  try {
    ctx.atomically((inner) => {
      inner.emit('plimsoll.perps.v1.EventConditionalTriggered', {
        subaccount: order.subaccount,
        marketId: id.marketId,
        clientId: id.clientId,
        price,
      });
      afterTrigger(inner, deps.keeper, id, order);
      new OrderDesk(inner, deps, id.account).place(plainPlacement(order, sizeOf(inner, deps, id, order, market)));
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // The other one of its pair is still there: it stays alone.
    forgetOther(ctx, id, order.otherClientId);
    tellEnd(ctx, order, ConditionalEnd.CONDITIONAL_END_REJECTED, error);
  }
}

/** A conditional order triggered: the other one of its pair is cancelled, and the rest of the entry whose bracket it is. */
function afterTrigger(
  ctx: Context,
  keeper: PerpsKeeper,
  id: OrderId,
  linked: { readonly otherClientId: bigint; readonly entryClientId: bigint },
): void {
  for (const [clientId, reason] of [
    [linked.otherClientId, CancelReason.CANCEL_REASON_OTHER],
    [linked.entryClientId, CancelReason.CANCEL_REASON_EXIT],
  ] as const) {
    if (clientId === 0n) continue;
    const otherId = { ...id, clientId };
    const conditional = conditionals.get(ctx, otherId);
    if (conditional !== undefined) {
      if (conditional.otherClientId === id.clientId)
        endConditional(ctx, otherId, conditional, ConditionalEnd.CONDITIONAL_END_OTHER);
      continue;
    }
    const open = keeper.order(ctx, otherId);
    if (open !== undefined && links.has(ctx, otherId)) dropOrder(ctx, keeper, open, reason);
  }
}

/** An order for the whole position has its size, in steps rounded up: reducing ends at zero. */
function sizeOf(ctx: Context, { keeper }: Deps, id: OrderId, order: ConditionalOrder, market: Market): bigint {
  if (order.quantity !== 0n) return order.quantity;
  const held = keeper.position(ctx, id.account, id.marketId)?.quantity ?? 0n;
  return held === 0n ? market.stepSize : cdiv(abs(held), market.stepSize) * market.stepSize;
}
