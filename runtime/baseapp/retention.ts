import type { ConsensusParams } from 'cosmjs-types/tendermint/types/params';

/** What a node wants to keep blocks for. */
export interface BlockRetention {
  /** Newest blocks to keep at least; 0 keeps all blocks, whatever the rest says. */
  readonly minRetainBlocks: number;
  /** Newest versions of the state that stay: a rollback to one of them executes the blocks above it again. */
  readonly keepVersions: number;
  /** Heights between two state-sync snapshots; 0 without snapshots. */
  readonly snapshotInterval: number;
  /** Snapshots kept, 0 for all: who restores one needs the blocks above it. */
  readonly snapshotKeepRecent: number;
}

/** Keeps every block. */
export const keepAllBlocks: BlockRetention = {
  minRetainBlocks: 0,
  keepVersions: 1,
  snapshotInterval: 0,
  snapshotKeepRecent: 0,
};

/**
 * The lowest height whose block the engine must keep after `height` is
 * committed, as Commit answers; 0 keeps all. It is the lowest that any of
 * these needs: the operator, evidence that may still be brought
 * (evidence.max_age_num_blocks; the engine itself keeps headers until the
 * age in time is over as well), a rollback, a restored snapshot.
 */
export function retainHeight(height: bigint, retention: BlockRetention, params: ConsensusParams | undefined): bigint {
  const { minRetainBlocks, keepVersions, snapshotInterval, snapshotKeepRecent } = retention;
  if (minRetainBlocks === 0 || keepVersions === Infinity) return 0n;
  if (snapshotInterval > 0 && snapshotKeepRecent === 0) return 0n;
  const ages = [
    BigInt(minRetainBlocks),
    BigInt(keepVersions),
    params?.evidence?.maxAgeNumBlocks ?? 0n,
    // The oldest kept snapshot while the next one is still being written.
    BigInt(snapshotInterval) * BigInt(snapshotKeepRecent + 1),
  ];
  const lowest = height - ages.reduce((a, b) => (a > b ? a : b));
  return lowest > 0n ? lowest : 0n;
}
