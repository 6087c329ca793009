import {
  MarketStatus,
  OrderType,
  TimeInForce,
  type Market,
  type Order,
  type Params,
} from '../../../gen/plimsoll/perps/v1/types.js';
import type { MsgPlaceOrder, MsgPlaceOrderResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sideFromProto, sideToProto, type MarketStateView, type RestingOrder } from '../codecs.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { isStale, orderView, type BookOrder } from '../keeper.js';
import type { BookKey } from '../keys.js';
import { depthLimitExceeded, initialMargin, usableEquity } from '../margin/index.js';
import { subaccountId } from '../subaccount-key.js';
import { base, type AccountView, type MarketView, type Side } from '../types.js';
import { abs, cdiv, fdiv, max, million, notional, quoteAmountDown } from '../units/index.js';
import { requireSubaccountKey } from './common.js';

/** Sizes and prices stay below this, so that every product is bounded (risk-model section 1). */
const maxAmount = 1n << 62n;

/** Enters an order into this block's auction. Nothing matches before the end of the block. */
export function placeOrder(ctx: Context, deps: Deps, msg: MsgPlaceOrder): MsgPlaceOrderResponse {
  const { keeper } = deps;
  keeper.requireRunning(ctx);
  const key = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const market = keeper.market(ctx, msg.marketId);
  if (market === undefined) throw errors.marketNotFound(`market_id: ${msg.marketId}`);
  const params = keeper.params(ctx);
  const state = keeper.marketState(ctx, market.id);
  const side = requireForm(msg, market);
  requireOpen(ctx, deps, market, state, params, msg.reduceOnly);

  const markets = keeper.markets(ctx);
  const view = markets(market.id);
  const limit = limitOf(msg, side, view, params);
  const at: BookKey = {
    marketId: market.id,
    side,
    price: limit,
    height: ctx.block.height,
    account: key,
    clientId: msg.clientId,
  };
  const order: RestingOrder = {
    type: msg.type,
    timeInForce: msg.type === OrderType.ORDER_TYPE_MARKET ? TimeInForce.TIME_IN_FORCE_IOC : msg.timeInForce,
    reduceOnly: msg.reduceOnly,
    quantity: msg.quantity,
    remaining: base(msg.quantity),
  };

  const account = keeper.account(ctx, key);
  const open = [...keeper.ordersOf(ctx, key)];
  requireRoom(account, open, at, params, (id) => markets(id).class === 'D');
  if (msg.reduceOnly) requireSomethingToReduce(account, market.id, side);
  else requireMargin(account, open, [at, order], view, market, markets);

  keeper.setOrder(ctx, at, order);
  if (order.timeInForce === TimeInForce.TIME_IN_FORCE_IOC) keeper.markImmediate(ctx, at);
  const placed = orderToProto([at, order]);
  ctx.emit('plimsoll.perps.v1.EventOrderPlaced', { order: placed });
  return { order: placed };
}

/** An order as queries and events show it. */
export function orderToProto([at, order]: BookOrder): Order {
  return {
    subaccount: subaccountId(at.account),
    marketId: at.marketId,
    clientId: at.clientId,
    side: sideToProto(at.side),
    type: order.type,
    timeInForce: order.timeInForce,
    reduceOnly: order.reduceOnly,
    price: at.price,
    quantity: order.quantity,
    remaining: order.remaining,
    placedHeight: at.height,
  };
}

/** What the message alone can get wrong. */
function requireForm(msg: MsgPlaceOrder, market: Market): Side {
  const side = sideFromProto(msg.side);
  if (side === undefined) throw errors.invalidOrder('side: expected SIDE_BUY or SIDE_SELL');
  if (msg.quantity === 0n) throw errors.invalidOrder('quantity: must be positive');
  if (msg.quantity >= maxAmount) throw errors.invalidOrder(`quantity: ${msg.quantity} is not below 2^62`);
  if (msg.quantity % market.stepSize !== 0n) {
    throw errors.offStep(`quantity: ${msg.quantity}; the step of ${market.ticker} is ${market.stepSize}`);
  }
  if (msg.type === OrderType.ORDER_TYPE_LIMIT) {
    if (msg.price === 0n || msg.price >= maxAmount)
      throw errors.invalidOrder(`price: ${msg.price}; a limit order needs a price below 2^62`);
    if (msg.price % market.tickSize !== 0n) {
      throw errors.offTick(`price: ${msg.price}; the tick of ${market.ticker} is ${market.tickSize}`);
    }
    if (msg.maxSlippagePpm !== 0) throw errors.invalidOrder('max_slippage_ppm: only market orders have one');
    if (msg.timeInForce === TimeInForce.TIME_IN_FORCE_UNSPECIFIED) {
      throw errors.invalidOrder('time_in_force: expected TIME_IN_FORCE_GTC or TIME_IN_FORCE_IOC');
    }
  } else if (msg.type === OrderType.ORDER_TYPE_MARKET) {
    if (msg.price !== 0n) throw errors.invalidOrder('price: a market order has none; bound it by max_slippage_ppm');
    if (msg.maxSlippagePpm === 0) throw errors.invalidOrder('max_slippage_ppm: a market order must bound its slippage');
    if (msg.timeInForce === TimeInForce.TIME_IN_FORCE_GTC) {
      throw errors.invalidOrder('time_in_force: a market order never rests; expected TIME_IN_FORCE_IOC');
    }
  } else {
    throw errors.invalidOrder('type: expected ORDER_TYPE_LIMIT or ORDER_TYPE_MARKET');
  }
  return side;
}

function requireOpen(
  ctx: Context,
  { oracle }: Deps,
  market: Market,
  state: MarketStateView,
  params: Params,
  reduceOnly: boolean,
): void {
  if (market.status === MarketStatus.MARKET_STATUS_HALTED) throw errors.marketClosed(`${market.ticker} is halted`);
  if (state.markPrice === 0n) throw errors.noPrice(`${market.ticker}: validators have not agreed on a price yet`);
  if (reduceOnly) return;
  if (market.status !== MarketStatus.MARKET_STATUS_NORMAL) {
    throw errors.marketClosed(`${market.ticker} accepts reduce-only orders only`);
  }
  if (isStale(state, params, ctx.block.timeMs)) {
    throw errors.stalePrice(
      `${market.ticker}: price is ${ctx.block.timeMs - state.oracleTimeMs} ms old, at most ${params.staleMs}; reduce-only orders are accepted`,
    );
  }
  // Margin at a price that is known to be behind would be too small on one side.
  const held = oracle.price(ctx, market.oraclePairId)?.clampedBlocks ?? 0;
  if (held !== 0) {
    throw errors.priceHeldBack(
      `${market.ticker}: validators see a price ${held > 0 ? 'above' : 'below'} the one that one block may bring; reduce-only orders are accepted`,
    );
  }
}

/** The limit price: the order's own, or mark moved by the slippage bound, on tick. */
function limitOf(msg: MsgPlaceOrder, side: Side, market: MarketView, params: Params): bigint {
  const { markPrice, tickSize } = market;
  if (msg.type === OrderType.ORDER_TYPE_MARKET) {
    if (msg.maxSlippagePpm > params.maxSlippagePpm) {
      throw errors.priceTooFar(`max_slippage_ppm: ${msg.maxSlippagePpm}; at most ${params.maxSlippagePpm}`);
    }
    const slip = (markPrice * BigInt(msg.maxSlippagePpm)) / million;
    return side === 'buy'
      ? max(tickSize, fdiv(markPrice + slip, tickSize) * tickSize)
      : max(tickSize, cdiv(markPrice - slip, tickSize) * tickSize);
  }
  const distance = (markPrice * BigInt(params.maxLimitDistancePpm)) / million;
  const [lowest, highest] = [markPrice - distance, markPrice + distance];
  if (side === 'buy' && msg.price > highest)
    throw errors.priceTooFar(`price: ${msg.price}; a buy may pay at most ${highest} now`);
  if (side === 'sell' && msg.price < lowest)
    throw errors.priceTooFar(`price: ${msg.price}; a sell may ask at least ${lowest} now`);
  return msg.price;
}

/** Limits on how much one subaccount may have open, and the walls around class D. */
function requireRoom(
  account: AccountView,
  open: readonly BookOrder[],
  at: BookKey,
  params: Params,
  isIsolated: (market: number) => boolean,
): void {
  if (open.length >= params.maxOpenOrders) {
    throw errors.tooManyOrders(`${open.length} orders are open; at most ${params.maxOpenOrders}`);
  }
  if (open.some(([other]) => other.marketId === at.marketId && other.clientId === at.clientId)) {
    throw errors.duplicateClientId(`client_id: ${at.clientId} names an open order of this market`);
  }
  const held = new Set<number>(account.positions.map(({ marketId }) => marketId));
  for (const [other] of open) held.add(other.marketId);
  if (held.has(at.marketId)) return;
  if (held.size >= params.maxMarkets)
    throw errors.tooManyMarkets(`${held.size} markets are in use; at most ${params.maxMarkets}`);
  if (held.size > 0 && (isIsolated(at.marketId) || [...held].some(isIsolated))) {
    throw errors.isolatedMarket(`market_id: ${at.marketId}; use another subaccount`);
  }
}

function requireSomethingToReduce(account: AccountView, marketId: number, side: Side): void {
  const held = account.positions.find((position) => position.marketId === marketId)?.quantity ?? 0n;
  if (side === 'buy' ? held >= 0n : held <= 0n) {
    throw errors.nothingToReduce(`side: a ${side} would not reduce a position of ${held}`);
  }
}

function requireMargin(
  account: AccountView,
  open: readonly BookOrder[],
  placed: BookOrder,
  view: MarketView,
  market: Market,
  markets: (id: number) => MarketView,
): void {
  const [at, order] = placed;
  const worth = quoteAmountDown(order.quantity, at.price, view.quoteDivisor);
  if (worth < BigInt(market.minOrderNotional)) {
    throw errors.orderTooSmall(`quantity: worth ${worth}; the least of ${market.ticker} is ${market.minOrderNotional}`);
  }
  const held = account.positions.find(({ marketId }) => marketId === market.id)?.quantity ?? 0n;
  let reach = (at.side === 'buy' ? held : -held) + order.quantity;
  for (const [other, { remaining, reduceOnly }] of open) {
    if (other.marketId === market.id && other.side === at.side && !reduceOnly) reach += remaining;
  }
  if (reach > abs(held) && depthLimitExceeded(view, notional(view, base(reach)))) {
    throw errors.positionTooLarge(
      `quantity: the position could reach ${notional(view, base(reach))}; at most ${16n * view.depthUnit}`,
    );
  }
  const required = initialMargin(account, [...open, placed].map(orderView), markets);
  const available = usableEquity(account, markets);
  if (available < required) {
    throw errors.insufficientMargin(
      `needs ${required} of initial margin for all positions and orders; usable equity is ${available}`,
    );
  }
}
