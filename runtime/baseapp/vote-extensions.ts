import type { CommitInfo } from 'cosmjs-types/tendermint/abci/types';
import { ExtendedCommitInfo, type ExtendedVoteInfo } from 'cosmjs-types/tendermint/abci/types';
import { BlockIDFlag } from 'cosmjs-types/tendermint/types/validator';
import { verifyEd25519 } from '../crypto/ed25519.js';
import { bytes as keyOfBytes } from '../store/key.js';
import { canonicalVoteExtension } from '../abci/canonical-vote.js';
import type { Context } from './context.js';
import { ErrorRegistry } from './errors.js';
import type { VoteHooks } from './vote-hooks.js';

/** One validator's extension as it reaches the state machine, signature checked. */
export interface CountedVote {
  readonly address: Uint8Array;
  readonly power: bigint;
  readonly extension: Uint8Array;
}

/** The module that gives extensions their meaning. */
export interface VoteHandler {
  /** This node's extension; may differ from node to node. */
  extend(ctx: Context): Uint8Array;
  /** Deterministic: is this something an honest node may send? */
  isValid(ctx: Context, extension: Uint8Array): boolean;
  /** All counted votes of the previous height. `totalPower` includes those that did not vote. */
  apply(ctx: Context, votes: readonly CountedVote[], totalPower: bigint): void;
}

/** Keys by consensus address, also of validators that left the set recently. */
export interface ValidatorKeys {
  publicKey(ctx: Context, address: Uint8Array): Uint8Array | undefined;
}

const registry = new ErrorRegistry('votes');
/** Why a proposal's votes are rejected. */
export const voteErrors = {
  malformed: registry.register(2, 'injected votes are malformed'),
  wrongRound: registry.register(3, 'injected votes are of another round'),
  wrongSet: registry.register(4, 'injected votes do not match the last commit'),
  unknownValidator: registry.register(5, 'vote of an unknown validator'),
  badSignature: registry.register(6, 'vote extension signature does not verify'),
  badExtension: registry.register(7, 'vote extension is not valid'),
  tooLittlePower: registry.register(8, 'votes carry less than two thirds of the power'),
};

/** Field number zero: no protobuf message, hence no transaction, starts like this. */
const marker = Buffer.concat([Buffer.of(0), Buffer.from('plimsoll/votes/1', 'ascii')]);

/** Carries vote extensions from the votes of one height into the block of the next (ABCI 2.0). */
export class VoteExtensions implements VoteHooks {
  readonly #handler: VoteHandler;
  readonly #keys: ValidatorKeys;

  constructor(handler: VoteHandler, keys: ValidatorKeys) {
    this.#handler = handler;
    this.#keys = keys;
  }

  isInjected(tx: Uint8Array): boolean {
    return tx.length >= marker.length && marker.equals(tx.subarray(0, marker.length));
  }

  /** Late precommits enter the last commit without having passed VerifyVoteExtension: what does not verify is left out. */
  prepare(ctx: Context, lastCommit: ExtendedCommitInfo, maxBytes: number): Uint8Array | undefined {
    let power = 0n;
    let total = 0n;
    const votes = lastCommit.votes.map((vote): ExtendedVoteInfo => {
      total += vote.validator.power;
      if (vote.blockIdFlag !== BlockIDFlag.BLOCK_ID_FLAG_COMMIT) return withoutExtension(vote, vote.blockIdFlag);
      const key = this.#keys.publicKey(ctx, vote.validator.address);
      if (
        key !== undefined &&
        this.#signed(ctx, vote, lastCommit.round, key) &&
        this.#handler.isValid(ctx, vote.voteExtension)
      ) {
        power += vote.validator.power;
        return vote;
      }
      return withoutExtension(vote, BlockIDFlag.BLOCK_ID_FLAG_ABSENT);
    });
    const spare = power - requiredPower(total);
    if (spare < 0n) return undefined;
    const encode = (kept: ExtendedVoteInfo[]): Uint8Array =>
      Buffer.concat([marker, ExtendedCommitInfo.encode({ round: lastCommit.round, votes: kept }).finish()]);
    const injected = encode(votes);
    if (injected.length <= maxBytes) return injected;
    const smaller = encode(withoutLargest(votes, injected.length - maxBytes, spare));
    return smaller.length <= maxBytes ? smaller : undefined;
  }

  verify(ctx: Context, injected: Uint8Array, lastCommit: CommitInfo): void {
    const commit = decodeInjected(injected);
    if (commit.round !== lastCommit.round) {
      throw voteErrors.wrongRound(`round ${commit.round}, last commit is of round ${lastCommit.round}`);
    }
    if (commit.votes.length !== lastCommit.votes.length) {
      throw voteErrors.wrongSet(`${commit.votes.length} votes, last commit has ${lastCommit.votes.length}`);
    }
    let power = 0n;
    let total = 0n;
    const seen = new Set<string>();
    for (const [index, vote] of commit.votes.entries()) {
      const expected = lastCommit.votes[index]!.validator;
      const { address, power: votePower } = vote.validator;
      if (Buffer.compare(address, expected.address) !== 0 || votePower !== expected.power) {
        throw voteErrors.wrongSet(`vote ${index} is of another validator or power than in the last commit`);
      }
      const id = keyOfBytes(address);
      if (seen.has(id)) throw voteErrors.wrongSet(`vote ${index} repeats a validator`);
      seen.add(id);
      total += votePower;
      if (vote.blockIdFlag !== BlockIDFlag.BLOCK_ID_FLAG_COMMIT) {
        if (vote.voteExtension.length > 0 || vote.extensionSignature.length > 0) {
          throw voteErrors.malformed(`vote ${index} did not commit and carries an extension`);
        }
        continue;
      }
      const key = this.#keys.publicKey(ctx, address);
      if (key === undefined)
        throw voteErrors.unknownValidator(`vote ${index} by ${Buffer.from(address).toString('hex')}`);
      if (!this.#signed(ctx, vote, commit.round, key)) throw voteErrors.badSignature(`vote ${index}`);
      if (!this.#handler.isValid(ctx, vote.voteExtension)) throw voteErrors.badExtension(`vote ${index}`);
      power += votePower;
    }
    if (power < requiredPower(total)) throw voteErrors.tooLittlePower(`${power} of ${total}`);
  }

  preBlock(ctx: Context, injected: Uint8Array): void {
    const commit = decodeInjected(injected);
    const total = commit.votes.reduce((sum, { validator }) => sum + validator.power, 0n);
    // More than two thirds of the power verified the votes before they decided on the block: here they are only decoded.
    const votes = commit.votes
      .filter(({ blockIdFlag }) => blockIdFlag === BlockIDFlag.BLOCK_ID_FLAG_COMMIT)
      .map(({ validator, voteExtension }) => ({
        address: validator.address,
        power: validator.power,
        extension: voteExtension,
      }));
    this.#handler.apply(ctx, votes, total);
  }

  extend(ctx: Context): Uint8Array {
    return this.#handler.extend(ctx);
  }

  verifyExtension(ctx: Context, _validator: Uint8Array, extension: Uint8Array): boolean {
    return this.#handler.isValid(ctx, extension);
  }

  /** Votes in block H were cast for height H - 1. */
  #signed(ctx: Context, vote: ExtendedVoteInfo, round: number, key: Uint8Array): boolean {
    const message = canonicalVoteExtension(vote.voteExtension, ctx.block.height - 1n, round, ctx.block.chainId);
    return verifyEd25519(key, message, vote.extensionSignature);
  }
}

/** The same validator's place in the commit, counting for nothing: what `verify` accepts of votes without an extension. */
const withoutExtension = ({ validator }: ExtendedVoteInfo, blockIdFlag: BlockIDFlag): ExtendedVoteInfo => ({
  validator,
  blockIdFlag,
  voteExtension: new Uint8Array(0),
  extensionSignature: new Uint8Array(0),
});

/** Drops the largest extensions until `excess` bytes are saved, as long as no more than `spare` power is lost. */
function withoutLargest(votes: readonly ExtendedVoteInfo[], excess: number, spare: bigint): ExtendedVoteInfo[] {
  const kept = [...votes];
  const bySize = votes
    .map((vote, index) => ({ vote, index, size: vote.voteExtension.length + vote.extensionSignature.length }))
    .filter(({ vote }) => vote.blockIdFlag === BlockIDFlag.BLOCK_ID_FLAG_COMMIT)
    .sort((a, b) => b.size - a.size || a.index - b.index);
  let saved = 0;
  let lost = 0n;
  for (const { vote, index, size } of bySize) {
    if (saved >= excess) break;
    if (lost + vote.validator.power > spare) continue;
    kept[index] = withoutExtension(vote, BlockIDFlag.BLOCK_ID_FLAG_ABSENT);
    lost += vote.validator.power;
    saved += size;
  }
  return kept;
}

/** More than two thirds: floor(2/3 total) + 1. */
const requiredPower = (total: bigint): bigint => (2n * total) / 3n + 1n;

/** @throws AppError votes/2 unless the bytes are the one encoding of an extended commit */
function decodeInjected(injected: Uint8Array): ExtendedCommitInfo {
  const body = injected.subarray(marker.length);
  let commit: ExtendedCommitInfo;
  try {
    commit = ExtendedCommitInfo.decode(body);
  } catch (error) {
    throw voteErrors.malformed((error as Error).message);
  }
  if (Buffer.compare(ExtendedCommitInfo.encode(commit).finish(), body) !== 0) {
    throw voteErrors.malformed('the encoding is not canonical');
  }
  return commit;
}
