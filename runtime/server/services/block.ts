import { Block as CometBlock } from 'cosmjs-types/tendermint/types/block';
import { Block } from '../../../gen/tendermint/types/block.js';
import type { BlockID } from '../../../gen/tendermint/types/types.js';
import type { EmbeddedEngine } from '../../engine/engine.js';
import { grpcStatus, ServiceError } from '../node-service.js';

/** A block as services show it. @throws ServiceError not found */
export async function blockOf(
  engine: EmbeddedEngine,
  height: bigint,
): Promise<{ readonly blockId: BlockID; readonly block: Block & { data: { txs: Uint8Array[] } } }> {
  const stored = height > engine.height || height < 1n ? undefined : await engine.block(height);
  if (stored === undefined) {
    throw new ServiceError(grpcStatus.invalidArgument, `height ${height} is not available: newest is ${engine.height}`);
  }
  // Same wire format, other generator.
  const block = Block.decode(CometBlock.encode(stored.block).finish());
  return { blockId: stored.commit.blockId, block: { ...block, data: { txs: stored.block.data.txs } } };
}
