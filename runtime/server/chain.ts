import type { ExecTxResult } from 'cosmjs-types/tendermint/abci/types';
import type { Timestamp } from '../../gen/google/protobuf/timestamp.js';
import type { Block } from '../../gen/tendermint/types/block.js';
import type { BlockID } from '../../gen/tendermint/types/types.js';

export interface ChainStatus {
  readonly height: bigint;
  readonly earliestHeight: bigint;
  readonly time: Timestamp;
  readonly appHash: Uint8Array;
  /** Catching up with the network. */
  readonly syncing: boolean;
}

export interface ChainBlock {
  readonly blockId: BlockID;
  readonly block: Block;
  /** As they stand in the block; the first may be price votes. */
  readonly txs: readonly Uint8Array[];
}

export interface ChainTx {
  readonly height: bigint;
  readonly bytes: Uint8Array;
  readonly result: ExecTxResult;
}

export interface ChainValidator {
  readonly address: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly power: bigint;
  readonly proposerPriority: bigint;
}

/** Why the mempool did not even check a transaction. */
export class NotAdmitted extends Error {
  constructor(
    readonly why: 'known' | 'full' | 'too-large',
    message: string,
  ) {
    super(message);
  }

  /** From CometBFT's own texts. */
  static of(message: string): NotAdmitted {
    const why = /already exists/.test(message) ? 'known' : /full/.test(message) ? 'full' : 'too-large';
    return new NotAdmitted(why, message);
  }
}

/** The engine does not answer: it is not running, or not yet. */
export class EngineUnavailable extends Error {}

/** What a node's services ask of its engine, whichever it is. */
export interface Chain {
  readonly chainId: string;
  height(): Promise<bigint>;
  status(): Promise<ChainStatus>;
  /** How the engine appears to its peers. */
  identity(): Promise<{ readonly id: string; readonly listenAddress: string; readonly rpcAddress: string }>;
  /** Undefined when the engine has no such block (any more). */
  block(height: bigint): Promise<ChainBlock | undefined>;
  tx(hash: Uint8Array): Promise<ChainTx | undefined>;
  /** Undefined when the engine does not know that height (any more). */
  validators(height: bigint): Promise<readonly ChainValidator[] | undefined>;
  /** What CheckTx said. @throws NotAdmitted */
  broadcast(tx: Uint8Array): Promise<{ readonly code: number; readonly codespace: string; readonly log: string }>;
}
