import type { EventBackstopTakeover } from '../../../gen/plimsoll/perps/v1/backstop.js';
import type { EventFill, EventLiquidationPenalty } from '../../../gen/plimsoll/perps/v1/events.js';
import type { EventKeeperFill } from '../../../gen/plimsoll/perps/v1/keeper_bids.js';
import { abs, down, max, million, min, sumOf, up } from '../integers.js';
import { divisorOf } from '../margin.js';
import { requireMarket, type Scene } from '../scene.js';
import type { Sheet } from '../sheet.js';

export function checkFill(
  sheet: Sheet,
  { marketId, price, quantity, quoteAmount, side, limitPrice, openQuantity }: EventFill,
  scene: Scene,
): void {
  const divisor = divisorOf(requireMarket(scene, marketId));
  const buys = side === 1;
  sheet.equal(
    buys ? 'paid' : 'received',
    `${buys ? 'up' : 'down'}(${quantity} * ${price} / ${divisor})`,
    quoteAmount,
    buys ? up(quantity * price, divisor) : down(quantity * price, divisor),
  );
  sheet.that(
    'within its limit',
    `${price} ${buys ? '<=' : '>='} ${limitPrice}`,
    buys ? price <= limitPrice : price >= limitPrice,
  );
  sheet.that('not more than was open', `${quantity} <= ${openQuantity}`, quantity <= openQuantity);
  const auction = scene.trace.steps.find(({ auction: each }) => each?.marketId === marketId)?.auction;
  if (auction !== undefined) sheet.equal('at the auction’s price', 'clearing price', price, auction.clearingPrice);
  sheet.assume('the other orders that the auction met');
}

export function checkPenalty(sheet: Sheet, event: EventLiquidationPenalty): void {
  const { closedNotional, penaltyRatePpm, equity, penalty, toRecovery, toInsurance, toBackstop, toFees } = event;
  const due = up(BigInt(closedNotional) * BigInt(penaltyRatePpm), million);
  sheet.equal(
    'penalty',
    `min(up(${closedNotional} * ${penaltyRatePpm} / 10^6), max(0, ${equity}))`,
    penalty,
    min(due, max(0n, BigInt(equity))),
  );
  const parts = [toRecovery, toInsurance, toBackstop, toFees];
  sheet.equal('its parts', parts.join(' + '), penalty, sumOf(parts));
}

export function checkKeeper(
  sheet: Sheet,
  { marketId, quantity, price, discountPpm, notional }: EventKeeperFill,
  scene: Scene,
): void {
  const position = scene.started?.standing?.positions.find((each) => each.marketId === marketId);
  if (position === undefined) {
    // The keeper's own trace: it was not judged.
    sheet.assume('the mark of the block');
    return;
  }
  const { markPrice: mark } = position;
  const divisor = divisorOf(requireMarket(scene, marketId));
  sheet.equal('notional', `up(${quantity} * ${mark} / ${divisor})`, notional, up(quantity * mark, divisor));
  sheet.that(
    'no more than its discount from mark',
    `|${price} - ${mark}| * 10^6 <= ${discountPpm} * ${mark}`,
    abs(price - mark) * million <= BigInt(discountPpm) * mark,
  );
}

export function checkTakeover(sheet: Sheet, event: EventBackstopTakeover, scene: Scene): void {
  const { marketId, quantity, price, notional, payment, equityShare, marginShare } = event;
  const divisor = divisorOf(requireMarket(scene, marketId));
  sheet.equal('notional', `up(${quantity} * ${price} / ${divisor})`, notional, up(quantity * price, divisor));
  const most = max(0n, min(BigInt(equityShare), BigInt(marginShare) / 2n));
  sheet.that(
    'payment (INV-B3)',
    `0 <= ${payment} <= min(${equityShare}, ${marginShare} / 2)`,
    BigInt(payment) >= 0n && BigInt(payment) <= most,
  );
}
