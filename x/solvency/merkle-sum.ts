import { sha256 } from '../../runtime/crypto/hash.js';

/**
 * A Merkle tree of sums: its root says how much all leaves hold together, and
 * a path proves that one of them is in it. A node's hash covers the sums of
 * both children and not only their total: otherwise a prover could claim the
 * larger one instead of both. risk-model section 18.1; INV-Z1, INV-Z2.
 */

export type Sums = readonly bigint[];

export interface TreeNode {
  readonly hash: Uint8Array;
  readonly sums: Sums;
}

/** Sums stay below 2^40 leaves of less than 2^87 each. */
const bytesPerSum = 16;

export function encodeSums(sums: Sums): Buffer {
  const out = Buffer.alloc(sums.length * bytesPerSum);
  for (const [index, sum] of sums.entries()) {
    out.writeBigUInt64BE(sum >> 64n, index * bytesPerSum);
    out.writeBigUInt64BE(sum & 0xffff_ffff_ffff_ffffn, index * bytesPerSum + 8);
  }
  return out;
}

export const addSums = (a: Sums, b: Sums): Sums => a.map((sum, index) => sum + b[index]!);

/** What stands for an account in a tree; the salt is the epoch's, so that leaves of two epochs cannot be matched. */
export const leafHash = (account: Uint8Array, salt: Uint8Array, amounts: Sums): Uint8Array =>
  sha256(Buffer.concat([Buffer.of(0), account, salt, encodeSums(amounts)]));

export const saltOf = (appHash: Uint8Array, account: Uint8Array): Uint8Array =>
  sha256(Buffer.concat([appHash, account]));

export const parentOf = (left: TreeNode, right: TreeNode): TreeNode => {
  const sums = addSums(left.sums, right.sums);
  const parts = [Buffer.of(1), left.hash, encodeSums(left.sums), right.hash, encodeSums(right.sums), encodeSums(sums)];
  return { hash: sha256(Buffer.concat(parts)), sums };
};

/** Grows by leaves in order; each level holds what is complete. Adding costs two hashes on average. */
export class MerkleSumTree {
  readonly #denoms: number;
  readonly #levels: TreeNode[][] = [[]];
  #top: TreeNode[][] | undefined;

  /** @param denoms number of sums in every node */
  constructor(denoms: number) {
    this.#denoms = denoms;
  }

  get size(): number {
    return this.#levels[0]!.length;
  }

  add(leaf: TreeNode): void {
    this.#top = undefined;
    let node = leaf;
    for (let level = 0; ; level++) {
      const nodes = (this.#levels[level] ??= []);
      nodes.push(node);
      if (nodes.length % 2 === 1) return;
      node = parentOf(nodes.at(-2)!, node);
    }
  }

  leaf(index: number): TreeNode {
    return this.#levels[0]![index]!;
  }

  root(): TreeNode {
    return (
      this.#complete().at(-1)![0] ?? { hash: sha256(new Uint8Array(0)), sums: new Array<bigint>(this.#denoms).fill(0n) }
    );
  }

  /** Neighbours of a leaf from below; where there is none the node moves up as it is. */
  path(index: number): TreeNode[] {
    const path: TreeNode[] = [];
    let at = index;
    for (const nodes of this.#complete().slice(0, -1)) {
      const neighbour = nodes[at ^ 1];
      if (neighbour !== undefined) path.push(neighbour);
      at >>>= 1;
    }
    return path;
  }

  /** Levels with the nodes that have no right neighbour moved up. */
  #complete(): readonly TreeNode[][] {
    if (this.#top !== undefined) return this.#top;
    const levels: TreeNode[][] = [this.#levels[0]!];
    let below = levels[0]!;
    for (let level = 1; below.length > 1; level++) {
      const full = this.#levels[level]?.slice(0, below.length >>> 1) ?? [];
      // The last pair may have a moved-up node in it, which only this completion knows.
      const nodes = full.length === below.length >>> 1 ? [...full] : full;
      for (let at = nodes.length; at < below.length >>> 1; at++)
        nodes.push(parentOf(below[2 * at]!, below[2 * at + 1]!));
      if (below.length % 2 === 1) nodes.push(below.at(-1)!);
      levels.push(nodes);
      below = nodes;
    }
    this.#top = levels;
    return levels;
  }
}
