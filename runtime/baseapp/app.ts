import {
  CheckTxType,
  ResponseApplySnapshotChunk,
  ResponseApplySnapshotChunk_Result,
  ResponseOfferSnapshot_Result,
  ResponseProcessProposal_ProposalStatus,
  ResponseQuery,
  ResponseVerifyVoteExtension_VerifyStatus,
  type CommitInfo,
  type ExecTxResult,
  type Misbehavior,
  type RequestApplySnapshotChunk,
  type RequestCheckTx,
  type RequestExtendVote,
  type RequestFinalizeBlock,
  type RequestInitChain,
  type RequestLoadSnapshotChunk,
  type RequestOfferSnapshot,
  type RequestPrepareProposal,
  type RequestProcessProposal,
  type RequestQuery,
  type RequestVerifyVoteExtension,
  type ResponseCheckTx,
  type ResponseCommit,
  type ResponseExtendVote,
  type ResponseFinalizeBlock,
  type ResponseInfo,
  type ResponseInitChain,
  type ResponseListSnapshots,
  type ResponseLoadSnapshotChunk,
  type ResponseOfferSnapshot,
  type ResponsePrepareProposal,
  type ResponseProcessProposal,
  type ResponseVerifyVoteExtension,
} from 'cosmjs-types/tendermint/abci/types';
import type { ConsensusParams } from 'cosmjs-types/tendermint/types/params';
import type { Application } from '../abci/application.js';
import { SequenceError } from '../abci/errors.js';
import type { Registry } from '../codec/registry.js';
import { TypedEvents } from '../codec/typed-events.js';
import type { Logger } from '../log.js';
import { unsigned64 } from '../store/codecs.js';
import { Item } from '../store/collection.js';
import { StoreError } from '../store/errors.js';
import { cacheOver } from '../store/multistore.js';
import type { CacheMultiStore, CommitMultiStore } from '../store/types.js';
import { newFault, stacksOf, type Fault } from './block-fault.js';
import { misbehaviorOf, signersOf } from './block-info.js';
import { CheckedTxs } from './checked-txs.js';
import { consensusParams, consensusStore, initConsensusParams, sameParams } from './consensus-params.js';
import { Context, type BlockInfo, type ExecMode } from './context.js';
import { AppError, FatalError, internalError, sdkErrors } from './errors.js';
import type { AppEvent } from './events.js';
import { CountingGasMeter } from './gas.js';
import type { Module, ValidatorUpdate } from './module.js';
import { answerQuery, grpcText, type QuerySources } from './queries.js';
import { emptyResult, failure, toAbciUpdates, toExecTxResult } from './results.js';
import { keepAllBlocks, retainHeight, type BlockRetention } from './retention.js';
import { Router } from './router.js';
import { runTx, toAbciEvents, type TxOutcome } from './run-tx.js';
import type { SnapshotConnection } from './snapshots.js';
import { msOfProtoTime } from './time.js';
import type { AnteHandler, ExecutableTx } from './tx.js';
import { TxDecoder } from './tx-decoder.js';
import { largestTx, protoSize } from './tx-size.js';
import type { VoteHooks } from './vote-hooks.js';

export interface BaseAppOptions {
  readonly name: string;
  readonly version: string;
  readonly chainId: string;
  readonly store: CommitMultiStore;
  readonly registry: Registry;
  readonly modules: {
    /** Genesis order. */
    readonly all: readonly Module[];
    readonly begin: readonly Module[];
    readonly end: readonly Module[];
  };
  readonly ante: AnteHandler;
  readonly votes?: VoteHooks;
  /** Offers and takes state-sync snapshots; none without it. */
  readonly snapshots?: SnapshotConnection;
  /** What blocks are kept for; all are without it. */
  readonly retention?: BlockRetention;
  readonly logger: Logger;
}

/** Reads what a block emitted; it takes part in no consensus. */
export type BlockReader = (block: BlockInfo, events: readonly AppEvent[]) => Promise<void> | undefined;

const blockTime = new Item(consensusStore, 2, unsigned64);

const noBytes = new Uint8Array(0);

/**
 * The block state machine behind ABCI 2.0: decodes, authenticates and routes
 * transactions to modules, runs the modules' block hooks, and commits.
 */
export class BaseApp implements Application {
  readonly router: Router;
  readonly #options: BaseAppOptions;
  readonly #store: CommitMultiStore;
  readonly #events: TypedEvents;
  readonly #decoder: TxDecoder;
  readonly #sources: QuerySources;
  readonly #listeners: ((height: bigint) => void)[] = [];
  readonly #readers: BlockReader[] = [];
  /** What readers of the pending block still write. */
  #reading: readonly Promise<void>[] = [];
  #check: CacheMultiStore;
  /** What `#check` holds the effects of. */
  readonly #checked = new CheckedTxs();
  #genesis: { readonly request: RequestInitChain; layer: CacheMultiStore | undefined } | undefined;
  /** Height whose block is prepared and waits for commit. */
  #pendingHeight: bigint | undefined;

  constructor(options: BaseAppOptions) {
    this.#options = options;
    this.#store = options.store;
    this.router = new Router(options.registry);
    this.#events = new TypedEvents(options.registry);
    this.#decoder = new TxDecoder(options.registry, this.router, (bytes) => options.votes?.isInjected(bytes) === true);
    this.#sources = {
      version: options.version,
      store: options.store,
      router: this.router,
      contextAt: (height) => this.queryContext(height),
      simulate: (tx) => this.#run(tx, this.#check.branch(), this.#nextBlock(), 'simulate'),
    };
    for (const module of options.modules.all) module.register(this.router);
    this.#check = this.#store.cache();
  }

  get registry(): Registry {
    return this.#options.registry;
  }

  /** Calls `listener` after each commit. */
  onCommit(listener: (height: bigint) => void): void {
    this.#listeners.push(listener);
  }

  /** Shows `reader` the events of each block, those of transactions apart; what it returns is awaited before the block is committed. */
  onBlock(reader: BlockReader): void {
    this.#readers.push(reader);
  }

  // ---- info and query connection ----------------------------------------

  async info(): Promise<ResponseInfo> {
    const { version, hash } = this.#store.lastCommit();
    return {
      data: this.#options.name,
      version: this.#options.version,
      appVersion: 0n,
      lastBlockHeight: version,
      lastBlockAppHash: version === 0n ? noBytes : hash,
    };
  }

  async query(request: RequestQuery): Promise<ResponseQuery> {
    const latest = this.#store.lastCommit().version;
    try {
      return answerQuery(this.#sources, request, latest);
    } catch (error) {
      const fault = this.#asAppError(error, `query ${request.path}`);
      return ResponseQuery.fromPartial({
        code: fault.code,
        codespace: fault.codespace,
        log: grpcText(fault),
        height: latest,
      });
    }
  }

  /** A read-only context at a committed height (default: the newest). @throws AppError sdk/26 when not retained */
  queryContext(height = 0n): Context {
    const latest = this.#store.lastCommit().version;
    const wanted = height === 0n ? latest : height;
    if (height < 0n || wanted > latest) {
      throw sdkErrors.invalidHeight(`height ${height} is not committed: newest is ${latest}`);
    }
    try {
      const reader = wanted === 0n ? this.#store.at() : this.#store.at(wanted);
      const block = this.#blockInfo(wanted, blockTime.get(reader) ?? 0n);
      return new Context(cacheOver(reader), block, 'deliver', reader, this.#events);
    } catch (error) {
      if (error instanceof StoreError && error.fault === 'unknown-version') {
        throw sdkErrors.invalidHeight(
          `height ${wanted} is pruned: the oldest kept is ${this.#store.earliestVersion()}`,
        );
      }
      throw error;
    }
  }

  // ---- mempool connection -----------------------------------------------

  async checkTx(request: RequestCheckTx): Promise<ResponseCheckTx> {
    const mode: ExecMode = request.type === CheckTxType.RECHECK ? 'recheck' : 'check';
    const outcome = this.#run(request.tx, this.#check, this.#nextBlock(), mode);
    if (outcome.error === undefined) this.#checked.add(request.tx);
    return {
      ...toExecTxResult(outcome),
      // CometBFT 0.38 keeps no priority: order belongs to PrepareProposal.
    };
  }

  // ---- consensus connection ---------------------------------------------

  async initChain(request: RequestInitChain): Promise<ResponseInitChain> {
    if (this.#store.lastCommit().version !== 0n) throw new SequenceError('InitChain on a chain that has blocks');
    if (request.chainId !== this.#options.chainId) {
      throw new SequenceError(
        `genesis is for chain ${request.chainId}, this node is set up for ${this.#options.chainId}`,
      );
    }
    this.#genesis = { request, layer: undefined };
    const { layer, validators } = this.#runGenesis(request);
    this.#genesis.layer = layer;
    // CheckTx sees the genesis state before the first block.
    this.#openCheck(this.#runGenesis(request).layer);
    return {
      consensusParams: request.consensusParams,
      validators: toAbciUpdates(validators),
      appHash: this.#store.lastCommit().hash,
    };
  }

  async prepareProposal(request: RequestPrepareProposal): Promise<ResponsePrepareProposal> {
    const { votes } = this.#options;
    const block = this.#blockInfo(request.height, msOfProtoTime(request.time), request.proposerAddress);
    const layer = this.#baseLayer();
    const params = this.#params(layer);
    const txs: Uint8Array[] = [];
    let size = 0;
    const limit = Number(request.maxTxBytes);
    if (votes !== undefined && this.#votesExpected(params, request.height)) {
      const lastCommit = request.localLastCommit ?? { round: 0, votes: [] };
      const injected = votes.prepare(this.#context(layer, block, 'deliver'), lastCommit, largestTx(limit));
      if (injected === undefined) {
        this.#options.logger.error(
          { height: `${request.height}`, maxTxBytes: limit },
          'too few valid vote extensions, or no room for them: proposing no transactions',
        );
        return { txs: [] };
      }
      txs.push(injected);
      size += protoSize(injected);
    }
    const maxGas = params?.block?.maxGas ?? -1n;
    if (this.#checked.beginWith(request.txs) && this.#fit(request.txs, limit - size, maxGas, block.timeMs)) {
      for (const tx of request.txs) txs.push(tx);
      return { txs };
    }
    let gas = 0n;
    for (const tx of request.txs) {
      const grown = size + protoSize(tx);
      if (grown > limit) continue;
      const decoded = this.#decoder.decode(tx);
      if (decoded instanceof AppError) continue;
      const wanted = decoded.authInfo.fee?.gasLimit ?? 0n;
      if (maxGas >= 0n && gas + wanted > maxGas) continue;
      // Only the ante part: a message that fails still pays for its place.
      const outcome = this.#runDecoded(decoded, layer, block, 'check');
      if (outcome.error !== undefined) continue;
      txs.push(tx);
      size = grown;
      gas += wanted;
    }
    return { txs };
  }

  async processProposal(request: RequestProcessProposal): Promise<ResponseProcessProposal> {
    try {
      this.#verifyProposal(request);
      return { status: ResponseProcessProposal_ProposalStatus.ACCEPT };
    } catch (error) {
      const { message } = this.#asAppError(error, `proposal ${request.height}`);
      this.#options.logger.warn({ height: `${request.height}`, reason: message }, 'proposal rejected');
      return { status: ResponseProcessProposal_ProposalStatus.REJECT };
    }
  }

  async extendVote(request: RequestExtendVote): Promise<ResponseExtendVote> {
    const { votes, logger } = this.#options;
    try {
      const block = this.#blockInfo(request.height, msOfProtoTime(request.time), request.proposerAddress);
      return { voteExtension: votes?.extend(this.#context(this.#baseLayer(), block, 'deliver')) ?? noBytes };
    } catch (error) {
      // A vote without prices is worth more than no vote.
      logger.error({ height: `${request.height}`, error: (error as Error).message }, 'vote extension left empty');
      return { voteExtension: noBytes };
    }
  }

  async verifyVoteExtension(request: RequestVerifyVoteExtension): Promise<ResponseVerifyVoteExtension> {
    const block = this.#blockInfo(request.height, 0n);
    const ctx = this.#context(this.#baseLayer(), block, 'deliver');
    const accepted =
      this.#options.votes?.verifyExtension(ctx, request.validatorAddress, request.voteExtension) ??
      request.voteExtension.length === 0;
    return {
      status: accepted
        ? ResponseVerifyVoteExtension_VerifyStatus.ACCEPT
        : ResponseVerifyVoteExtension_VerifyStatus.REJECT,
    };
  }

  async finalizeBlock(request: RequestFinalizeBlock): Promise<ResponseFinalizeBlock> {
    const latest = this.#store.lastCommit().version;
    const first = this.#genesis?.request.initialHeight;
    if (latest === 0n && first === undefined) {
      throw new SequenceError(`FinalizeBlock of height ${request.height} before InitChain`);
    }
    const expected = latest === 0n ? first! : latest + 1n;
    if (request.height !== expected) {
      throw new SequenceError(`FinalizeBlock of height ${request.height}: the next one is ${expected}`);
    }
    const faults: Fault[] = [];
    for (;;) {
      try {
        return this.#execute(request, faults);
      } catch (error) {
        const { fault, cause } = newFault(error, faults);
        const details = { height: `${request.height}`, ...fault, error: String(cause), stack: stacksOf(cause) };
        this.#options.logger.error(details, 'a part of the block failed: the block is executed anew without it');
        faults.push(fault);
      }
    }
  }

  /** Executes a block on a layer of its own, up to the application hash. */
  #execute(request: RequestFinalizeBlock, faults: readonly Fault[]): ResponseFinalizeBlock {
    const { modules, votes } = this.#options;
    const layer = this.#takeBaseLayer();
    const params = this.#params(layer);
    const timeMs = msOfProtoTime(request.time);
    const block = this.#blockInfo(
      request.height,
      timeMs,
      request.proposerAddress,
      request.decidedLastCommit,
      request.misbehavior,
      faults,
    );
    const ctx = this.#context(layer, block, 'deliver');
    const results: ExecTxResult[] = [];
    let txs: readonly Uint8Array[] = request.txs;

    if (votes !== undefined && this.#votesExpected(params, request.height)) {
      const injected = txs[0];
      if (injected === undefined || !votes.isInjected(injected)) {
        throw new FatalError(`block ${request.height} was decided without its price votes`);
      }
      votes.preBlock(ctx, injected);
      results.push(emptyResult());
      txs = txs.slice(1);
    }
    for (const module of modules.begin) module.beginBlock?.(ctx);

    const maxGas = params?.block?.maxGas ?? -1n;
    let gas = 0n;
    for (const tx of txs) {
      if (maxGas >= 0n && gas >= maxGas) {
        results.push(toExecTxResult(failure(sdkErrors.outOfGas('no block gas left to run the transaction'))));
        continue;
      }
      const outcome = this.#run(tx, layer, block, 'deliver');
      gas += outcome.gasUsed;
      results.push(toExecTxResult(outcome));
    }

    const updates: ValidatorUpdate[] = [];
    for (const module of modules.end) for (const update of module.endBlock?.(ctx) ?? []) updates.push(update);
    blockTime.set(ctx, timeMs);
    const nextParams = this.#params(layer);
    for (const module of modules.end) module.closeBlock?.(ctx);

    const { hash } = this.#store.prepare(request.height, layer);
    this.#pendingHeight = request.height;
    this.#reading = this.#readers.flatMap((reader) => reader(block, ctx.events.list()) ?? []);
    return {
      events: toAbciEvents(ctx.events.list()),
      txResults: results,
      validatorUpdates: toAbciUpdates(updates),
      consensusParamUpdates: sameParams(params, nextParams) ? undefined : nextParams,
      appHash: hash,
    };
  }

  async commit(): Promise<ResponseCommit> {
    if (this.#pendingHeight === undefined) throw new SequenceError('Commit without FinalizeBlock');
    const height = this.#pendingHeight;
    await Promise.all(this.#reading);
    this.#reading = [];
    await this.#store.commit();
    this.#pendingHeight = undefined;
    this.#genesis = undefined;
    this.#openCheck(this.#store.cache());
    for (const listener of this.#listeners) listener(height);
    this.#options.snapshots?.committed(height);
    const { retention = keepAllBlocks } = this.#options;
    return { retainHeight: retainHeight(height, retention, this.#params(this.#check)) };
  }

  // ---- snapshot connection -----------------------------------------------

  async listSnapshots(): Promise<ResponseListSnapshots> {
    return this.#options.snapshots?.list() ?? { snapshots: [] };
  }

  async offerSnapshot(request: RequestOfferSnapshot): Promise<ResponseOfferSnapshot> {
    return this.#options.snapshots?.offer(request) ?? { result: ResponseOfferSnapshot_Result.ABORT };
  }

  async loadSnapshotChunk(request: RequestLoadSnapshotChunk): Promise<ResponseLoadSnapshotChunk> {
    return this.#options.snapshots?.load(request) ?? { chunk: noBytes };
  }

  async applySnapshotChunk(request: RequestApplySnapshotChunk): Promise<ResponseApplySnapshotChunk> {
    const answer = await this.#options.snapshots?.apply(request);
    if (answer === undefined) {
      return ResponseApplySnapshotChunk.fromPartial({ result: ResponseApplySnapshotChunk_Result.ABORT });
    }
    if (this.#store.lastCommit().version !== 0n) {
      // The last chunk made another state the newest.
      this.#genesis = undefined;
      this.#openCheck(this.#store.cache());
    }
    return answer;
  }

  // ---- helpers -----------------------------------------------------------

  /** Runs genesis on a layer of its own. Validators are returned when state names them, not the engine. */
  #runGenesis(request: RequestInitChain): {
    readonly layer: CacheMultiStore;
    readonly validators: readonly ValidatorUpdate[];
  } {
    const layer = this.#store.cache();
    const block = this.#blockInfo(request.initialHeight, msOfProtoTime(request.time));
    const ctx = this.#context(layer, block, 'genesis');
    if (request.consensusParams !== undefined) this.#initParams(ctx, request.consensusParams);
    let state: Record<string, unknown>;
    try {
      state = JSON.parse(Buffer.from(request.appStateBytes).toString('utf8')) as Record<string, unknown>;
    } catch (error) {
      throw new FatalError(`app_state of the genesis is not JSON: ${(error as Error).message}`);
    }
    const validators = request.validators.map(({ pubKey, power }) => {
      if (pubKey?.ed25519 === undefined) throw new FatalError('genesis validators need ed25519 keys');
      return { pubKey: pubKey.ed25519, power };
    });
    for (const module of this.#options.modules.all) {
      module.initValidators?.(ctx, validators);
      const section = state[module.name];
      if (section === undefined) throw new FatalError(`app_state of the genesis lacks the section ${module.name}`);
      module.initGenesis(ctx, section);
    }
    const set: ValidatorUpdate[] = [];
    for (const module of this.#options.modules.end) set.push(...(module.endGenesis?.(ctx) ?? []));
    blockTime.set(ctx, block.timeMs);
    return { layer, validators: set };
  }

  /**
   * Runs a signed transaction of genesis, as a block would.
   * @throws AppError when it fails: a chain does not start from half of its genesis
   */
  runGenesisTx(ctx: Context, bytes: Uint8Array): void {
    const outcome = ctx.isolated((layer) => this.#run(bytes, layer, ctx.block, 'genesis'));
    if (outcome.error !== undefined) throw outcome.error;
  }

  /** Checked transactions go from now on on this layer. */
  #openCheck(layer: CacheMultiStore): void {
    this.#check = layer;
    this.#checked.clear();
  }

  /** Do checked transactions all find room in a block, and is none of them too old for its time? */
  #fit(txs: readonly Uint8Array[], room: number, maxGas: bigint, timeMs: bigint): boolean {
    let size = 0;
    let gas = 0n;
    for (const tx of txs) {
      size += protoSize(tx);
      const decoded = this.#decoder.decode(tx);
      if (decoded instanceof AppError) return false;
      gas += decoded.authInfo.fee?.gasLimit ?? 0n;
      const { timeoutTimestamp } = decoded.body;
      if (timeoutTimestamp !== undefined && msOfProtoTime(timeoutTimestamp) <= timeMs) return false;
    }
    return size <= room && (maxGas < 0n || gas <= maxGas);
  }

  /** A layer to try things on: over committed state, or over genesis before the first block. */
  #baseLayer(): CacheMultiStore {
    return this.#genesis?.layer?.branch() ?? this.#store.cache();
  }

  /** The layer that the block is built on; genesis is run again if an earlier attempt used it up. */
  #takeBaseLayer(): CacheMultiStore {
    if (this.#genesis === undefined) return this.#store.cache();
    const layer = this.#genesis.layer ?? this.#runGenesis(this.#genesis.request).layer;
    this.#genesis.layer = undefined;
    return layer;
  }

  #params(layer: CacheMultiStore): ConsensusParams | undefined {
    return consensusParams(layer);
  }

  #initParams(ctx: Context, params: ConsensusParams): void {
    if (this.#options.votes !== undefined && (params.abci?.voteExtensionsEnableHeight ?? 0n) < 1n) {
      throw new FatalError(
        'consensus_params.abci.vote_extensions_enable_height of the genesis: 0; this chain needs vote extensions, use 2',
      );
    }
    try {
      initConsensusParams(ctx, params);
    } catch (error) {
      throw new FatalError(`consensus_params of the genesis: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Votes of the previous height exist from one block after extensions are enabled. */
  #votesExpected(params: ConsensusParams | undefined, height: bigint): boolean {
    const enabled = params?.abci?.voteExtensionsEnableHeight ?? 0n;
    return enabled > 0n && height > enabled;
  }

  #verifyProposal(request: RequestProcessProposal): void {
    const { votes } = this.#options;
    const layer = this.#baseLayer();
    const params = this.#params(layer);
    let txs: readonly Uint8Array[] = request.txs;
    if (votes !== undefined && this.#votesExpected(params, request.height)) {
      const injected = txs[0];
      if (injected === undefined || !votes.isInjected(injected)) {
        throw sdkErrors.invalidRequest('the first transaction must carry the price votes of the previous height');
      }
      const block = this.#blockInfo(request.height, msOfProtoTime(request.time), request.proposerAddress);
      votes.verify(
        this.#context(layer, block, 'deliver'),
        injected,
        request.proposedLastCommit ?? { round: 0, votes: [] },
      );
      txs = txs.slice(1);
    }
    let gas = 0n;
    for (const [index, tx] of txs.entries()) {
      const decoded = this.#decoder.decode(tx);
      if (decoded instanceof AppError) {
        throw sdkErrors.txDecode(`transaction ${index} of the proposal: ${decoded.message}`);
      }
      gas += decoded.authInfo.fee?.gasLimit ?? 0n;
    }
    const maxGas = params?.block?.maxGas ?? -1n;
    if (maxGas >= 0n && gas > maxGas) {
      throw sdkErrors.invalidRequest(`the transactions want ${gas} gas; a block has ${maxGas}`);
    }
  }

  #run(bytes: Uint8Array, layer: CacheMultiStore, block: BlockInfo, mode: ExecMode): TxOutcome {
    const decoded = this.#decoder.decode(bytes);
    return decoded instanceof AppError ? failure(decoded) : this.#runDecoded(decoded, layer, block, mode);
  }

  #runDecoded(tx: ExecutableTx, layer: CacheMultiStore, block: BlockInfo, mode: ExecMode): TxOutcome {
    const { ante } = this.#options;
    const outcome = runTx(tx, layer, block, mode, this.#store.at(), this.#events, ante, this.router);
    if (outcome.bug !== undefined) this.#logBug(outcome.bug, `${mode} of a transaction`);
    return outcome;
  }

  #context(layer: CacheMultiStore, block: BlockInfo, mode: ExecMode): Context {
    return new Context(layer, block, mode, this.#store.at(), this.#events, new CountingGasMeter());
  }

  #nextBlock(): BlockInfo {
    const time = this.#genesis?.request.time;
    const timeMs = time === undefined ? (blockTime.get(this.#check) ?? 0n) : msOfProtoTime(time);
    return this.#blockInfo(this.#store.lastCommit().version + 1n, timeMs);
  }

  #blockInfo(
    height: bigint,
    timeMs: bigint,
    proposer: Uint8Array = noBytes,
    lastCommit?: CommitInfo,
    misbehavior: readonly Misbehavior[] = [],
    faults: readonly Fault[] = [],
  ): BlockInfo {
    return {
      chainId: this.#options.chainId,
      height,
      timeMs,
      proposer,
      previousAppHash: this.#store.lastCommit().hash,
      lastCommit: signersOf(lastCommit),
      misbehavior: misbehaviorOf(misbehavior),
      faults: [...faults],
    };
  }

  /** What a client is told of an error: registered errors as they are, bugs without their text. */
  #asAppError(error: unknown, where: string): AppError {
    if (error instanceof AppError) return error;
    this.#logBug(error, where);
    return internalError();
  }

  #logBug(error: unknown, where: string): void {
    this.#options.logger.error({ where, error: String(error), stack: stacksOf(error) }, 'internal error');
  }
}
