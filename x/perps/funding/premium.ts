import { billion, clamp, fdiv, max } from '../../../runtime/math/integers.js';
import { ppb, type Ppb } from '../types.js';

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
