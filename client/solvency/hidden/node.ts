import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import type { Point } from './group.js';

/**
 * A node of a hidden sum tree: commitments that add up, first one for each
 * denomination that accounts are owed in, then one for each market's
 * positions; and a hash that binds everything below. risk-model section 18.2.
 */
export interface HiddenNode {
  readonly points: readonly Point[];
  readonly hash: Uint8Array;
}

const encode = (points: readonly Point[]): Uint8Array => concatBytes(...points.map((point) => point.toBytes()));

/** @param account 20 bytes of owner, 4 of number */
export function leafOf(account: Uint8Array, salt: Uint8Array, points: readonly Point[]): HiddenNode {
  return { points, hash: sha256(concatBytes(Uint8Array.of(0), account, salt, encode(points))) };
}

export function parentOf(left: HiddenNode, right: HiddenNode): HiddenNode {
  return {
    points: left.points.map((point, index) => point.add(right.points[index]!)),
    hash: sha256(concatBytes(Uint8Array.of(1), left.hash, encode(left.points), right.hash, encode(right.points))),
  };
}

/** Account bytes, as leaves have them. */
export function accountBytes(owner: Uint8Array, number: number): Uint8Array {
  const bytes = new Uint8Array(24);
  bytes.set(owner);
  new DataView(bytes.buffer).setUint32(20, number);
  return bytes;
}

/** Commitments whose ranges one proof of an account covers: its siblings' amounts, filled up to a power of two. */
export function rangeCount(depth: number, denoms: number): number {
  let count = 1;
  while (count < depth * denoms) count *= 2;
  return count;
}

export const rangeLabel = 'plimsoll hidden balances v1';
