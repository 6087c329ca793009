import { min } from '../../../runtime/math/integers.js';
import { proRata } from './allocate.js';

/** Somebody who wants to close a position. */
export interface Wish {
  /** The account: it decides between equals. */
  readonly key: string;
  /** Base quanta, positive: no more than the position, and what the account bears as a whole. */
  readonly quantity: bigint;
}

export interface Netted<W extends Wish> {
  readonly wish: W;
  /** Base quanta, positive. */
  readonly quantity: bigint;
}

/** What closes on each side, in key order; both sides add up to the same. */
export interface NettedSides<W extends Wish> {
  readonly longs: readonly Netted<W>[];
  readonly shorts: readonly Netted<W>[];
}

/**
 * Closes longs and shorts against each other: the smaller side in full, the
 * larger pro rata in whole steps, largest remainders first, ties by key.
 * Quantities that are no multiple of the step are shared by the quantum. No
 * order in which wishes came, and no price, plays a part. Who does not bear
 * a share takes no part; what the other side has too much then is taken off
 * its last accounts in key order. risk-model section 14.1. O(n * log n), and
 * as many questions as wishes at most twice.
 * @param bears may this wish be fulfilled with less than all of it?
 */
export function net<W extends Wish>(
  longs: readonly W[],
  shorts: readonly W[],
  stepSize: bigint,
  bears: (wish: W, quantity: bigint) => boolean,
): NettedSides<W> {
  const volume = min(total(longs), total(shorts));
  const may = ({ wish, quantity }: Netted<W>): boolean => quantity === wish.quantity || bears(wish, quantity);
  const [long, short] = [longs, shorts].map((side) => shareOut(side, volume, stepSize).filter(may)) as [
    Netted<W>[],
    Netted<W>[],
  ];
  for (let surplus = total(long) - total(short); surplus !== 0n;) {
    const larger = surplus > 0n ? long : short;
    const { wish, quantity } = larger.pop()!;
    const excess = surplus > 0n ? surplus : -surplus;
    const less = { wish, quantity: quantity - excess };
    const taken = less.quantity > 0n && may(less) ? excess : quantity;
    if (taken < quantity) larger.push(less);
    surplus -= surplus > 0n ? taken : -taken;
  }
  return { longs: long, shorts: short };
}

function shareOut<W extends Wish>(side: readonly W[], volume: bigint, stepSize: bigint): Netted<W>[] {
  if (volume === 0n) return [];
  const sorted = [...side].sort((a, b) => (a.key < b.key ? -1 : 1));
  const quantities = sorted.map(({ quantity }) => quantity);
  const shares = proRata(quantities, total(side), volume, stepSize);
  return sorted.map((wish, index) => ({ wish, quantity: shares[index]! })).filter(({ quantity }) => quantity > 0n);
}

const total = (side: readonly { readonly quantity: bigint }[]): bigint =>
  side.reduce((sum, { quantity }) => sum + quantity, 0n);
