import { abs, cdiv, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import type { MarketView, Quote, Side } from '../types.js';

/** How a vault gets rid of what it took. risk-model section 11. */
/** First it offers at this distance from the mark, for so long. */
const passivePpm = 500n;
const passiveMs = 30_000n;
/** Then it takes prices up to this distance from the mark. */
const impactPpm = 5_000n;
/** Half of what moves a linear book by 1 %, in ten seconds: 0.5 % of its slope. */
const slopeShare = 2n;
const slopeMs = 10_000n;
/** Share of the last hour's volume that a vault may be, ppm. */
const volumePpm = 100_000n;
const hourMs = 3_600_000n;
/** After a longer pause no more is made up for. */
const longestMs = 10_000n;

export interface Unwind {
  readonly side: Side;
  /** Base quanta, in whole steps; zero when there is less than a step. */
  readonly quantity: bigint;
  readonly price: bigint;
  /** Rests until the next block replaces it; otherwise it ends with this one. */
  readonly passive: boolean;
}

/**
 * This block's part of a vault's position: no more than the book outside and
 * the last hour's trades carry in the time since the last one, and at least
 * a smallest order, so that a market without trades keeps no vault for ever.
 * The price is rounded against the vault's counterpart, towards filling less.
 * @param quantity of the position, signed
 * @param volume notional of the last hour
 * @param least smallest order of the market
 */
export function planUnwind(
  market: MarketView,
  quantity: bigint,
  volume: Quote,
  least: Quote,
  heldMs: bigint,
  elapsedMs: bigint,
): Unwind {
  const { markPrice, tickSize, stepSize, quoteDivisor, depthUnit } = market;
  const elapsed = min(elapsedMs, longestMs);
  const bySlope = fdiv(depthUnit * elapsed, slopeShare * slopeMs);
  const byVolume = fdiv(volume * volumePpm * elapsed, million * hourMs);
  const worth = max(least, min(bySlope, byVolume));
  const steps = max(1n, fdiv(worth * quoteDivisor, markPrice) / stepSize);
  const part = min(steps, abs(quantity) / stepSize) * stepSize;
  const side: Side = quantity > 0n ? 'sell' : 'buy';
  const passive = heldMs < passiveMs;
  // A seller asks more while it waits and less when it takes.
  const away = passive === (side === 'sell');
  const moved = markPrice * (million + (away ? 1n : -1n) * (passive ? passivePpm : impactPpm));
  const ticks = side === 'sell' ? cdiv(moved, million * tickSize) : fdiv(moved, million * tickSize);
  return { side, quantity: part, price: max(1n, ticks) * tickSize, passive };
}
