import {
  TriggerKind,
  TriggerSource,
  type BracketLeg,
  type ConditionalOrder,
} from '../../../gen/plimsoll/perps/v1/conditional.js';
import type { OrderPlacement } from '../../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, TimeInForce, type Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { sideToProto } from '../codecs.js';
import { errors } from '../errors.js';
import type { BookKey } from '../book/store.js';
import { subaccountId } from '../subaccount-key.js';
import { requireTrailing, requireTriggerPrice } from './form.js';

/**
 * The exits that an order asks for, dormant until it fills: reduce-only, on
 * the other side, of the size that fills, each cancelling the other.
 * @throws perps/11, perps/63, perps/65, perps/70
 */
export function bracketLegs(placement: OrderPlacement, entry: BookKey, market: Market): ConditionalOrder[] {
  const { takeProfit, stopLoss } = placement;
  if (takeProfit === undefined && stopLoss === undefined) return [];
  if (placement.reduceOnly)
    throw errors.invalidBracket('take_profit, stop_loss: a reduce-only order opens nothing that they could close');
  if (entry.clientId === 0n) throw errors.invalidBracket('client_id: 0 cannot have a bracket; expected a positive one');
  if (takeProfit?.clientId === stopLoss?.clientId)
    throw errors.invalidBracket(`client_id: ${stopLoss!.clientId} names both legs of the bracket`);
  const legs: ConditionalOrder[] = [];
  if (takeProfit !== undefined) legs.push(leg('take_profit', takeProfit, stopLoss, entry, market));
  if (stopLoss !== undefined) legs.push(leg('stop_loss', stopLoss, takeProfit, entry, market));
  return legs;
}

function leg(
  field: 'take_profit' | 'stop_loss',
  terms: BracketLeg,
  other: BracketLeg | undefined,
  entry: BookKey,
  market: Market,
): ConditionalOrder {
  const refuse = (detail: string): never => {
    throw errors.invalidBracket(`${field}.${detail}`);
  };
  if (terms.clientId === 0n) refuse('client_id: 0; expected a positive one');
  const trails = terms.trailingPpm !== 0 || terms.trailingDistance !== 0n;
  if (trails) {
    if (field === 'take_profit') refuse('trailing_ppm, trailing_distance: only a stop trails');
    if (terms.triggerPrice !== 0n) refuse(`trigger_price: ${terms.triggerPrice}; a trailing stop has none`);
    requireTrailing(terms, market);
  } else {
    requireTriggerPrice(terms.triggerPrice, market);
    // Beyond the entry's limit on the side where the leg makes sense: profit above a buy, loss below it.
    const above = (field === 'take_profit') === (entry.side === 'buy');
    if (above ? terms.triggerPrice <= entry.price : terms.triggerPrice >= entry.price)
      refuse(
        `trigger_price: ${terms.triggerPrice}; expected ${above ? 'more' : 'less'} than the entry's limit of ${entry.price}`,
      );
  }
  const limit = terms.price !== 0n;
  if (limit === (terms.maxSlippagePpm !== 0))
    refuse('price, max_slippage_ppm: expected a limit price or a slippage bound, and not both');
  return {
    subaccount: subaccountId(entry.account),
    marketId: entry.marketId,
    clientId: terms.clientId,
    side: sideToProto(entry.side === 'buy' ? 'sell' : 'buy'),
    kind: trails
      ? TriggerKind.TRIGGER_KIND_TRAILING_STOP
      : field === 'take_profit'
        ? TriggerKind.TRIGGER_KIND_TAKE_PROFIT
        : TriggerKind.TRIGGER_KIND_STOP_LOSS,
    triggerSource:
      terms.triggerSource === TriggerSource.TRIGGER_SOURCE_LAST
        ? terms.triggerSource
        : TriggerSource.TRIGGER_SOURCE_MARK,
    triggerPrice: terms.triggerPrice,
    trailingPpm: terms.trailingPpm,
    trailingDistance: terms.trailingDistance,
    type: limit ? OrderType.ORDER_TYPE_LIMIT : OrderType.ORDER_TYPE_MARKET,
    quantity: 0n,
    price: terms.price,
    maxSlippagePpm: terms.maxSlippagePpm,
    timeInForce: limit ? TimeInForce.TIME_IN_FORCE_GTC : TimeInForce.TIME_IN_FORCE_IOC,
    mayOpen: false,
    goodTilTimeMs: 0n,
    goodTilBlock: 0n,
    otherClientId: other?.clientId ?? 0n,
    entryClientId: entry.clientId,
    dormant: true,
    placedHeight: entry.height,
    sequence: 0n,
  };
}
