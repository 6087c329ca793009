import type { Context } from '../../runtime/baseapp/context.js';
import type { Books, Claim, ClaimsKeeper } from './expected_keepers.js';
import { leafHash, MerkleSumTree, saltOf, type Sums, type TreeNode } from './merkle-sum.js';

/** A finished tree. */
export interface Epoch {
  readonly height: bigint;
  readonly timeMs: bigint;
  readonly appHash: Uint8Array;
  readonly denoms: readonly string[];
  readonly root: TreeNode;
  readonly accounts: number;
  readonly books: Books;
  readonly owed: bigint;
  readonly unsettled: bigint;
  readonly positions: number;
}

export interface Inclusion {
  readonly index: number;
  readonly amounts: Sums;
  readonly path: readonly TreeNode[];
}

export interface EpochOptions {
  /** Blocks from one epoch to the next. */
  readonly interval: bigint;
  /** Accounts that are added after one block. */
  readonly perBlock: number;
  /** Finished epochs that stay in memory. */
  readonly keep: number;
}

interface Growing {
  readonly ctx: Context;
  readonly appHash: Uint8Array;
  readonly tree: MerkleSumTree;
  readonly places: Map<string, number>;
  readonly claims: Iterator<Claim>;
  owed: bigint;
  unsettled: bigint;
  positions: number;
}

/** Committed states, as the node keeps them. */
export interface States {
  /** The newest one. */
  newest(): { readonly ctx: Context; readonly appHash: Uint8Array };
  /** May the state of a height still be read? */
  isKept(height: bigint): boolean;
}

export const accountBytes = (owner: Uint8Array, number: number): Buffer => {
  const bytes = Buffer.alloc(24);
  bytes.set(owner);
  bytes.writeUInt32BE(number, 20);
  return bytes;
};

/**
 * Builds the tree of each epoch out of the state that its height committed,
 * a bounded number of accounts after each block, so that no block waits for
 * it. The tree is a function of committed state: every node that keeps one
 * has the same, and it takes part in no consensus.
 */
export class Epochs {
  readonly #claims: ClaimsKeeper;
  readonly #options: EpochOptions;
  readonly #finished: { readonly epoch: Epoch; readonly tree: MerkleSumTree; readonly places: Map<string, number> }[] =
    [];
  #growing: Growing | undefined;

  constructor(claims: ClaimsKeeper, options: EpochOptions) {
    this.#claims = claims;
    this.#options = options;
  }

  /** Call after each commit. */
  onCommit(height: bigint, states: States): void {
    // Pruning overtook the tree: the next epoch gets another chance.
    if (this.#growing !== undefined && !states.isKept(this.#growing.ctx.block.height)) this.#growing = undefined;
    if (height % this.#options.interval === 0n && this.#growing === undefined) {
      const { ctx, appHash } = states.newest();
      this.#growing = {
        ctx,
        appHash,
        tree: new MerkleSumTree(this.#claims.denoms(ctx).length),
        places: new Map(),
        claims: this.#claims.claims(ctx)[Symbol.iterator](),
        owed: 0n,
        unsettled: 0n,
        positions: 0,
      };
    }
    if (this.#growing !== undefined) this.#grow(this.#growing);
  }

  #grow(growing: Growing): void {
    const { tree, places, appHash } = growing;
    for (let added = 0; added < this.#options.perBlock; added++) {
      const next = growing.claims.next();
      if (next.done === true) {
        this.#finish(growing);
        return;
      }
      const { owner, number, amounts, owed, unsettled, positions } = next.value;
      const account = accountBytes(owner, number);
      places.set(account.toString('latin1'), tree.size);
      tree.add({ hash: leafHash(account, saltOf(appHash, account), amounts), sums: amounts });
      growing.owed += owed;
      growing.unsettled += unsettled;
      growing.positions += positions;
    }
  }

  #finish({ ctx, appHash, tree, places, owed, unsettled, positions }: Growing): void {
    this.#growing = undefined;
    const epoch: Epoch = {
      height: ctx.block.height,
      timeMs: ctx.block.timeMs,
      appHash,
      denoms: this.#claims.denoms(ctx),
      root: tree.root(),
      accounts: tree.size,
      books: this.#claims.books(ctx),
      owed,
      unsettled,
      positions,
    };
    this.#finished.push({ epoch, tree, places });
    if (this.#finished.length > this.#options.keep) this.#finished.shift();
  }

  /** Oldest first. */
  all(): Epoch[] {
    return this.#finished.map(({ epoch }) => epoch);
  }

  /** @param height zero for the newest */
  find(height: bigint): Epoch | undefined {
    return this.#at(height)?.epoch;
  }

  /** Undefined when the account was not there. */
  prove(height: bigint, owner: Uint8Array, number: number): Inclusion | undefined {
    const found = this.#at(height);
    const index = found?.places.get(accountBytes(owner, number).toString('latin1'));
    if (found === undefined || index === undefined) return undefined;
    return { index, amounts: found.tree.leaf(index).sums, path: found.tree.path(index) };
  }

  #at(height: bigint) {
    return height === 0n ? this.#finished.at(-1) : this.#finished.find(({ epoch }) => epoch.height === height);
  }
}
