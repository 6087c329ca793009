import { ClassicLevel } from 'classic-level';
import { ExtendedCommitInfo, ResponseFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';
import { Block } from 'cosmjs-types/tendermint/types/block';
import { ConsensusParams } from 'cosmjs-types/tendermint/types/params';
import { Commit } from 'cosmjs-types/tendermint/types/types';
import { encodeFinalizeBlock } from '../abci/encode.js';
import { sha256 } from '../crypto/hash.js';

/** A block with the commit that its validators signed for it. */
export interface StoredBlock {
  readonly block: Block;
  readonly size: number;
  /** Signatures over this block. */
  readonly commit: Commit;
  /** The same with vote extensions, for the next proposal. */
  readonly extended: ExtendedCommitInfo;
}

export interface TxPlace {
  readonly height: number;
  readonly index: number;
}

type Op = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string };

/** Blocks that one call prunes at most: a backlog is spread over the blocks that follow. */
const pruneAtOnce = 100;

const placeKey = (hash: Uint8Array): string => `t/${Buffer.from(hash).toString('hex')}`;
const number = (value: number): string => value.toString(16).padStart(12, '0');

/**
 * Blocks, results and the transaction index, in LevelDB or in memory. Keys:
 * b/ block, c/ commit, x/ extended commit, r/ results, v/ validators by height; t/ place by
 * transaction hash; `genesis` hash and chain id; `params` consensus parameters since a block changed them;
 * `base` lowest height that was not pruned; `height` newest height saved; `state` newest height whose commit the
 * application acknowledged.
 */
export class BlockStore {
  readonly #db: ClassicLevel<string, Uint8Array> | undefined;
  readonly #memory = new Map<string, Uint8Array>();

  readonly #sync: boolean;
  readonly #path: string;
  #base = 0;

  private constructor(db: ClassicLevel<string, Uint8Array> | undefined, sync: boolean, path = '') {
    this.#db = db;
    this.#sync = sync;
    this.#path = path;
  }

  /**
   * @param path undefined keeps blocks in memory
   * @param sync a block is on the disk, not in the system's cache, before it is executed
   */
  static async open(path: string | undefined, sync = true): Promise<BlockStore> {
    if (path === undefined) return new BlockStore(undefined, false);
    const db = new ClassicLevel<string, Uint8Array>(path, { keyEncoding: 'utf8', valueEncoding: 'view' });
    try {
      await db.open();
    } catch (error) {
      const cause = (error as { cause?: { code?: string; message?: string } }).cause;
      const why =
        cause?.code === 'LEVEL_LOCKED'
          ? 'is open in another process: stop that node first'
          : `does not open: ${cause?.message}`;
      throw new Error(`${path} ${why}`, { cause: error });
    }
    const store = new BlockStore(db, sync, path);
    store.#base = Number(Buffer.from((await store.#get('base')) ?? []).toString());
    return store;
  }

  /** Lowest height that was not pruned; 0 when no block ever was. */
  get base(): number {
    return this.#base;
  }

  /**
   * Removes the oldest blocks below `retain` with their results and
   * transaction places, a hundred at most. One atomic write: a killed process
   * has pruned all of them or none.
   * @param first the chain's initial height
   */
  async prune(first: number, retain: number): Promise<void> {
    const from = Math.max(first, this.#base);
    const to = Math.min(retain, from + pruneAtOnce);
    if (to <= from) return;
    const ops: Op[] = [{ type: 'put', key: 'base', value: Buffer.from(String(to)) }];
    for (let height = from; height < to; height++) {
      const stored = await this.block(height);
      for (const tx of stored?.block.data.txs ?? []) {
        // A transaction that failed here may have succeeded later: then its place is there.
        const hash = sha256(tx);
        if ((await this.findTx(hash))?.height === height) ops.push({ type: 'del', key: placeKey(hash) });
      }
      for (const column of ['b', 'c', 'x', 'r', 'v']) ops.push({ type: 'del', key: `${column}/${number(height)}` });
    }
    await this.#write(ops);
    this.#base = to;
  }

  async close(): Promise<void> {
    await this.#db?.close();
  }

  /**
   * Remembers the genesis of the first opening; blocks of another are not ours to go on with.
   * @throws Error when the blocks belong to another chain or genesis
   */
  async bindGenesis(hash: string, chainId: string): Promise<void> {
    const known = await this.#get('genesis');
    if (known === undefined) {
      const first = (await this.#newestChainId()) ?? chainId;
      if (first !== chainId) throw new Error(`the stored blocks are of chain ${first}, the genesis is of ${chainId}`);
      await this.#write([{ type: 'put', key: 'genesis', value: Buffer.from(`${hash} ${chainId}`) }], this.#sync);
      return;
    }
    const [knownHash, ...rest] = Buffer.from(known).toString().split(' ');
    const knownId = rest.join(' ');
    if (knownId !== chainId) throw new Error(`the stored blocks are of chain ${knownId}, the genesis is of ${chainId}`);
    if (knownHash !== hash) {
      throw new Error(
        `the stored blocks began with another genesis of ${chainId}: restore its file or remove the blocks`,
      );
    }
  }

  /** Saves a block before it is executed. */
  async saveBlock(height: number, stored: Omit<StoredBlock, 'size'>, blockBytes: Uint8Array): Promise<void> {
    await this.#write(
      [
        { type: 'put', key: `b/${number(height)}`, value: blockBytes },
        { type: 'put', key: `c/${number(height)}`, value: Commit.encode(stored.commit).finish() },
        { type: 'put', key: `x/${number(height)}`, value: ExtendedCommitInfo.encode(stored.extended).finish() },
        { type: 'put', key: 'height', value: Buffer.from(String(height)) },
      ],
      this.#sync,
    );
  }

  /** Saves a block's results before the application commits, where its transactions are, and parameters it changed. */
  async saveResults(
    height: number,
    results: ResponseFinalizeBlock,
    txHashes: readonly Uint8Array[],
    params: ConsensusParams | undefined,
    /** tendermint.types.ValidatorSet of two heights later. */
    validators: Uint8Array,
  ): Promise<void> {
    await this.#write([
      { type: 'put', key: `v/${number(height + 2)}`, value: validators },
      ...(params === undefined
        ? []
        : [{ type: 'put', key: 'params', value: ConsensusParams.encode(params).finish() } as const]),
      { type: 'put', key: `r/${number(height)}`, value: encodeFinalizeBlock(results) },
      ...txHashes.map((hash, index): Op => ({
        type: 'put',
        key: placeKey(hash),
        value: Buffer.from(`${height}/${index}`),
      })),
    ]);
  }

  /** Remembers that the application committed a height. */
  async saveCommitted(height: number): Promise<void> {
    await this.#write([{ type: 'put', key: 'state', value: Buffer.from(String(height)) }]);
  }

  async saveValidators(height: number, validators: Uint8Array): Promise<void> {
    await this.#write([{ type: 'put', key: `v/${number(height)}`, value: validators }]);
  }

  /** tendermint.types.ValidatorSet of a height. */
  async validators(height: number): Promise<Uint8Array | undefined> {
    return this.#get(`v/${number(height)}`);
  }

  async heights(): Promise<{ readonly saved: number; readonly committed: number }> {
    const read = async (key: string): Promise<number> => {
      const value = await this.#get(key);
      return value === undefined ? 0 : Number(Buffer.from(value).toString());
    };
    return { saved: await read('height'), committed: await read('state') };
  }

  async block(height: number): Promise<StoredBlock | undefined> {
    const [block, commit, extended] = await Promise.all(
      ['b', 'c', 'x'].map((column) => this.#get(`${column}/${number(height)}`)),
    );
    if (block === undefined || commit === undefined || extended === undefined) return undefined;
    return {
      block: Block.decode(block),
      size: block.length,
      commit: Commit.decode(commit),
      extended: ExtendedCommitInfo.decode(extended),
    };
  }

  async results(height: number): Promise<ResponseFinalizeBlock | undefined> {
    const bytes = await this.#get(`r/${number(height)}`);
    return bytes === undefined ? undefined : ResponseFinalizeBlock.decode(bytes);
  }

  /** Consensus parameters as the newest change left them; undefined while they are those of genesis. */
  async params(): Promise<ConsensusParams | undefined> {
    const bytes = await this.#get('params');
    return bytes === undefined ? undefined : ConsensusParams.decode(bytes);
  }

  async findTx(hash: Uint8Array): Promise<TxPlace | undefined> {
    const value = await this.#get(placeKey(hash));
    if (value === undefined) return undefined;
    const [height, index] = Buffer.from(value).toString().split('/');
    return { height: Number(height), index: Number(index) };
  }

  async #get(key: string): Promise<Uint8Array | undefined> {
    return this.#db === undefined ? this.#memory.get(key) : this.#db.get(key);
  }

  /** Chain of blocks stored before their genesis was remembered. */
  async #newestChainId(): Promise<string | undefined> {
    const { saved } = await this.heights();
    return (await this.block(saved))?.block.header.chainId;
  }

  async #write(ops: Op[], sync = false): Promise<void> {
    if (this.#db !== undefined) {
      await this.#db.batch(ops, { sync }).catch((cause: Error) => {
        const why = cause.cause instanceof Error ? cause.cause.message : cause.message;
        throw new Error(
          `blocks in ${this.#path} were not written: ${why}; make room on the disk and start the node again`,
          { cause },
        );
      });
      return;
    }
    for (const op of ops) {
      if (op.type === 'put') this.#memory.set(op.key, op.value);
      else this.#memory.delete(op.key);
    }
  }
}
