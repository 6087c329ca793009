import { TriggerKind, TriggerSource, type ConditionalOrder } from '../../../gen/plimsoll/perps/v1/conditional.js';
import { OrderType, type Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { MsgPlaceConditionalOrder } from '../../../gen/plimsoll/perps/v1/tx.js';
import { errors } from '../errors.js';
import { maxAmount } from '../msgs/order-form.js';
import { isRound, significantDigits } from './rules.js';

/** Trailing distances, ppm of the extreme. */
const [leastTrailing, mostTrailing] = [100, 500_000];

/** @throws perps/11, perps/63 */
export function requireTriggerPrice(price: bigint, market: Market): void {
  if (price === 0n || price >= maxAmount)
    throw errors.invalidTrigger(`trigger_price: ${price}; expected a price below 2^62`);
  if (price % market.tickSize !== 0n)
    throw errors.offTick(`trigger_price: ${price}; the tick of ${market.ticker} is ${market.tickSize}`);
}

/** @throws perps/65 */
export function requireTrailing(
  { trailingPpm, trailingDistance }: Pick<ConditionalOrder, 'trailingPpm' | 'trailingDistance'>,
  market: Market,
): void {
  const digits = `at most ${significantDigits} significant digits`;
  if (trailingPpm !== 0) {
    if (trailingDistance !== 0n)
      throw errors.invalidTrailing('trailing_ppm, trailing_distance: both are given; expected one');
    if (trailingPpm < leastTrailing || trailingPpm > mostTrailing || !isRound(BigInt(trailingPpm)))
      throw errors.invalidTrailing(
        `trailing_ppm: ${trailingPpm}; expected ${leastTrailing} to ${mostTrailing} with ${digits}`,
      );
    return;
  }
  const { tickSize } = market;
  if (trailingDistance >= maxAmount || trailingDistance % tickSize !== 0n || !isRound(trailingDistance / tickSize))
    throw errors.invalidTrailing(
      `trailing_distance: ${trailingDistance}; expected ticks of ${tickSize}, their number with ${digits}`,
    );
}

/** What the message alone can get wrong about its trigger. @throws perps/11, perps/63, perps/65 */
export function requireTriggerForm(msg: MsgPlaceConditionalOrder, market: Market): void {
  if (!(msg.triggerSource in TriggerSource) || msg.triggerSource < 0)
    throw errors.invalidTrigger(`trigger_source: ${msg.triggerSource}; expected MARK or LAST`);
  const trails = msg.kind === TriggerKind.TRIGGER_KIND_TRAILING_STOP;
  if (trails) {
    if (msg.triggerPrice !== 0n)
      throw errors.invalidTrigger(`trigger_price: ${msg.triggerPrice}; a trailing stop has a distance instead`);
    requireTrailing(msg, market);
    if (msg.type === OrderType.ORDER_TYPE_LIMIT)
      throw errors.invalidTrigger('type: a trailing stop becomes a market order, as its price is not known ahead');
  } else {
    if (msg.kind !== TriggerKind.TRIGGER_KIND_STOP_LOSS && msg.kind !== TriggerKind.TRIGGER_KIND_TAKE_PROFIT)
      throw errors.invalidTrigger('kind: expected STOP_LOSS, TAKE_PROFIT or TRAILING_STOP');
    if (msg.trailingPpm !== 0 || msg.trailingDistance !== 0n)
      throw errors.invalidTrailing('trailing_ppm, trailing_distance: only a trailing stop has a distance');
    requireTriggerPrice(msg.triggerPrice, market);
  }
}
