import { TriggerKind, TriggerSource, type ConditionalOrder } from '../../../gen/plimsoll/perps/v1/conditional.js';
import type {
  MsgPlaceConditionalOrder,
  MsgPlaceConditionalOrderResponse,
  OrderPlacement,
} from '../../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, TimeInForce, type Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { closedToOpening, requireThawed, standingOf } from '../breakers/index.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { requireMarket, requireSubaccountKey } from '../msgs/common.js';
import { OrderDesk } from '../msgs/order-desk.js';
import { requireAhead } from '../msgs/order-expiry.js';
import { requireForm } from '../msgs/order-form.js';
import { orderParams } from '../msgs/order-params.js';
import { subaccountId } from '../subaccount-key.js';
import { plainPlacement } from './as-order.js';
import { requireTriggerForm } from './form.js';
import { link, idOfOrder } from './links.js';
import { keepConditional, watchedPrice } from './orders.js';
import {
  pairConditional,
  requireConditionalRoom,
  requireFreeConditional,
  requireFreeId,
  requireFreeOrder,
} from './room.js';
import { isReached, watchOf } from './rules.js';
import { frontiers, type OrderId } from './store.js';
import { countSteps } from './trailing.js';

/** Leaves an order with the chain that enters the book when a price is reached. Its margin is looked at then. */
export function placeConditionalOrder(
  ctx: Context,
  deps: Deps,
  msg: MsgPlaceConditionalOrder,
): MsgPlaceConditionalOrderResponse {
  const { keeper } = deps;
  keeper.requireRunning(ctx);
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  // No margin is asked for while it waits, so nothing else would notice.
  if (keeper.subaccount(ctx, account) === undefined) throw errors.subaccountNotFound('nothing was ever deposited here');
  const market = requireMarket(ctx, deps, msg.marketId);
  const standing = standingOf(ctx, market);
  requireThawed(standing, market);
  if (standing.permits('reduce') === 'no') throw errors.marketClosed(`${market.ticker} is halted`);
  if (msg.mayOpen && standing.permits('open') === 'no')
    throw errors.marketClosed(closedToOpening(market.ticker, standing.mode));
  const params = keeper.params(ctx);
  const own = orderParams(params);
  const order = conditionalOf(msg, market, account, ctx.block.height);
  requireTriggerForm(msg, market);
  requireForm(formOf(order, market), market);
  if (msg.maxSlippagePpm > params.maxSlippagePpm)
    throw errors.priceTooFar(`max_slippage_ppm: ${msg.maxSlippagePpm}; at most ${params.maxSlippagePpm}`);
  if (msg.quantity === 0n && msg.mayOpen)
    throw errors.invalidOrder(
      'quantity: must be positive; only a reduce-only order may close the whole position by zero',
    );
  requireAhead(msg, ctx.block, own);
  requireOrderExpiry(msg);
  requireQuietTrigger(ctx, deps, order, own.maxTrailingSteps);

  const id: OrderId = { account, marketId: msg.marketId, clientId: msg.clientId };
  const desk = new OrderDesk(ctx, deps, account);
  if (desk.find(msg) !== undefined)
    throw errors.duplicateClientId(`client_id: ${msg.clientId} names an open order of this market`);
  requireFreeId(ctx, id);
  requireConditionalRoom(ctx, params, account, desk.equity, 1);
  const { otherClientId } = msg;
  const open = otherClientId === 0n ? undefined : desk.find({ marketId: msg.marketId, clientId: otherClientId });
  if (open === undefined) {
    if (otherClientId !== 0n) requireFreeConditional(ctx, id, otherClientId);
  } else requireFreeOrder(ctx, id, idOfOrder(open[0]));

  const kept = keepConditional(ctx, keeper, id, order);
  if (open !== undefined) {
    keeper.setOrder(ctx, open[0], { ...open[1], linked: true });
    link(ctx, idOfOrder(open[0]), { otherClientId: msg.clientId });
  } else if (otherClientId !== 0n) pairConditional(ctx, id, otherClientId);
  ctx.emit('plimsoll.perps.v1.EventConditionalPlaced', { order: kept });
  return { order: kept };
}

function conditionalOf(
  msg: MsgPlaceConditionalOrder,
  market: Market,
  account: string,
  height: bigint,
): ConditionalOrder {
  const isMarket = msg.type === OrderType.ORDER_TYPE_MARKET;
  return {
    subaccount: subaccountId(account),
    marketId: market.id,
    clientId: msg.clientId,
    side: msg.side,
    kind: msg.kind,
    triggerSource:
      msg.triggerSource === TriggerSource.TRIGGER_SOURCE_LAST
        ? TriggerSource.TRIGGER_SOURCE_LAST
        : TriggerSource.TRIGGER_SOURCE_MARK,
    triggerPrice: msg.triggerPrice,
    trailingPpm: msg.trailingPpm,
    trailingDistance: msg.trailingDistance,
    type: msg.type,
    quantity: msg.quantity,
    price: msg.price,
    maxSlippagePpm: msg.maxSlippagePpm,
    timeInForce:
      isMarket && msg.timeInForce === TimeInForce.TIME_IN_FORCE_UNSPECIFIED
        ? TimeInForce.TIME_IN_FORCE_IOC
        : msg.timeInForce,
    mayOpen: msg.mayOpen,
    goodTilTimeMs: msg.goodTilTimeMs,
    goodTilBlock: msg.goodTilBlock,
    otherClientId: msg.otherClientId,
    entryClientId: 0n,
    dormant: false,
    placedHeight: height,
    sequence: 0n,
  };
}

/** The order it becomes, for a look at its form; one that closes the whole position has a size by then. */
function formOf(order: ConditionalOrder, market: Market): OrderPlacement {
  return plainPlacement(order, order.quantity === 0n ? market.stepSize : order.quantity);
}

/** @throws perps/61 */
function requireOrderExpiry({ timeInForce, goodTilTimeMs, goodTilBlock }: MsgPlaceConditionalOrder): void {
  if (timeInForce === TimeInForce.TIME_IN_FORCE_GTT && goodTilTimeMs === 0n)
    throw errors.expiryMismatch('good_til_time_ms: TIME_IN_FORCE_GTT needs one');
  if (timeInForce === TimeInForce.TIME_IN_FORCE_GTB && goodTilBlock === 0n)
    throw errors.expiryMismatch('good_til_block: TIME_IN_FORCE_GTB needs one');
}

/** Is the trigger ahead of the price it watches, and is nothing before it waiting to be worked off? @throws perps/7, perps/64, perps/66, perps/68 */
function requireQuietTrigger(ctx: Context, { keeper }: Deps, order: ConditionalOrder, maxSteps: number): void {
  const watch = watchOf(order);
  const price = watchedPrice(ctx, keeper, watch);
  if (price === 0n) {
    if (watch.source === 'mark')
      throw errors.noPrice(`market ${order.marketId}: validators have not agreed on a price yet`);
    throw errors.noLastPrice(`trigger_source: market ${order.marketId} has no clearing price yet; expected MARK`);
  }
  const reached = frontiers.get(ctx, watch)?.reachedPrice ?? 0n;
  if (order.kind === TriggerKind.TRIGGER_KIND_TRAILING_STOP) {
    if (reached !== 0n)
      throw errors.triggersBusy(`kind: trailing stops that ${reached} reached come first; try again in the next block`);
    if (countSteps(ctx, watch, maxSteps) >= maxSteps)
      throw errors.triggersBusy(
        `kind: trailing stops hang on ${maxSteps} extremes, the most; a fixed trigger is accepted`,
      );
    return;
  }
  const bound = watch.rising ? 'more' : 'less';
  if (isReached(watch.rising, order.triggerPrice, price))
    throw errors.wouldTrigger(`trigger_price: ${order.triggerPrice}; expected ${bound} than the price of ${price}`);
  if (reached !== 0n && isReached(watch.rising, order.triggerPrice, reached))
    throw errors.triggersBusy(
      `trigger_price: ${order.triggerPrice}; orders that ${reached} reached come first: expected ${bound} than that in this block`,
    );
}
