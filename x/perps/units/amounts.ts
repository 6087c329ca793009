import { FatalError } from '../../../runtime/baseapp/errors.js';
import { abs, cdiv, fdiv, million } from '../../../runtime/math/integers.js';
import { quote, type Base, type MarketView, type Ppm, type Quote } from '../types.js';

/** amount * rate, rounded up. */
export const mulPpmUp = (amount: Quote, rate: Ppm): Quote => quote(cdiv(amount * rate, million));
/** amount * rate, rounded down. */
export const mulPpmDown = (amount: Quote, rate: Ppm): Quote => quote(fdiv(amount * rate, million));

/** Quote quanta of a quantity at a price, rounded up. risk-model section 1. */
export const quoteAmountUp = (quantity: bigint, price: bigint, quoteDivisor: bigint): Quote =>
  quote(cdiv(quantity * price, quoteDivisor));
/** Rounded down. */
export const quoteAmountDown = (quantity: bigint, price: bigint, quoteDivisor: bigint): Quote =>
  quote(fdiv(quantity * price, quoteDivisor));

/** Notional N of a quantity at mark price: absolute, rounded up. risk-model section 1. */
export const notional = (market: MarketView, quantity: Base): Quote =>
  quoteAmountUp(abs(quantity), market.markPrice, market.quoteDivisor);

/** Value of a position at mark price: signed, rounded down. */
export const positionValue = (market: MarketView, quantity: Base): Quote =>
  quoteAmountDown(quantity, market.markPrice, market.quoteDivisor);

/** Stored signed amounts fit 128 bits (INV-U1). @throws FatalError naming `what` */
export function assertI128(value: bigint, what: string): void {
  if (BigInt.asIntN(128, value) !== value) throw new FatalError(`${what} leaves 128 bits: ${value}`);
}

/** Stored sizes and prices fit 63 bits. @throws FatalError naming `what` */
export function assertU63(value: bigint, what: string): void {
  if (value < 0n || value >= 1n << 63n) throw new FatalError(`${what} leaves 63 bits: ${value}`);
}
