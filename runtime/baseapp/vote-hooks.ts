import type { CommitInfo, ExtendedCommitInfo } from 'cosmjs-types/tendermint/abci/types';
import type { Context } from './context.js';

/**
 * How the base app carries vote extensions through a block. From one height
 * after extensions are enabled on, the first "transaction" of every block is
 * the previous height's extended commit, wrapped so that no user transaction
 * decodes as it and it decodes as no user transaction.
 */
export interface VoteHooks {
  /** True when `tx` carries the marker of injected votes, whatever follows it. */
  isInjected(tx: Uint8Array): boolean;
  /**
   * Proposer: drops what does not verify and returns the first transaction, of at most `maxBytes`: large extensions are
   * dropped for it. Undefined when not more than 2/3 of the power would be left.
   */
  prepare(ctx: Context, lastCommit: ExtendedCommitInfo, maxBytes: number): Uint8Array | undefined;
  /** Every validator: throws AppError with the reason to reject the proposal. Deterministic. */
  verify(ctx: Context, injected: Uint8Array, lastCommit: CommitInfo): void;
  /** Every node, first thing in FinalizeBlock: the votes become state. */
  preBlock(ctx: Context, injected: Uint8Array): void;
  /** This validator's extension; may differ from node to node, never throws, never waits. */
  extend(ctx: Context): Uint8Array;
  /** Deterministic; lenient: refuses only what no honest node sends. */
  verifyExtension(ctx: Context, validator: Uint8Array, extension: Uint8Array): boolean;
}
