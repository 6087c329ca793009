import { OrderType, TimeInForce, type Market, type Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { OrderPlacement } from '../../../gen/plimsoll/perps/v1/tx.js';
import { sideFromProto } from '../codecs.js';
import { errors } from '../errors.js';
import type { MarketView, Side } from '../types.js';
import { endsWithBlock, requireAuctionTerms } from './auction-terms.js';
import { cdiv, fdiv, max, million } from '../units/index.js';

/** Sizes and prices stay below this, so that every product is bounded (risk-model section 1). */
export const maxAmount = 1n << 62n;

/** What a trader says of an order. */
export type Placement = OrderPlacement;

/** What the message alone can get wrong. */
export function requireForm(msg: Placement, market: Market): Side {
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
      throw errors.invalidOrder('time_in_force: expected TIME_IN_FORCE_GTC, _GTT, _GTB, _IOC or _FOK');
    }
  } else if (msg.type === OrderType.ORDER_TYPE_MARKET) {
    if (msg.price !== 0n) throw errors.invalidOrder('price: a market order has none; bound it by max_slippage_ppm');
    if (msg.maxSlippagePpm === 0) throw errors.invalidOrder('max_slippage_ppm: a market order must bound its slippage');
    if (msg.timeInForce !== TimeInForce.TIME_IN_FORCE_UNSPECIFIED && !endsWithBlock(msg)) {
      throw errors.invalidOrder(
        'time_in_force: a market order never rests; expected TIME_IN_FORCE_IOC or TIME_IN_FORCE_FOK',
      );
    }
  } else {
    throw errors.invalidOrder('type: expected ORDER_TYPE_LIMIT or ORDER_TYPE_MARKET');
  }
  requireAuctionTerms(msg, market);
  return side;
}

/** The limit price: the order's own, or mark moved by the slippage bound, on tick. */
export function limitOf(msg: Placement, side: Side, market: MarketView, params: Params): bigint {
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
