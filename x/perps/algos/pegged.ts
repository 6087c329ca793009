import { AlgoEnd, AlgoKind, type AlgoOrder } from '../../../gen/plimsoll/perps/v1/algos.js';
import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import {
  OrderPlacement,
  type MsgPlacePeggedOrder,
  type MsgPlacePeggedOrderResponse,
} from '../../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, TimeInForce, type Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { AppError } from '../../../runtime/baseapp/errors.js';
import { u32 } from '../../../runtime/store/key.js';
import { sideFromProto } from '../codecs.js';
import type { OrderId } from '../conditional/store.js';
import { standingOf } from '../breakers/index.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { forMarket } from '../market-failure.js';
import { dropOrder } from '../msgs/cancel.js';
import { requireMarket, requireSubaccountKey } from '../msgs/common.js';
import { OrderDesk } from '../msgs/order-desk.js';
import { orderParams } from '../msgs/order-params.js';
import { subaccountId } from '../subaccount-key.js';
import { abs } from '../units/index.js';
import { endAlgo, keepAlgo } from './orders.js';
import { requireAlgoRoom } from './room.js';
import { peggedPrice } from './schedule.js';
import { algos, pegged, peggedCounts } from './store.js';
import { requireLimit } from './twap.js';

/** Rests an order at a distance from the oracle price; each block moves it along. */
export function placePeggedOrder(ctx: Context, deps: Deps, msg: MsgPlacePeggedOrder): MsgPlacePeggedOrderResponse {
  const { keeper } = deps;
  keeper.requireRunning(ctx);
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const market = requireMarket(ctx, deps, msg.marketId);
  const side = sideFromProto(msg.side);
  if (side === undefined) throw errors.invalidOrder('side: expected SIDE_BUY or SIDE_SELL');
  requireLimit(msg.limitPrice, market.tickSize, market.ticker);
  const { oraclePrice } = keeper.marketState(ctx, market.id);
  if (oraclePrice === 0n) throw errors.noPrice(`${market.ticker}: validators have not agreed on a price yet`);
  const price = peggedPrice(side, oraclePrice, msg.offset, msg.limitPrice, market.tickSize);
  if (price <= 0n)
    throw errors.invalidPegged(
      `offset: ${msg.offset}; expected more than ${-oraclePrice}, the oracle price below zero`,
    );
  const { maxPeggedPerMarket } = orderParams(keeper.params(ctx));
  const others = peggedCounts.get(ctx, market.id) ?? 0n;
  if (others >= BigInt(maxPeggedPerMarket))
    throw errors.tooManyPegged(`${others} pegged orders of ${market.ticker} are open; at most ${maxPeggedPerMarket}`);

  const algo: AlgoOrder = {
    subaccount: subaccountId(account),
    marketId: market.id,
    clientId: msg.clientId,
    kind: AlgoKind.ALGO_KIND_PEGGED,
    side: msg.side,
    reduceOnly: msg.reduceOnly,
    quantity: msg.quantity,
    filled: 0n,
    limitPrice: msg.limitPrice,
    placedHeight: ctx.block.height,
    startTimeMs: 0n,
    intervalMs: 0n,
    slices: 0,
    slicesDue: 0,
    maxSlippagePpm: 0,
    offset: msg.offset,
    referencePrice: oraclePrice,
  };
  const desk = new OrderDesk(ctx, deps, account);
  const id: OrderId = { account, marketId: market.id, clientId: msg.clientId };
  requireAlgoRoom(ctx, deps, desk, id);
  desk.place(
    OrderPlacement.fromPartial({
      marketId: market.id,
      clientId: msg.clientId,
      side: msg.side,
      type: OrderType.ORDER_TYPE_LIMIT,
      quantity: msg.quantity,
      price,
      timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
      reduceOnly: msg.reduceOnly,
    }),
    true,
  );
  keepAlgo(ctx, id, algo);
  ctx.emit('plimsoll.perps.v1.EventAlgoPlaced', { order: algo });
  return { order: algo };
}

/**
 * Moves pegged orders to where the oracle price takes them, in markets where
 * it moved by a tick or more since they were last priced. Moved ones enter
 * this block anew; what its account cannot carry there ends, and says why.
 * At most as many in each market as may be placed.
 */
export function movePegged(ctx: Context, deps: Deps): void {
  const { keeper } = deps;
  for (const market of [...keeper.allMarkets(ctx)])
    if (standingOf(ctx, market).permits('match') !== 'no')
      forMarket(market.id, 'pegged orders', () => moveAll(ctx, deps, market));
}

function moveAll(ctx: Context, deps: Deps, market: Market): void {
  const { oraclePrice } = deps.keeper.marketState(ctx, market.id);
  let desk: { readonly account: string; readonly desk: OrderDesk } | undefined;
  for (const [id] of pegged.entries(ctx, u32(market.id))) {
    const algo = algos.get(ctx, id)!;
    if (abs(oraclePrice - algo.referencePrice) < market.tickSize) continue;
    algos.set(ctx, id, { ...algo, referencePrice: oraclePrice });
    if (desk?.account !== id.account) desk = { account: id.account, desk: new OrderDesk(ctx, deps, id.account) };
    if (!move(ctx, deps, desk.desk, market, id, algo, oraclePrice)) desk = undefined;
  }
}

/** @returns false when the order ended, which the desk did not see */
function move(
  ctx: Context,
  { keeper }: Deps,
  desk: OrderDesk,
  market: Market,
  id: OrderId,
  algo: AlgoOrder,
  oraclePrice: bigint,
): boolean {
  const order = desk.find(id)!;
  const [at, { remaining }] = order;
  const price = peggedPrice(at.side, oraclePrice, algo.offset, algo.limitPrice, market.tickSize);
  if (price === at.price) return true;
  try {
    if (price <= 0n)
      throw errors.invalidPegged(
        `offset: ${algo.offset} takes the price to ${price} at an oracle price of ${oraclePrice}`,
      );
    desk.move(order, price, remaining);
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    endAlgo(ctx, id, algos.get(ctx, id)!, AlgoEnd.ALGO_END_REJECTED, error);
    dropOrder(ctx, keeper, order, CancelReason.CANCEL_REASON_ALGO);
    return false;
  }
}
