import { abs, cdiv } from '../../../runtime/math/integers.js';
import { base, quote, type MarketView, type PositionView, type Quote, type Side } from '../types.js';
import { quoteAmountDown, quoteAmountUp } from '../units/amounts.js';

export interface Fill {
  /** Undefined when the position is closed. */
  readonly position: PositionView | undefined;
  /** Signed change of cash: a buyer pays rounded up, a seller gets rounded down. */
  readonly cash: Quote;
}

/**
 * A position after a fill. Cash moves by the fill amount, so marks never
 * enter the books (risk-model section 17). Entry value scales with what is
 * left of a reduced position, rounded so that open profit is understated.
 * Funding must be settled before.
 * @param quantity base quanta, positive
 */
export function applyFill(
  market: MarketView,
  position: PositionView | undefined,
  side: Side,
  quantity: bigint,
  price: bigint,
): Fill {
  const { quoteDivisor } = market;
  const amount =
    side === 'buy' ? quoteAmountUp(quantity, price, quoteDivisor) : quoteAmountDown(quantity, price, quoteDivisor);
  const cash = quote(side === 'buy' ? -amount : amount);
  const held = position?.quantity ?? 0n;
  const entry = position?.entryValue ?? 0n;
  const after = held + (side === 'buy' ? quantity : -quantity);
  if (after === 0n) return { position: undefined, cash };
  let entryValue: bigint;
  if (held === 0n || held > 0n === (side === 'buy')) {
    entryValue = entry - cash;
  } else if (held > 0n === after > 0n) {
    entryValue = cdiv(entry * abs(after), abs(held));
  } else {
    // Through zero: the old position is closed, the rest opens at the fill price.
    entryValue = after > 0n ? quoteAmountUp(after, price, quoteDivisor) : -quoteAmountDown(-after, price, quoteDivisor);
  }
  return {
    position: {
      marketId: market.id,
      quantity: base(after),
      entryValue: quote(entryValue),
      fundingIndex: market.fundingIndex,
    },
    cash,
  };
}
