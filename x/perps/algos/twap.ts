import { AlgoEnd, AlgoKind, type AlgoOrder } from '../../../gen/plimsoll/perps/v1/algos.js';
import {
  OrderPlacement,
  type MsgPlaceTwapOrder,
  type MsgPlaceTwapOrderResponse,
} from '../../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { AppError } from '../../../runtime/baseapp/errors.js';
import { sideFromProto } from '../codecs.js';
import type { OrderId } from '../conditional/store.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { forMarket } from '../market-failure.js';
import { requireMarket, requireSubaccountKey } from '../msgs/common.js';
import { OrderDesk } from '../msgs/order-desk.js';
import { limitOf, requireForm } from '../msgs/order-form.js';
import { orderParams } from '../msgs/order-params.js';
import { subaccountId } from '../subaccount-key.js';
import { max, min, quoteAmountDown } from '../units/index.js';
import { endAlgo, keepAlgo } from './orders.js';
import { requireAlgoRoom } from './room.js';
import { nextSliceTime, sliceQuantity, slicesDueAt } from './schedule.js';
import { algos, slices } from './store.js';

const [leastSlices, mostSlices] = [2, 1_000];
const [leastInterval, mostInterval] = [1_000n, 3_600_000n];

/** Begins to send an order in slices; the first one enters this block's auction. */
export function placeTwapOrder(ctx: Context, deps: Deps, msg: MsgPlaceTwapOrder): MsgPlaceTwapOrderResponse {
  const { keeper } = deps;
  keeper.requireRunning(ctx);
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const market = requireMarket(ctx, deps, msg.marketId);
  const refuse = (detail: string): never => {
    throw errors.invalidTwap(detail);
  };
  if (msg.slices < leastSlices || msg.slices > mostSlices)
    refuse(`slices: ${msg.slices}; expected ${leastSlices} to ${mostSlices}`);
  if (msg.intervalMs < leastInterval || msg.intervalMs > mostInterval)
    refuse(`interval_ms: ${msg.intervalMs}; expected ${leastInterval} to ${mostInterval}`);
  const algo: AlgoOrder = {
    subaccount: subaccountId(account),
    marketId: market.id,
    clientId: msg.clientId,
    kind: AlgoKind.ALGO_KIND_TWAP,
    side: msg.side,
    reduceOnly: msg.reduceOnly,
    quantity: msg.quantity,
    filled: 0n,
    limitPrice: msg.limitPrice,
    placedHeight: ctx.block.height,
    startTimeMs: ctx.block.timeMs,
    intervalMs: msg.intervalMs,
    slices: msg.slices,
    slicesDue: 0,
    maxSlippagePpm: msg.maxSlippagePpm,
    offset: 0n,
    referencePrice: 0n,
  };
  requireForm(sliceOf(algo, msg.quantity, 0n), market);
  requireLimit(algo.limitPrice, market.tickSize, market.ticker);
  const even = (msg.quantity / market.stepSize / BigInt(msg.slices)) * market.stepSize;
  if (even === 0n)
    refuse(`quantity: ${msg.quantity}; ${msg.slices} slices need at least ${market.stepSize * BigInt(msg.slices)}`);
  const view = keeper.marketView(ctx, market.id);
  const worth = quoteAmountDown(even, view.markPrice, view.quoteDivisor);
  if (!msg.reduceOnly && worth < BigInt(market.minOrderNotional))
    refuse(`quantity: a slice is worth ${worth}; the least of ${market.ticker} is ${market.minOrderNotional}`);

  const desk = new OrderDesk(ctx, deps, account);
  const id: OrderId = { account, marketId: market.id, clientId: msg.clientId };
  requireAlgoRoom(ctx, deps, desk, id);
  keepAlgo(ctx, id, algo);
  ctx.emit('plimsoll.perps.v1.EventAlgoPlaced', { order: algo });
  // What the first slice is refused for, the message is.
  send(ctx, deps, id, algo, desk);
  return { order: algos.get(ctx, id)! };
}

/** Sends the slices whose time has come, oldest first, at most so many; the rest follow in the next block. */
export function sendSlices(ctx: Context, deps: Deps): void {
  let left = orderParams(deps.keeper.params(ctx)).maxSlicesPerBlock;
  for (const [{ at, id }] of slices.entries(ctx)) {
    if (at > ctx.block.timeMs || left-- === 0) break;
    const algo = algos.get(ctx, id);
    if (algo === undefined) continue;
    forMarket(id.marketId, 'slices', () => sendSlice(ctx, deps, id, algo));
  }
}

function sendSlice(ctx: Context, deps: Deps, id: OrderId, algo: AlgoOrder): void {
  const quantity = advance(ctx, deps, id, algo);
  try {
    ctx.atomically((inner) => sendQuantity(inner, deps, id, quantity, new OrderDesk(inner, deps, id.account)));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { subaccount, marketId, clientId } = algo;
    const { code, codespace, message: log } = error;
    ctx.emit('plimsoll.perps.v1.EventSliceRejected', {
      subaccount,
      marketId,
      clientId,
      quantity,
      code,
      codespace,
      log,
    });
    endIfOver(ctx, id);
  }
}

function send(ctx: Context, deps: Deps, id: OrderId, algo: AlgoOrder, desk: OrderDesk): void {
  sendQuantity(ctx, deps, id, advance(ctx, deps, id, algo), desk);
}

/** Moves the schedule on. @returns base quanta to send now */
function advance(ctx: Context, { keeper }: Deps, id: OrderId, algo: AlgoOrder): bigint {
  const slicesDue = slicesDueAt(algo, ctx.block.timeMs);
  const moved = { ...algo, slicesDue };
  slices.delete(ctx, { at: nextSliceTime(algo)!, id });
  const next = nextSliceTime(moved);
  if (next !== undefined) slices.set(ctx, { at: next, id }, true);
  algos.set(ctx, id, moved);
  return sliceQuantity(moved, slicesDue, keeper.market(ctx, id.marketId)!.stepSize);
}

function sendQuantity(ctx: Context, deps: Deps, id: OrderId, quantity: bigint, desk: OrderDesk): void {
  const algo = algos.get(ctx, id)!;
  if (quantity === 0n) {
    endIfOver(ctx, id);
    return;
  }
  const { keeper } = deps;
  const side = sideFromProto(algo.side)!;
  const placement = sliceOf(algo, quantity, 0n);
  const bound = limitOf(placement, side, keeper.marketView(ctx, id.marketId), keeper.params(ctx));
  const { limitPrice } = algo;
  const price = limitPrice === 0n ? bound : side === 'buy' ? min(bound, limitPrice) : max(bound, limitPrice);
  desk.place(sliceOf(algo, quantity, price), true);
}

/** After the last slice there is no order whose end would end the algorithm. */
function endIfOver(ctx: Context, id: OrderId): void {
  const algo = algos.get(ctx, id);
  if (algo !== undefined && algo.slicesDue >= algo.slices) endAlgo(ctx, id, algo, AlgoEnd.ALGO_END_DONE);
}

/** A slice: an immediate limit order at `price`, or a market order when that is zero. */
function sliceOf(algo: AlgoOrder, quantity: bigint, price: bigint): OrderPlacement {
  return OrderPlacement.fromPartial({
    marketId: algo.marketId,
    clientId: algo.clientId,
    side: algo.side,
    type: price === 0n ? OrderType.ORDER_TYPE_MARKET : OrderType.ORDER_TYPE_LIMIT,
    quantity,
    price,
    timeInForce: TimeInForce.TIME_IN_FORCE_IOC,
    reduceOnly: algo.reduceOnly,
    maxSlippagePpm: price === 0n ? algo.maxSlippagePpm : 0,
  });
}

/** @throws perps/11 */
export function requireLimit(price: bigint, tickSize: bigint, ticker: string): void {
  if (price % tickSize !== 0n || price >= 1n << 62n)
    throw errors.offTick(`limit_price: ${price}; the tick of ${ticker} is ${tickSize}, and prices are below 2^62`);
}
