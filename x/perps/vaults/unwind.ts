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
/** What is held so long is old: all of it is offered, and gives way over as long again. */
const oldMs = 86_400_000n;

export interface Unwind {
  readonly side: Side;
  /** Base quanta, in whole steps; zero when there is less than a step. */
  readonly quantity: bigint;
  readonly price: bigint;
  /** Rests until the next block replaces it; otherwise it ends with this one. */
  readonly passive: boolean;
}

/** What this block's part of a position depends on, besides the market. */
export interface Offering {
  /** Of the position, signed. */
  readonly quantity: bigint;
  /** Notional of the last hour. */
  readonly volume: Quote;
  /** Smallest order of the market. */
  readonly least: Quote;
  readonly heldMs: bigint;
  /** Since a part of it was offered last. */
  readonly elapsedMs: bigint;
  /** Farthest that a limit price may be from the mark, ppm. */
  readonly farthest: bigint;
}

/**
 * This block's part of a vault's position: no more than the book outside and
 * the last hour's trades carry in the time since the last one, and at least
 * a smallest order, so that a market without trades keeps no vault for ever.
 * What is older than a day is offered whole to the auction of each block.
 * The price is rounded against the vault's counterpart, towards filling less.
 * risk-model section 11.
 */
export function planUnwind(market: MarketView, offering: Offering): Unwind {
  const { markPrice, tickSize, stepSize } = market;
  const { quantity, heldMs, farthest } = offering;
  const all = abs(quantity) / stepSize;
  const part = (heldMs < oldMs ? min(stepsNow(market, offering), all) : all) * stepSize;
  const side: Side = quantity > 0n ? 'sell' : 'buy';
  const passive = heldMs < passiveMs;
  // A seller asks more while it waits and less when it takes.
  const away = passive === (side === 'sell');
  const distance = passive ? passivePpm : min(farthest, concession(market, heldMs));
  const moved = markPrice * (million + (away ? distance : -distance));
  const ticks = side === 'sell' ? cdiv(moved, million * tickSize) : fdiv(moved, million * tickSize);
  return { side, quantity: part, price: max(1n, ticks) * tickSize, passive };
}

function stepsNow(
  { markPrice, stepSize, quoteDivisor, depthUnit }: MarketView,
  { volume, least, elapsedMs }: Offering,
): bigint {
  const elapsed = min(elapsedMs, longestMs);
  const bySlope = fdiv(depthUnit * elapsed, slopeShare * slopeMs);
  const byVolume = fdiv(volume * volumePpm * elapsed, million * hourMs);
  const worth = max(least, min(bySlope, byVolume));
  return max(1n, fdiv(worth * quoteDivisor, markPrice) / stepSize);
}

/**
 * How far from the mark a vault takes prices, ppm, rounded down: half a per
 * cent for a day, then more with each moment, up to half the maintenance rate
 * a day later. Who waits for more may find that another did not.
 */
export function concession({ maintenanceRate }: MarketView, heldMs: bigint): bigint {
  if (heldMs <= oldMs) return impactPpm;
  const most = max(impactPpm, fdiv(maintenanceRate, 2_000n));
  return impactPpm + fdiv((most - impactPpm) * min(oldMs, heldMs - oldMs), oldMs);
}
