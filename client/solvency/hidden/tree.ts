import { hmac } from '@noble/hashes/hmac.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { add, scalarOf } from './field.js';
import { commit } from './group.js';
import { leafOf, parentOf, rangeCount, rangeLabel, type HiddenNode } from './node.js';
import { proveRange, type Opening } from './range-proof.js';

/** What one account is owed and holds. */
export interface HiddenLeaf {
  /** 20 bytes of owner, 4 of number. */
  readonly account: Uint8Array;
  /** For each denomination, 0 to 2^64 - 1. */
  readonly amounts: readonly bigint[];
  /** For each market, signed. */
  readonly sizes: readonly bigint[];
}

/** A node with what opens it: only the prover knows. */
interface OpenNode extends HiddenNode {
  readonly values: readonly bigint[];
  readonly blindings: readonly bigint[];
}

/** What the owner of an account is given, and nobody else. */
export interface HiddenInclusion {
  readonly position: number;
  readonly salt: Uint8Array;
  readonly blindings: readonly bigint[];
  /** Siblings from the leaf to the root. */
  readonly path: readonly HiddenNode[];
  /** That no sibling's amount is negative. */
  readonly range: Uint8Array;
}

const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

/**
 * The prover's tree. It has 2^depth places; accounts stand at places that
 * only the secret tells, and wherever nobody stands a node of nothing hides
 * that: neither how many accounts there are nor who is whose neighbour can be
 * seen. About 1 ms for each commitment.
 */
export class HiddenTree {
  readonly #secret: Uint8Array;
  readonly #depth: number;
  readonly #denoms: number;
  readonly #markets: number;
  /** By level from the leaves, by place. */
  readonly #levels: Map<number, OpenNode>[] = [];
  readonly #places = new Map<string, number>();

  /**
   * @param secret at least 32 bytes; the same secret and leaves make the same tree
   * @param depth 1 to 32; at most half of the 2^depth places may be taken
   * @param progress called after each node, with how many of the leaves' nodes are done
   * @throws Error for too many accounts, an account twice, or an amount out of range
   */
  constructor(
    secret: Uint8Array,
    depth: number,
    leaves: readonly HiddenLeaf[],
    shape: { readonly denoms: number; readonly markets: number },
    progress: (done: number) => void = () => {},
  ) {
    if (secret.length < 32) throw new Error('the secret has less than 32 bytes');
    if (!Number.isInteger(depth) || depth < 1 || depth > 32) throw new Error(`depth ${depth}: expected 1 to 32`);
    if (leaves.length > 2 ** (depth - 1))
      throw new Error(`${leaves.length} accounts: a tree of depth ${depth} takes ${2 ** (depth - 1)}`);
    this.#secret = secret;
    this.#depth = depth;
    this.#denoms = shape.denoms;
    this.#markets = shape.markets;
    this.#plant(leaves, progress);
    for (let level = 0; level < depth; level++) this.#levels.push(this.#raise(level));
  }

  get root(): {
    readonly node: HiddenNode;
    /** Sums of amounts, then of sizes. */
    readonly values: readonly bigint[];
    readonly blindings: readonly bigint[];
  } {
    const top = this.#levels[this.#depth]!.get(0)!;
    return { node: top, values: top.values, blindings: top.blindings };
  }

  /** Undefined when the account is not in the tree. Some seconds: the range proof covers all siblings. */
  prove(account: Uint8Array): HiddenInclusion | undefined {
    const position = this.#places.get(String(account));
    if (position === undefined) return undefined;
    const path: OpenNode[] = [];
    for (let level = 0, at = position; level < this.#depth; level++, at = Math.floor(at / 2))
      path.push(this.#levels[level]!.get(at % 2 === 0 ? at + 1 : at - 1)!);
    const openings: Opening[] = path.flatMap(({ values, blindings }) =>
      values.slice(0, this.#denoms).map((value, index) => ({ value, blinding: blindings[index]! })),
    );
    while (openings.length < rangeCount(this.#depth, this.#denoms)) openings.push({ value: 0n, blinding: 0n });
    return {
      position,
      salt: this.#draw('salt', account).slice(0, 32),
      blindings: this.#levels[0]!.get(position)!.blindings,
      path: path.map(({ points, hash }) => ({ points, hash })),
      range: proveRange(rangeLabel, openings),
    };
  }

  #plant(leaves: readonly HiddenLeaf[], progress: (done: number) => void): void {
    const bottom = new Map<number, OpenNode>();
    for (const [index, { account, amounts, sizes }] of leaves.entries()) {
      const name = String(account);
      if (this.#places.has(name)) throw new Error(`account ${name} stands in the tree twice`);
      if (amounts.length !== this.#denoms || sizes.length !== this.#markets)
        throw new Error('a leaf has not one amount for each denomination and one size for each market');
      for (const amount of amounts)
        if (amount < 0n || amount >> 64n !== 0n) throw new Error(`amount ${amount}: expected 0 to 2^64 - 1`);
      const place = this.#freePlace(account, bottom);
      this.#places.set(name, place);
      const values = [...amounts, ...sizes];
      const blindings = this.#blindings('leaf', account);
      const points = values.map((value, each) => commit(value, blindings[each]!));
      const salt = this.#draw('salt', account).slice(0, 32);
      bottom.set(place, { ...leafOf(account, salt, points), values, blindings });
      progress(index + 1);
    }
    if (bottom.size === 0) bottom.set(0, this.#nothing(0, 0));
    this.#levels.push(bottom);
  }

  /** A place that only the secret tells; the next draw when somebody stands there. */
  #freePlace(account: Uint8Array, taken: ReadonlyMap<number, unknown>): number {
    for (let draw = 0; ; draw++) {
      const bytes = this.#draw('place', concatBytes(account, u32(draw)));
      const place = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % 2 ** this.#depth;
      if (!taken.has(place)) return place;
    }
  }

  /** The level above, with nodes of nothing wherever a node has no sibling. */
  #raise(level: number): Map<number, OpenNode> {
    const nodes = this.#levels[level]!;
    const above = new Map<number, OpenNode>();
    for (const place of [...nodes.keys()]) {
      const up = Math.floor(place / 2);
      if (above.has(up)) continue;
      const [left, right] = [up * 2, up * 2 + 1].map((at) => {
        let node = nodes.get(at);
        if (node === undefined) nodes.set(at, (node = this.#nothing(level, at)));
        return node;
      }) as [OpenNode, OpenNode];
      above.set(up, {
        ...parentOf(left, right),
        values: left.values.map((value, index) => value + right.values[index]!),
        blindings: left.blindings.map((blinding, index) => add(blinding, right.blindings[index]!)),
      });
    }
    return above;
  }

  /** A node that nobody stands below; it looks like any other. */
  #nothing(level: number, place: number): OpenNode {
    const at = concatBytes(u32(level), u32(place));
    const blindings = this.#blindings('nothing', at);
    return {
      points: blindings.map((blinding) => commit(0n, blinding)),
      hash: this.#draw('hash', at).slice(0, 32),
      values: blindings.map(() => 0n),
      blindings,
    };
  }

  #blindings(kind: string, of: Uint8Array): bigint[] {
    return Array.from({ length: this.#denoms + this.#markets }, (_, index) =>
      scalarOf(this.#draw(`${kind} blinding`, concatBytes(of, u32(index)))),
    );
  }

  /** 64 bytes that nobody without the secret can tell from random ones. */
  #draw(kind: string, of: Uint8Array): Uint8Array {
    return hmac(sha512, this.#secret, concatBytes(utf8ToBytes(kind), Uint8Array.of(0), of));
  }
}
