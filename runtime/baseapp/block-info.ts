import { MisbehaviorType, type CommitInfo, type Misbehavior } from 'cosmjs-types/tendermint/abci/types';
import { BlockIDFlag } from 'cosmjs-types/tendermint/types/validator';
import type { BlockInfo } from './context.js';
import { msOfProtoTime } from './time.js';

/** Who signed the previous block, as modules see it. @param commit absent outside FinalizeBlock */
export const signersOf = (commit: CommitInfo | undefined): BlockInfo['lastCommit'] =>
  (commit?.votes ?? []).map(({ validator, blockIdFlag }) => ({
    address: validator.address,
    power: validator.power,
    signed: blockIdFlag === BlockIDFlag.BLOCK_ID_FLAG_COMMIT,
  }));

/** Proofs of misbehaviour, as modules see them. */
export const misbehaviorOf = (items: readonly Misbehavior[]): BlockInfo['misbehavior'] =>
  items.map((item) => ({
    kind: item.type === MisbehaviorType.DUPLICATE_VOTE ? 'duplicate-vote' : 'light-client-attack',
    address: item.validator.address,
    power: item.validator.power,
    height: item.height,
    timeMs: msOfProtoTime(item.time),
    totalPower: item.totalVotingPower,
  }));
