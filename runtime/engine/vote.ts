import { ResponseVerifyVoteExtension_VerifyStatus, type CommitInfo } from 'cosmjs-types/tendermint/abci/types';
import type { Block } from 'cosmjs-types/tendermint/types/block';
import type { BlockID } from 'cosmjs-types/tendermint/types/types';
import { BlockIDFlag } from 'cosmjs-types/tendermint/types/validator';
import type { Application } from '../abci/application.js';
import { canonicalVoteExtension } from '../abci/canonical-vote.js';
import type { StoredBlock } from './block-store.js';
import type { EngineClock } from './clock.js';
import type { ConsensusKey } from './consensus-key.js';
import { precommitSignBytes } from './hashing.js';
import { msOf, timestampOf } from './time.js';
import type { ValidatorSet } from './validator-set.js';

const noBytes = new Uint8Array(0);

/** Who votes. */
export interface Voter {
  readonly app: Application;
  readonly validator: ConsensusKey;
  readonly clock: EngineClock;
  readonly chainId: string;
  /** From this height on votes carry extensions; zero for never. */
  readonly enableHeight: bigint;
}

/** What is voted on. */
export interface Candidate {
  readonly block: Block;
  readonly blockId: BlockID;
  readonly lastCommit: CommitInfo;
  readonly set: ValidatorSet;
  readonly round: number;
}

/** The votes on a block as they are stored with it. */
export type Vote = Pick<StoredBlock, 'commit' | 'extended'>;

/** Precommits a block: extension, signatures, timestamp. Whoever else may vote is absent. */
export async function precommit(voter: Voter, candidate: Candidate): Promise<Vote> {
  const { validator, clock, chainId } = voter;
  const { block, blockId, set, round } = candidate;
  const { height, time } = block.header;
  const { voteExtension, extensionSignature } = await extend(voter, candidate);
  const blockMs = msOf(time);
  const now = clock.nowMs();
  const timestamp = timestampOf(now > blockMs ? now : blockMs + 1n);
  const signature = validator.sign(precommitSignBytes(blockId, height, round, timestamp, chainId));
  const flag = BlockIDFlag.BLOCK_ID_FLAG_COMMIT;
  const isLocal = (address: Uint8Array): boolean => Buffer.compare(address, validator.address) === 0;
  return {
    commit: {
      height,
      round,
      blockId,
      signatures: set.validators.map(({ address }) =>
        isLocal(address) ? { blockIdFlag: flag, validatorAddress: address, timestamp, signature } : absentSignature,
      ),
    },
    extended: {
      round,
      votes: set.validators.map(({ address, power }) => ({
        validator: { address, power },
        ...(isLocal(address) ? { voteExtension, extensionSignature, blockIdFlag: flag } : absentExtension),
      })),
    },
  };
}

/** The local vote's extension, verified by the application as others' are; empty before votes carry any. */
async function extend(
  { app, validator, chainId, enableHeight }: Voter,
  { block, blockId, lastCommit, round }: Candidate,
): Promise<{ readonly voteExtension: Uint8Array; readonly extensionSignature: Uint8Array }> {
  const { height, time, nextValidatorsHash } = block.header;
  if (enableHeight === 0n || height < enableHeight) return { voteExtension: noBytes, extensionSignature: noBytes };
  const { voteExtension } = await app.extendVote({
    hash: blockId.hash,
    height,
    time,
    txs: block.data.txs,
    proposedLastCommit: lastCommit,
    misbehavior: [],
    nextValidatorsHash,
    proposerAddress: validator.address,
  });
  const extensionSignature = validator.sign(canonicalVoteExtension(voteExtension, height, round, chainId));
  const { status } = await app.verifyVoteExtension({
    hash: blockId.hash,
    validatorAddress: validator.address,
    height,
    voteExtension,
  });
  if (status !== ResponseVerifyVoteExtension_VerifyStatus.ACCEPT)
    throw new Error(`the application refused its own vote extension of height ${height}`);
  return { voteExtension, extensionSignature };
}

/** What CometBFT writes into a commit for who did not vote; the time is Go's zero. */
const absentSignature = {
  blockIdFlag: BlockIDFlag.BLOCK_ID_FLAG_ABSENT,
  validatorAddress: noBytes,
  timestamp: { seconds: -62_135_596_800n, nanos: 0 },
  signature: noBytes,
};

const absentExtension = {
  voteExtension: noBytes,
  extensionSignature: noBytes,
  blockIdFlag: BlockIDFlag.BLOCK_ID_FLAG_ABSENT,
};
