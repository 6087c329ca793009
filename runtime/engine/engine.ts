import { EventEmitter } from 'node:events';
import type { ExtendedCommitInfo } from 'cosmjs-types/tendermint/abci/types';
import {
  ResponseProcessProposal_ProposalStatus,
  ResponseVerifyVoteExtension_VerifyStatus,
  type CommitInfo,
  type ResponseCheckTx,
  type ResponseFinalizeBlock,
} from 'cosmjs-types/tendermint/abci/types';
import type { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import { Block } from 'cosmjs-types/tendermint/types/block';
import type { ConsensusParams } from 'cosmjs-types/tendermint/types/params';
import type { BlockID } from 'cosmjs-types/tendermint/types/types';
import { Commit, type Header } from 'cosmjs-types/tendermint/types/types';
import { BlockIDFlag } from 'cosmjs-types/tendermint/types/validator';
import type { Application } from '../abci/application.js';
import { canonicalVoteExtension } from '../abci/canonical-vote.js';
import { sha256 } from '../crypto/hash.js';
import type { Logger } from '../log.js';
import { BlockStore, type StoredBlock, type TxPlace } from './block-store.js';
import type { EngineClock } from './clock.js';
import type { ConsensusKey } from './consensus-key.js';
import { consensusParamsOf, genesisHash, type GenesisDoc } from './genesis-doc.js';
import {
  commitHash,
  consensusHash,
  dataHash,
  headerHash,
  merkleRoot,
  partSetHeader,
  precommitSignBytes,
  resultsHash,
  validatorsHash,
} from './hashing.js';
import { defaultMempoolLimits, Mempool, sizeInBlock, type MempoolLimits } from './mempool.js';

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

export function timestampOf(timeMs: bigint): Timestamp {
  return { seconds: timeMs / 1_000n, nanos: Number(timeMs % 1_000n) * 1_000_000 };
}

/** Milliseconds of an RFC 3339 UTC time. */
function parseTime(text: string): bigint {
  return BigInt(Date.parse(text));
}

/**
 * One validator in this process: builds blocks and calls the application
 * exactly as CometBFT v0.38 would, with real hashes and signatures.
 */
export class EmbeddedEngine {
  readonly events = new EventEmitter<EngineEvents>();
  readonly genesis: GenesisDoc;
  readonly mempool: Mempool;
  readonly store: BlockStore;
  readonly app: Application;
  readonly validator: ConsensusKey;
  readonly power: bigint;
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
    const key = Buffer.from(options.validator.publicKey).toString('base64');
    const [own, ...others] = options.genesis.validators;
    if (others.length > 0 || own!.pub_key.value !== key) {
      throw new Error('the embedded engine runs a genesis with exactly one validator, whose key it has');
    }
    this.power = BigInt(own!.power);
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
    // BFT time: the median of the previous precommits' timestamps, here the one of the only validator.
    const timeMs = tip === undefined ? parseTime(this.genesis.genesis_time) : voteTime(tip.commit);
    const time = timestampOf(timeMs);
    const set = [{ publicKey: validator.publicKey, power: this.power }];
    const setHash = validatorsHash(set);
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
      nextValidatorsHash: setHash,
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
      validatorsHash: setHash,
      nextValidatorsHash: setHash,
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
      nextValidatorsHash: setHash,
      proposerAddress: validator.address,
    });
    if (status !== ResponseProcessProposal_ProposalStatus.ACCEPT) {
      throw new Error(`the application rejected its own proposal of height ${height}`);
    }

    const vote = await this.#vote(block, blockId, lastCommitInfo, setHash);
    try {
      await this.store.saveBlock(Number(height), { block, ...vote }, blockBytes);
      return await this.#execute(block, blockId, vote);
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  /** Precommits a block: extension, signatures, timestamp. */
  async #vote(
    block: Block,
    blockId: BlockID,
    lastCommit: CommitInfo,
    setHash: Uint8Array,
  ): Promise<Pick<StoredBlock, 'commit' | 'extended'>> {
    const { app, validator } = this;
    const { height, time } = block.header;
    const enableHeight = this.#params.abci?.voteExtensionsEnableHeight ?? 0n;
    let voteExtension: Uint8Array = noBytes;
    let extensionSignature: Uint8Array = noBytes;
    if (enableHeight > 0n && height >= enableHeight) {
      const extended = await app.extendVote({
        hash: blockId.hash,
        height,
        time,
        txs: block.data.txs,
        proposedLastCommit: lastCommit,
        misbehavior: [],
        nextValidatorsHash: setHash,
        proposerAddress: validator.address,
      });
      voteExtension = extended.voteExtension;
      extensionSignature = validator.sign(canonicalVoteExtension(voteExtension, height, 0, this.chainId));
      const { status } = await app.verifyVoteExtension({
        hash: blockId.hash,
        validatorAddress: validator.address,
        height,
        voteExtension,
      });
      if (status !== ResponseVerifyVoteExtension_VerifyStatus.ACCEPT) {
        throw new Error(`the application refused its own vote extension of height ${height}`);
      }
    }
    const blockMs = toMs(time);
    const now = this.#clock.nowMs();
    const timestamp = timestampOf(now > blockMs ? now : blockMs + 1n);
    const signature = validator.sign(precommitSignBytes(blockId, height, 0, timestamp, this.chainId));
    const flag = BlockIDFlag.BLOCK_ID_FLAG_COMMIT;
    return {
      commit: {
        height,
        round: 0,
        blockId,
        signatures: [{ blockIdFlag: flag, validatorAddress: validator.address, timestamp, signature }],
      },
      extended: {
        round: 0,
        votes: [
          {
            validator: { address: validator.address, power: this.power },
            voteExtension,
            extensionSignature,
            blockIdFlag: flag,
          },
        ],
      },
    };
  }

  /** FinalizeBlock and Commit of a saved block, and what follows from them. A replay must end as `before`. */
  async #execute(
    block: Block,
    blockId: BlockID,
    vote: Pick<StoredBlock, 'commit' | 'extended'>,
    before?: ResponseFinalizeBlock,
  ): Promise<ProducedBlock> {
    const { height } = block.header;
    const results = await this.#finalize(block, blockId);
    // Before anything of the other outcome is saved or committed.
    if (before !== undefined && Buffer.compare(before.appHash, results.appHash) !== 0) {
      throw new Error(
        `block ${height} replays to another application hash than before: the state or the program differs`,
      );
    }
    await this.store.saveResults(
      Number(height),
      results,
      block.data.txs.map((tx) => sha256(tx)),
      results.consensusParamUpdates === undefined ? undefined : merged(this.#params, results.consensusParamUpdates),
    );
    const { retainHeight } = await this.app.commit();
    await this.store.saveCommitted(Number(height));
    this.#advance(block, blockId, vote, results);
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
    if (results.validatorUpdates.length > 0) {
      throw new Error('the embedded engine has one validator: it cannot apply validator updates');
    }
    return results;
  }

  #advance(
    block: Block,
    blockId: BlockID,
    { commit, extended }: Pick<StoredBlock, 'commit' | 'extended'>,
    results: ResponseFinalizeBlock,
  ): void {
    this.#appHash = results.appHash;
    if (results.consensusParamUpdates !== undefined) this.#params = merged(this.#params, results.consensusParamUpdates);
    this.#tip = {
      height: block.header.height,
      blockId,
      timeMs: toMs(block.header.time),
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
      const { appHash } = await this.app.initChain({
        time: timestampOf(parseTime(this.genesis.genesis_time)),
        chainId: this.chainId,
        consensusParams: this.#params,
        validators: [{ pubKey: { ed25519: this.validator.publicKey, secp256k1: undefined }, power: this.power }],
        appStateBytes: Buffer.from(JSON.stringify(this.genesis.app_state), 'utf8'),
        initialHeight: this.initialHeight,
      });
      this.#appHash = appHash;
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
        this.#advance(block, blockId, stored, results);
        continue;
      }
      this.#logger.info({ height }, 'replaying a stored block');
      const before = await this.store.results(height);
      await this.#execute(block, blockId, stored, before);
    }
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

function toMs(time: Timestamp): bigint {
  return time.seconds * 1_000n + BigInt(Math.trunc(time.nanos / 1_000_000));
}

const voteTime = (commit: Commit): bigint => toMs(commit.signatures[0]!.timestamp);
