import type { AlgoOrder } from '../../../gen/plimsoll/perps/v1/algos.js';
import { cdiv, fdiv, max, min } from '../../../runtime/math/integers.js';
import type { Side } from '../types.js';

/** When slices are sent and how large, where pegged orders rest, how a scale is spread: pure. */

type Twap = Pick<AlgoOrder, 'quantity' | 'filled' | 'slices' | 'slicesDue' | 'startTimeMs' | 'intervalMs'>;

/** A slice may catch up with earlier ones to this many times its even size. */
const catchUp = 3n;

/** Time of the next slice; undefined after the last. */
export const nextSliceTime = ({
  startTimeMs,
  intervalMs,
  slices,
  slicesDue,
}: Pick<Twap, 'startTimeMs' | 'intervalMs' | 'slices' | 'slicesDue'>): bigint | undefined =>
  slicesDue >= slices ? undefined : startTimeMs + BigInt(slicesDue) * intervalMs;

/** Slices whose time has come at `timeMs`; all of them at the end. */
export function slicesDueAt({ startTimeMs, intervalMs, slices }: Twap, timeMs: bigint): number {
  if (timeMs < startTimeMs) return 0;
  const due = (timeMs - startTimeMs) / intervalMs + 1n;
  return due >= BigInt(slices) ? slices : Number(due);
}

/**
 * Base quanta to send when `due` slices should be done: what is missing to
 * their part of the whole, in whole steps rounded down, at most three even
 * slices (each rounded up to a step). The last slice is due for the whole.
 */
export function sliceQuantity({ quantity, filled, slices }: Twap, due: number, stepSize: bigint): bigint {
  const whole = quantity / stepSize;
  const target = (whole * BigInt(due)) / BigInt(slices);
  const even = cdiv(whole, BigInt(slices));
  const missing = fdiv(target * stepSize - filled, stepSize);
  return max(0n, min(missing, catchUp * even)) * stepSize;
}

/** Where a pegged order rests: oracle price and offset, on tick away from the other side, and not beyond its limit. Not positive when it has no place. */
export function peggedPrice(side: Side, oraclePrice: bigint, offset: bigint, limit: bigint, tickSize: bigint): bigint {
  const exact = oraclePrice + offset;
  if (side === 'buy') {
    const price = fdiv(exact, tickSize) * tickSize;
    return limit === 0n ? price : min(price, limit);
  }
  return max(cdiv(exact, tickSize) * tickSize, limit);
}

export interface ScalePart {
  readonly price: bigint;
  readonly quantity: bigint;
}

/**
 * Spreads a quantity over evenly spaced prices, both ends included. Prices
 * are rounded down to ticks, parts to steps; what rounding leaves goes to
 * the last one. Weights are 1, or 1, 2, 3 and so on when rising.
 */
export function scaleParts(
  {
    first,
    last,
    orders,
    quantity,
    rising,
  }: {
    readonly first: bigint;
    readonly last: bigint;
    readonly orders: number;
    readonly quantity: bigint;
    readonly rising: boolean;
  },
  tickSize: bigint,
  stepSize: bigint,
): ScalePart[] {
  const gaps = BigInt(orders - 1);
  const weights = Array.from({ length: orders }, (_, index) => (rising ? BigInt(index + 1) : 1n));
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  let left = quantity;
  return weights.map((weight, index) => {
    const exact = first * gaps + (last - first) * BigInt(index);
    const price = fdiv(exact, gaps * tickSize) * tickSize;
    const part = index === orders - 1 ? left : (((quantity / stepSize) * weight) / total) * stepSize;
    left -= part;
    return { price, quantity: part };
  });
}
