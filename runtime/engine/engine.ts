import { EventEmitter } from 'node:events';
import type { ExtendedCommitInfo } from 'cosmjs-types/tendermint/abci/types';
import {
  ResponseProcessProposal_ProposalStatus,
  type CommitInfo,
  type ResponseCheckTx,
  type ResponseFinalizeBlock,
  type ValidatorUpdate,
} from 'cosmjs-types/tendermint/abci/types';
import { Block } from 'cosmjs-types/tendermint/types/block';
import type { ConsensusParams } from 'cosmjs-types/tendermint/types/params';
import type { BlockID } from 'cosmjs-types/tendermint/types/types';
import { Commit, type Header } from 'cosmjs-types/tendermint/types/types';
import type { Application } from '../abci/application.js';
import { txHash } from '../crypto/tx-hash.js';
import type { Logger } from '../log.js';
import { BlockStore, type StoredBlock, type TxPlace } from './block-store.js';
import type { EngineClock } from './clock.js';
import type { ConsensusKey } from './consensus-key.js';
import { consensusParamsOf, genesisHash, type GenesisDoc } from './genesis-doc.js';
import { commitHash, consensusHash, dataHash, headerHash, merkleRoot, partSetHeader, resultsHash } from './hashing.js';
import { ValidatorSet } from './validator-set.js';
import { defaultMempoolLimits, Mempool, sizeInBlock, type MempoolLimits } from './mempool.js';
import { commitMs, msOf, parseTime, timestampOf } from './time.js';
import { precommit, type Vote, type Voter } from './vote.js';

/** The CometBFT release whose behaviour and RPC this engine has. */
export const cometVersion = '0.38.25';
const blockProtocol = 11n;
/** CometBFT's largest block when max_bytes is -1. */
const hardMaxBytes = 104_857_600;
/** Header, commit and encoding overhead that transactions cannot use (types.MaxDataBytes). */
const blockOverhead = 11 + 626 + 94 + 109 + 8;

export interface EngineOptions {
  readonly app: Application;
  readonly genesis: GenesisDoc;
  readonly validator: ConsensusKey;
  readonly clock: EngineClock;
  /** Directory of blocks and results; undefined keeps them in memory. */
  readonly path?: string;
  /** Blocks reach the disk before the application executes them, even if the power fails; true by default. */
  readonly sync?: boolean;
  readonly mempool?: MempoolLimits;
  readonly logger: Logger;
}

export interface ProducedBlock {
  readonly height: bigint;
  readonly blockId: BlockID;
  readonly block: Block;
  readonly results: ResponseFinalizeBlock;
}

interface EngineEvents {
  block: [ProducedBlock];
}

/** What the next block builds on. */
interface Tip {
  readonly height: bigint;
  readonly blockId: BlockID;
  readonly timeMs: bigint;
  readonly appHash: Uint8Array;
  readonly lastResultsHash: Uint8Array;
  readonly commit: Commit;
  readonly extended: ExtendedCommitInfo;
}

const noBytes = new Uint8Array(0);
const zeroBlockId: BlockID = { hash: noBytes, partSetHeader: { total: 0, hash: noBytes } };

/**
 * One validator key in this process: builds blocks and calls the application
 * exactly as CometBFT v0.38 would, with real hashes and signatures. The set
 * may change as the application says, as long as the local key alone decides.
 */
export class EmbeddedEngine {
  readonly events = new EventEmitter<EngineEvents>();
  readonly genesis: GenesisDoc;
  readonly mempool: Mempool;
  readonly store: BlockStore;
  readonly app: Application;
  readonly validator: ConsensusKey;
  /** Who votes on the next block and on the one after it; set by the handshake. */
  #sets!: { readonly next: ValidatorSet; readonly afterNext: ValidatorSet };
  #params: ConsensusParams;
  #tip: Tip | undefined;
  #appHash: Uint8Array = noBytes;
  #running: Promise<void> | undefined;
  #stopping = false;
  /** What made executing a saved block fail: its height must not be built a second time. */
  #failure: Error | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  readonly #clock: EngineClock;
  readonly #logger: Logger;

  private constructor(options: EngineOptions, store: BlockStore) {
    this.genesis = options.genesis;
    this.app = options.app;
    this.validator = options.validator;
    this.store = store;
    this.mempool = new Mempool(options.app, options.mempool ?? defaultMempoolLimits);
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#params = consensusParamsOf(options.genesis);
  }

  /** Opens stored blocks, shakes hands with the application and replays what it missed. */
  static async open(options: EngineOptions): Promise<EmbeddedEngine> {
    const store = await BlockStore.open(options.path, options.sync ?? true);
    try {
      const engine = new EmbeddedEngine(options, store);
      await store.bindGenesis(genesisHash(options.genesis), options.genesis.chain_id);
      await engine.#handshake();
      engine.mempool.limitGas(engine.#params.block!.maxGas);
      return engine;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get chainId(): string {
    return this.genesis.chain_id;
  }

  get height(): bigint {
    return this.#tip?.height ?? 0n;
  }

  get timeMs(): bigint {
    return this.#tip?.timeMs ?? parseTime(this.genesis.genesis_time);
  }

  /** Application hash after the newest block: the next header carries it. */
  get appHash(): Uint8Array {
    return this.#appHash;
  }

  get lastBlockId(): BlockID {
    return this.#tip?.blockId ?? zeroBlockId;
  }

  get consensusParams(): ConsensusParams {
    return this.#params;
  }

  get initialHeight(): bigint {
    return BigInt(this.genesis.initial_height);
  }

  /** Lowest height whose block is stored, once there is one: earlier ones were pruned. */
  get earliestHeight(): bigint {
    const base = BigInt(this.store.base);
    return base > this.initialHeight ? base : this.initialHeight;
  }

  /** Who votes on the next block. */
  get validators(): ValidatorSet {
    return this.#sets.next;
  }

  /** Who voted, or will vote, on a block: up to two heights ahead. Undefined where nothing is stored. */
  async validatorsAt(height: bigint): Promise<ValidatorSet | undefined> {
    const stored = await this.store.validators(Number(height));
    if (stored !== undefined) return ValidatorSet.decode(stored);
    // Blocks from before sets were stored: they never changed then.
    const { saved } = await this.store.heights();
    const known = height >= this.earliestHeight && height <= BigInt(saved) + 2n;
    return known && this.genesis.validators.length > 0 ? ValidatorSet.genesis(this.#genesisUpdates()) : undefined;
  }

  /** Produces a block each interval until `stop`; never two at once. `onFatal` hears of an error that ends it. */
  start(intervalMs: number, onFatal: (error: Error) => void): void {
    if (this.#running !== undefined) throw new Error('the engine is running');
    this.#stopping = false;
    this.#running = this.#loop(intervalMs).catch(onFatal);
  }

  /** Finishes the current block, stops and closes. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#running;
    await this.#busy.catch(() => {});
    await this.store.close();
  }

  #wake: (() => void) | undefined;

  async #loop(intervalMs: number): Promise<void> {
    while (!this.#stopping) {
      const started = Date.now();
      await this.produceBlock();
      const rest = intervalMs - (Date.now() - started);
      if (rest <= 0 || this.#stopping) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, rest);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** @throws MempoolError */
  async broadcastTx(tx: Uint8Array): Promise<ResponseCheckTx> {
    return this.#exclusive(() => this.mempool.add(tx));
  }

  /**
   * Makes the next block from the mempool and executes it. When a block was
   * decided and could not be executed, every later call is refused.
   */
  async produceBlock(): Promise<ProducedBlock> {
    return this.#exclusive(() => this.#produce());
  }

  async block(height: bigint): Promise<StoredBlock | undefined> {
    return this.store.block(Number(height));
  }

  async findTx(hash: Uint8Array): Promise<TxPlace | undefined> {
    return this.store.findTx(hash);
  }

  /** Consensus and mempool calls go one at a time, in order of arrival. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(work, work);
    this.#busy = result.catch(() => {});
    return result;
  }

  async #produce(): Promise<ProducedBlock> {
    if (this.#failure !== undefined) {
      throw new Error(`the engine has failed, restart the node: ${this.#failure.message}`, { cause: this.#failure });
    }
    const { app, validator } = this;
    const tip = this.#tip;
    const height = tip === undefined ? this.initialHeight : tip.height + 1n;
    const timeMs = tip === undefined ? parseTime(this.genesis.genesis_time) : commitMs(tip.commit);
    const time = timestampOf(timeMs);
    const { next: set, afterNext } = this.#sets;
    const round = this.#round(set, height);
    const maxBytes = this.#params.block!.maxBytes;
    const maxTxBytes = (maxBytes < 0n ? hardMaxBytes : Number(maxBytes)) - blockOverhead;
    const emptyExtended: ExtendedCommitInfo = { round: 0, votes: [] };
    const proposal = await app.prepareProposal({
      maxTxBytes: BigInt(maxTxBytes),
      txs: this.mempool.reap(maxTxBytes, this.#params.block!.maxGas),
      localLastCommit: tip?.extended ?? emptyExtended,
      misbehavior: [],
      height,
      time,
      nextValidatorsHash: afterNext.hash,
      proposerAddress: validator.address,
    });
    const { txs } = proposal;
    if (txs.reduce((sum, tx) => sum + sizeInBlock(tx), 0) > maxTxBytes)
      throw new Error('PrepareProposal returned more than max_tx_bytes');

    const lastCommit = tip?.commit ?? Commit.fromPartial({});
    const header: Header = {
      version: { block: blockProtocol, app: 0n },
      chainId: this.chainId,
      height,
      time,
      lastBlockId: tip?.blockId ?? zeroBlockId,
      lastCommitHash: commitHash(lastCommit),
      dataHash: dataHash(txs),
      validatorsHash: set.hash,
      nextValidatorsHash: afterNext.hash,
      consensusHash: consensusHash(this.#params.block!.maxBytes, this.#params.block!.maxGas),
      appHash: this.#appHash,
      lastResultsHash: tip?.lastResultsHash ?? merkleRoot([]),
      evidenceHash: merkleRoot([]),
      proposerAddress: validator.address,
    };
    const block = Block.fromPartial({ header, data: { txs }, evidence: { evidence: [] }, lastCommit });
    const blockBytes = Block.encode(block).finish();
    const blockId: BlockID = { hash: headerHash(header), partSetHeader: partSetHeader(blockBytes) };

    const lastCommitInfo = this.#commitInfo(tip);
    const { status } = await app.processProposal({
      txs,
      proposedLastCommit: lastCommitInfo,
      misbehavior: [],
      hash: blockId.hash,
      height,
      time,
      nextValidatorsHash: afterNext.hash,
      proposerAddress: validator.address,
    });
    if (status !== ResponseProcessProposal_ProposalStatus.ACCEPT) {
      throw new Error(`the application rejected its own proposal of height ${height}`);
    }

    const vote = await precommit(this.#voter(), { block, blockId, lastCommit: lastCommitInfo, set, round });
    try {
      await this.store.saveBlock(Number(height), { block, ...vote }, blockBytes);
      return await this.#execute(block, blockId, vote);
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  /**
   * The round in which the local key proposes: in those before it the
   * proposers are not there, so nobody decides anything.
   * @throws Error when the local key alone cannot decide on a block
   */
  #round(set: ValidatorSet, height: bigint): number {
    const { address } = this.validator;
    const own = set.find(address)?.power ?? 0n;
    if (3n * own <= 2n * set.total) {
      throw new Error(
        `the local key ${hexOf(address)} holds ${own} of ${set.total} voting power at height ${height}: the embedded engine has no other key and needs more than two thirds. Run CometBFT, or give the power back`,
      );
    }
    let round = 0;
    let turn = set;
    while (Buffer.compare(turn.proposer.address, address) !== 0) turn = set.next(++round);
    return round;
  }

  #voter(): Voter {
    const enableHeight = this.#params.abci?.voteExtensionsEnableHeight ?? 0n;
    return { app: this.app, validator: this.validator, clock: this.#clock, chainId: this.chainId, enableHeight };
  }

  /** FinalizeBlock and Commit of a saved block, and what follows from them. A replay must end as `before`. */
  async #execute(block: Block, blockId: BlockID, vote: Vote, before?: ResponseFinalizeBlock): Promise<ProducedBlock> {
    const { height } = block.header;
    const results = await this.#finalize(block, blockId);
    // Before anything of the other outcome is saved or committed.
    if (before !== undefined && Buffer.compare(before.appHash, results.appHash) !== 0) {
      throw new Error(
        `block ${height} replays to another application hash than before: the state or the program differs`,
      );
    }
    // Updates of this block take effect two heights later.
    const set = this.#sets.afterNext.apply(results.validatorUpdates).next();
    await this.store.saveResults(
      Number(height),
      results,
      block.data.txs.map((tx) => txHash(tx).bytes),
      results.consensusParamUpdates === undefined ? undefined : merged(this.#params, results.consensusParamUpdates),
      set.encode(),
    );
    const { retainHeight } = await this.app.commit();
    await this.store.saveCommitted(Number(height));
    this.#advance(block, blockId, vote, results, set);
    if (retainHeight > 0n) {
      if (retainHeight > height) {
        throw new Error(
          `Commit of height ${height} asks to keep blocks from ${retainHeight} on only: its own must stay`,
        );
      }
      await this.store.prune(Number(this.initialHeight), Number(retainHeight));
    }
    this.mempool.limitGas(this.#params.block!.maxGas);
    await this.mempool.update(block.data.txs, results.txResults);
    const produced = { height, blockId, block, results };
    this.events.emit('block', produced);
    return produced;
  }

  async #finalize(block: Block, blockId: BlockID): Promise<ResponseFinalizeBlock> {
    const { header, data } = block;
    const results = await this.app.finalizeBlock({
      txs: data.txs,
      decidedLastCommit: this.#commitInfo(this.#tip),
      misbehavior: [],
      hash: blockId.hash,
      height: header.height,
      time: header.time,
      nextValidatorsHash: header.nextValidatorsHash,
      proposerAddress: header.proposerAddress,
    });
    if (results.txResults.length !== data.txs.length) {
      throw new Error(`FinalizeBlock returned ${results.txResults.length} results for ${data.txs.length} transactions`);
    }
    return results;
  }

  #advance(
    block: Block,
    blockId: BlockID,
    { commit, extended }: Vote,
    results: ResponseFinalizeBlock,
    /** Who votes two heights later. */
    set: ValidatorSet,
  ): void {
    this.#appHash = results.appHash;
    if (results.consensusParamUpdates !== undefined) this.#params = merged(this.#params, results.consensusParamUpdates);
    this.#sets = { next: this.#sets.afterNext, afterNext: set };
    this.#tip = {
      height: block.header.height,
      blockId,
      timeMs: msOf(block.header.time),
      appHash: results.appHash,
      lastResultsHash: resultsHash(results.txResults),
      commit,
      extended,
    };
  }

  #commitInfo(tip: Tip | undefined): CommitInfo {
    if (tip === undefined) return { round: 0, votes: [] };
    return {
      round: tip.extended.round,
      votes: tip.extended.votes.map(({ validator, blockIdFlag }) => ({ validator, blockIdFlag })),
    };
  }

  #genesisUpdates(): ValidatorUpdate[] {
    return this.genesis.validators.map(({ pub_key: key, power }) => ({
      pubKey: { ed25519: new Uint8Array(Buffer.from(key.value, 'base64')), secp256k1: undefined },
      power: BigInt(power),
    }));
  }

  async #storedSet(height: number): Promise<ValidatorSet> {
    const set = await this.validatorsAt(BigInt(height));
    if (set === undefined) throw new Error(`block store is damaged: the validators of height ${height} are missing`);
    return set;
  }

  /** Brings the application to the height of the stored blocks (CometBFT's handshake). */
  async #handshake(): Promise<void> {
    const { saved, committed } = await this.store.heights();
    const info = await this.app.info({
      version: cometVersion,
      blockVersion: blockProtocol,
      p2pVersion: 8n,
      abciVersion: '2.0.0',
    });
    const appHeight = Number(info.lastBlockHeight);
    const first = Number(this.initialHeight);
    if (appHeight > saved) {
      throw new Error(
        `the application is at height ${appHeight}, but blocks are stored only up to ${saved}: restore the blocks or roll the state back`,
      );
    }
    if (saved > 0 && committed < saved - 1)
      throw new Error(`block store is damaged: height ${saved} is stored, ${committed} executed`);
    const base = Number(this.earliestHeight);
    if (base > first && appHeight < base) {
      throw new Error(
        `the application is at height ${appHeight}, but blocks are stored only from ${base} on: restore a snapshot of height ${base} or above`,
      );
    }
    if (appHeight === 0) {
      const { appHash, validators } = await this.app.initChain({
        time: timestampOf(parseTime(this.genesis.genesis_time)),
        chainId: this.chainId,
        consensusParams: this.#params,
        validators: this.#genesisUpdates(),
        appStateBytes: Buffer.from(JSON.stringify(this.genesis.app_state), 'utf8'),
        initialHeight: this.initialHeight,
      });
      this.#appHash = appHash;
      const named = validators.length > 0 ? validators : this.#genesisUpdates();
      if (named.length === 0)
        throw new Error('the genesis names no validators, and the application returned none from InitChain');
      const set = ValidatorSet.genesis(named);
      this.#sets = { next: set, afterNext: set.next() };
      const initial = Number(this.initialHeight);
      await this.store.saveValidators(initial, set.encode());
      await this.store.saveValidators(initial + 1, set.next().encode());
    } else {
      this.#sets = { next: await this.#storedSet(appHeight), afterNext: await this.#storedSet(appHeight + 1) };
    }
    // A replay makes no proposals: it can run under what its last block left.
    this.#params = (await this.store.params()) ?? this.#params;
    const from = appHeight === 0 ? first : appHeight;
    for (let height = from; height <= saved; height++) {
      const stored = await this.store.block(height);
      if (stored === undefined) throw new Error(`block ${height} is missing`);
      const { block } = stored;
      const blockId = stored.commit.blockId;
      if (height <= appHeight) {
        // Executed and committed: take its results over.
        const results = await this.store.results(height);
        if (results === undefined) throw new Error(`results of block ${height} are missing`);
        if (height === appHeight && Buffer.compare(results.appHash, info.lastBlockAppHash) !== 0) {
          throw new Error(
            `application hash of height ${height} is ${Buffer.from(info.lastBlockAppHash).toString('hex')}, the stored block says ${Buffer.from(results.appHash).toString('hex')}`,
          );
        }
        if (committed < height) await this.store.saveCommitted(height);
        this.#advance(block, blockId, stored, results, await this.#storedSet(height + 2));
        continue;
      }
      this.#logger.info({ height }, 'replaying a stored block');
      const before = await this.store.results(height);
      await this.#execute(block, blockId, stored, before);
    }
    // Rather now than at the first block.
    this.#round(this.#sets.next, this.#tip === undefined ? this.initialHeight : this.#tip.height + 1n);
  }
}

/** Parameters after an update: sections that it leaves out stay. */
function merged(params: ConsensusParams, update: ConsensusParams): ConsensusParams {
  return {
    block: update.block ?? params.block,
    evidence: update.evidence ?? params.evidence,
    validator: update.validator ?? params.validator,
    version: update.version ?? params.version,
    abci: update.abci ?? params.abci,
  };
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
