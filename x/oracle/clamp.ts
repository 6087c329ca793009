import { abs, billion, cdiv, fdiv, isqrtUp, max, min } from '../../runtime/math/integers.js';

/** Doublings of the clamp at most. */
const maxDoublings = 4;
/** A price never moves by more than this share of itself in one block, so that it stays positive. */
const widest = 900_000_000n;
/** Standard deviations of one block that always pass. */
const deviations = 6n;
/** Blocks over which a squared return counts: 739 is a half-life of 512. */
const memory = 739n;

/** What the next block's clamp depends on. */
export interface ClampState {
  readonly price: bigint;
  /** Blocks in a row in which the price was held back: positive on the way up, negative on the way down. */
  readonly clampedBlocks: number;
  /** Mean square of block returns, ppb squared. */
  readonly variance: bigint;
}

/**
 * How far the price may move in this block, ppb of the price before it:
 * c_n = max(floor, 6 sigma) * 2^min(n, 4), at most 90 %. risk-model section 15.2.
 * @param floorPpm the pair's floor
 * @param direction of the move that is asked for
 */
export function clampWidth(before: ClampState, floorPpm: number, direction: 1 | -1): bigint {
  const held = before.clampedBlocks * direction > 0 ? Math.abs(before.clampedBlocks) : 0;
  const least = max(BigInt(floorPpm) * 1_000n, deviations * isqrtUp(before.variance));
  return min(least << BigInt(Math.min(held, maxDoublings)), widest);
}

/**
 * The accepted price: the median held within the clamp around the price
 * before it, and always at least one unit towards the median, so that no
 * price is too small to move. A floor of zero lets every price pass.
 */
export function clampPrice(before: ClampState, raw: bigint, floorPpm: number): ClampState {
  let price = raw;
  let clampedBlocks = 0;
  if (floorPpm > 0 && raw !== before.price) {
    const direction = raw > before.price ? 1 : -1;
    const reach = max(1n, fdiv(before.price * clampWidth(before, floorPpm, direction), billion));
    const bound = before.price + BigInt(direction) * reach;
    if (direction > 0 ? raw > bound : raw < bound) {
      price = bound;
      clampedBlocks = (before.clampedBlocks * direction > 0 ? before.clampedBlocks : 0) + direction;
    }
  }
  return { price, clampedBlocks, variance: nextVariance(before, price) };
}

/** Exponential average of the squared return; a return counts as at most 100 %. Rounded up. */
function nextVariance({ price: before, variance }: ClampState, price: bigint): bigint {
  const change = min(cdiv(abs(price - before) * billion, before), billion);
  return variance + cdiv(change * change - variance, memory);
}
