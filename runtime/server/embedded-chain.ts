import { Block as CometBlock } from 'cosmjs-types/tendermint/types/block';
import { Block } from '../../gen/tendermint/types/block.js';
import type { EmbeddedEngine } from '../engine/engine.js';
import { timestampOf } from '../engine/time.js';
import { MempoolError } from '../engine/mempool.js';
import { NotAdmitted, type Chain } from './chain.js';

/** The embedded engine as services see it. */
export function embeddedChain(engine: EmbeddedEngine): Chain {
  const known = (height: bigint): boolean => height >= 1n && height <= engine.height;
  return {
    chainId: engine.chainId,
    height: async () => engine.height,
    status: async () => ({
      height: engine.height,
      earliestHeight: engine.earliestHeight,
      time: timestampOf(engine.timeMs),
      appHash: engine.appHash,
      syncing: false,
    }),
    identity: async () => ({
      id: Buffer.from(engine.validator.address).toString('hex'),
      listenAddress: '',
      rpcAddress: '',
    }),
    block: async (height) => {
      const stored = known(height) ? await engine.block(height) : undefined;
      if (stored === undefined) return undefined;
      const { txs } = stored.block.data;
      // Same wire format, other generator.
      return { blockId: stored.commit.blockId, block: Block.decode(CometBlock.encode(stored.block).finish()), txs };
    },
    tx: async (hash) => {
      const place = await engine.findTx(hash);
      if (place === undefined || !known(BigInt(place.height))) return undefined;
      const stored = await engine.block(BigInt(place.height));
      const results = await engine.store.results(place.height);
      if (stored === undefined || results === undefined) return undefined;
      return {
        height: BigInt(place.height),
        bytes: stored.block.data.txs[place.index]!,
        result: results.txResults[place.index]!,
      };
    },
    validators: async (height) => {
      const set = known(height) ? await engine.validatorsAt(height) : undefined;
      return set?.validators.map(({ address, publicKey, power, priority }) => ({
        address,
        publicKey,
        power,
        proposerPriority: priority,
      }));
    },
    broadcast: async (tx) => {
      try {
        return await engine.broadcastTx(tx);
      } catch (error) {
        throw error instanceof MempoolError ? NotAdmitted.of(error.message) : error;
      }
    },
  };
}
