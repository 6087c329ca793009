import { billion, clamp, fdiv, max } from '../../../runtime/math/integers.js';
import { ppb, type Ppb } from '../types.js';

export interface BookLevel {
  readonly price: bigint;
  readonly quantity: bigint;
}

/**
 * Average price of trading `impactNotional` against levels, best first,
 * rounded down; undefined when the levels do not hold that much.
 * risk-model section 7.2. O(levels touched).
 */
export function impactPrice(
  levels: Iterable<BookLevel>,
  impactNotional: bigint,
  quoteDivisor: bigint,
): bigint | undefined {
  let left = impactNotional * quoteDivisor;
  let value = 0n;
  let quantity = 0n;
  for (const level of levels) {
    const worth = level.price * level.quantity;
    if (worth >= left) {
      const part = max(1n, left / level.price);
      return fdiv(value + part * level.price, quantity + part);
    }
    value += worth;
    quantity += level.quantity;
    left -= worth;
  }
  return undefined;
}

/**
 * How far the book lies from the oracle, ppb, within ±4 beta: positive when
 * longs bid above it. A missing side counts as no premium. risk-model section 8.
 */
export function premium(input: {
  readonly impactBid: bigint | undefined;
  readonly impactAsk: bigint | undefined;
  readonly oraclePrice: bigint;
  /** m_floor / 2. */
  readonly beta: Ppb;
}): Ppb {
  const { impactBid, impactAsk, oraclePrice } = input;
  const above = impactBid === undefined ? 0n : max(0n, impactBid - oraclePrice);
  const below = impactAsk === undefined ? 0n : max(0n, oraclePrice - impactAsk);
  const raw = fdiv((above - below) * billion, oraclePrice);
  return ppb(clamp(raw, -4n * input.beta, 4n * input.beta));
}
