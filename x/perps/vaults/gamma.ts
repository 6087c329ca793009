import { abs, cdiv, million } from '../../../runtime/math/integers.js';
import type { Side } from '../types.js';

/** Moves for which a vault's position is projected, ppm. risk-model section 11. */
export const projectedMoves: readonly bigint[] = [20_000n, 50_000n, 100_000n];
/** Part of what a move liquidates that comes to the vault, ppm. */
const fillSharePpm = 250_000n;
/** A projected position may be twice the limit of one that is held. */
const limitTimes = 2n;
/** What orders that add to a crowded side pay on top of their initial margin, ppm. */
const surchargePpm = 250_000n;

/** A vault and what would come to it. Quote quanta. */
export interface Projection {
  /** Worth of the vault's position at mark, signed. */
  readonly held: bigint;
  readonly limit: bigint;
  /** Notional of a side that a move of so many ppm against it liquidates. */
  readonly liquidated: (ppm: bigint) => bigint;
}

/**
 * Would a fall (for longs) or a rise (for shorts) hand the vault more than
 * twice what it may hold? A quarter of what is liquidated comes to it, rounded
 * up. risk-model section 11.
 */
export function isCrowded(side: Side, { held, limit, liquidated }: Projection): boolean {
  const sign = side === 'buy' ? 1n : -1n;
  return projectedMoves.some((move) => {
    const taken = cdiv(liquidated(move) * fillSharePpm, million);
    return abs(held + sign * taken) > limitTimes * limit;
  });
}

/** Margin on top of what an order needs, rounded up. @param added initial margin that the order adds */
export const crowdSurcharge = (added: bigint): bigint => (added <= 0n ? 0n : cdiv(added * surchargePpm, million));
