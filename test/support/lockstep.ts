import assert from 'node:assert/strict';
import {
  RequestFinalizeBlock,
  RequestInitChain,
  ResponseProcessProposal_ProposalStatus,
  ResponseVerifyVoteExtension_VerifyStatus,
  type CommitInfo,
  type ExtendedCommitInfo,
  type ExtendedVoteInfo,
  type Misbehavior,
  type ResponseFinalizeBlock,
} from 'cosmjs-types/tendermint/abci/types';
import { createApp, type PlimsollApp } from '../../app/app.js';
import { mounts } from '../../app/mounts.js';
import type { AppState } from '../../app/genesis.js';
import { canonicalVoteExtension } from '../../runtime/abci/canonical-vote.js';
import { ConsensusKey } from '../../runtime/engine/consensus-key.js';
import { timestampOf } from '../../runtime/engine/time.js';
import { consensusParamsOf, defaultConsensusParams, type GenesisDoc } from '../../runtime/engine/genesis-doc.js';
import { silentLogger } from '../../runtime/log.js';
import { openStore } from '../../runtime/store/index.js';
import type { CommitMultiStore } from '../../runtime/store/types.js';
import type { PriceSource } from '../../x/oracle/price-source.js';

const noBytes = new Uint8Array(0);
const flags = { absent: 1, commit: 2 } as const;
const blockMs = 1_000n;
export const genesisMs = 1_700_000_000_000n;

/** One validator: its own application over its own store, and its own prices. */
export interface Validator extends PlimsollApp {
  readonly key: ConsensusKey;
  readonly power: bigint;
  readonly store: CommitMultiStore;
}

/** How a test bends one block. */
export interface BlockOptions {
  readonly txs?: readonly Uint8Array[];
  /** Time since the previous block. */
  readonly afterMs?: bigint;
  /** Index of the proposer; by turns unless given. */
  readonly proposer?: number;
  /** What a dishonest validator puts in place of its extension, after 2/3 have voted: nobody verifies it before the next proposal. */
  readonly late?: ReadonlyMap<number, Uint8Array>;
  /** What the engine found out about validators. */
  readonly misbehavior?: readonly Misbehavior[];
  /** Validators whose votes did not arrive in time. */
  readonly absent?: readonly number[];
}

export interface Block {
  readonly height: bigint;
  readonly txs: readonly Uint8Array[];
  readonly results: ResponseFinalizeBlock;
  readonly request: RequestFinalizeBlock;
}

/**
 * Validators in one process that go through heights together. It calls each
 * application as CometBFT v0.38 would and insists that all of them agree on
 * every result.
 */
export class Lockstep {
  height = 0n;
  timeMs = genesisMs;
  #votes: ExtendedCommitInfo = { round: 0, votes: [] };
  readonly requests: RequestFinalizeBlock[] = [];
  /** Powers on the next block and on the one after it; zero for who is not in the set. */
  #powers: { readonly next: readonly bigint[]; readonly afterNext: readonly bigint[] };

  private constructor(
    readonly chainId: string,
    readonly validators: readonly Validator[],
    readonly genesis: RequestInitChain,
    powers: readonly bigint[],
  ) {
    this.#powers = { next: powers, afterNext: powers };
  }

  /** Powers on the next block. */
  get powers(): readonly bigint[] {
    return this.#powers.next;
  }

  /**
   * @param powers descending; each validator reads the source of the same index
   * @param byStake the state's genesis transactions make the validators, with these powers
   */
  static async open(
    chainId: string,
    powers: readonly bigint[],
    sources: readonly PriceSource[],
    state: (app: PlimsollApp) => AppState,
    params: GenesisDoc['consensus_params'] = defaultConsensusParams,
    byStake = false,
  ): Promise<Lockstep> {
    const validators = await Promise.all(
      powers.map(async (power, index): Promise<Validator> => {
        const store = await openStore({ mounts });
        const app = createApp({ store, chainId, prices: sources[index]!, logger: silentLogger });
        return { ...app, key: ConsensusKey.fromSeed(new Uint8Array(32).fill(index + 1)), power, store };
      }),
    );
    const genesis = RequestInitChain.fromPartial({
      time: timestampOf(genesisMs),
      chainId,
      consensusParams: consensusParamsOf({ consensus_params: params } as GenesisDoc),
      validators: byStake ? [] : validators.map(({ key, power }) => ({ pubKey: { ed25519: key.publicKey }, power })),
      appStateBytes: Buffer.from(JSON.stringify(state(validators[0]!)), 'utf8'),
      initialHeight: 1n,
    });
    for (const { app } of validators) {
      const { validators: named } = await app.initChain(genesis);
      assert.equal(named.length, byStake ? powers.length : 0);
    }
    return new Lockstep(chainId, validators, genesis, powers);
  }

  get lastCommit(): CommitInfo {
    const { round, votes } = this.#votes;
    return { round, votes: votes.map(({ validator, blockIdFlag }) => ({ validator, blockIdFlag })) };
  }

  /** What the proposer of the next height would propose. */
  async propose(proposer = Number(this.height) % this.validators.length, options: BlockOptions = {}) {
    const { key, app } = this.validators[proposer]!;
    const { txs } = await app.prepareProposal({
      maxTxBytes: 1_000_000n,
      txs: [...(options.txs ?? [])],
      localLastCommit: this.#votes,
      ...this.#next(options),
      proposerAddress: key.address,
    });
    return txs;
  }

  /** Which validators accept a proposal for the next height. */
  async judge(txs: readonly Uint8Array[], options: BlockOptions = {}): Promise<boolean[]> {
    const answers = await Promise.all(
      this.validators.map(({ app }) =>
        app.processProposal({
          txs: [...txs],
          proposedLastCommit: this.lastCommit,
          hash: noBytes,
          ...this.#next(options),
          proposerAddress: this.validators[0]!.key.address,
        }),
      ),
    );
    return answers.map(({ status }) => status === ResponseProcessProposal_ProposalStatus.ACCEPT);
  }

  /** One height from proposal to commit. */
  async block(options: BlockOptions = {}): Promise<Block> {
    const proposer = options.proposer ?? Number(this.height) % this.validators.length;
    const txs = await this.propose(proposer, options);
    assert.deepEqual(
      await this.judge(txs, options),
      this.validators.map(() => true),
    );
    const { height, time } = this.#next(options);
    const votes = await this.#vote(height, txs, options);
    const request = RequestFinalizeBlock.fromPartial({
      txs: [...txs],
      decidedLastCommit: this.lastCommit,
      hash: noBytes,
      height,
      time,
      proposerAddress: this.validators[proposer]!.key.address,
      misbehavior: [...(options.misbehavior ?? [])],
    });
    const all: ResponseFinalizeBlock[] = [];
    for (const { app } of this.validators) {
      all.push(await app.finalizeBlock(request));
      await app.commit();
    }
    for (const other of all) assert.deepEqual(other, all[0], `validators disagree at height ${height}`);
    this.#votes = votes;
    const afterNext = [...this.#powers.afterNext];
    for (const { pubKey, power } of all[0]!.validatorUpdates) {
      const index = this.validators.findIndex(({ key }) => Buffer.compare(key.publicKey, pubKey.ed25519!) === 0);
      assert.notEqual(index, -1, 'an update names a key that nobody here has');
      afterNext[index] = power;
    }
    this.#powers = { next: this.#powers.afterNext, afterNext };
    this.height = height;
    this.timeMs += options.afterMs ?? blockMs;
    this.requests.push(request);
    return { height, txs, results: all[0]!, request };
  }

  async blocks(count: number, options: BlockOptions = {}): Promise<Block> {
    let last = await this.block(options);
    for (let made = 1; made < count; made++) last = await this.block(options);
    return last;
  }

  #next({ afterMs = blockMs }: BlockOptions) {
    return {
      height: this.height + 1n,
      time: timestampOf(this.timeMs + afterMs),
      misbehavior: [],
      nextValidatorsHash: noBytes,
    };
  }

  /** Everybody's precommit with its extension; honest extensions must pass everybody's check. */
  async #vote(height: bigint, txs: readonly Uint8Array[], options: BlockOptions): Promise<ExtendedCommitInfo> {
    const votes: ExtendedVoteInfo[] = [];
    for (const [index, { app, key }] of this.validators.entries()) {
      const power = this.#powers.next[index]!;
      if (power === 0n) continue;
      const validator = { address: key.address, power };
      if (options.absent?.includes(index) === true) {
        const nothing = { voteExtension: noBytes, extensionSignature: noBytes };
        votes.push({ validator, blockIdFlag: flags.absent, ...nothing });
        continue;
      }
      if (height < 2n) {
        votes.push({ validator, blockIdFlag: flags.commit, voteExtension: noBytes, extensionSignature: noBytes });
        continue;
      }
      let voteExtension = options.late?.get(index);
      if (voteExtension === undefined) {
        const common = { hash: noBytes, ...this.#next(options), height };
        const answer = await app.extendVote({
          ...common,
          txs: [...txs],
          proposedLastCommit: this.lastCommit,
          proposerAddress: key.address,
        });
        voteExtension = answer.voteExtension;
        assert.ok(await this.accepted(index, voteExtension), `extension of validator ${index} was refused`);
      }
      const signed = canonicalVoteExtension(voteExtension, height, 0, this.chainId);
      votes.push({ validator, blockIdFlag: flags.commit, voteExtension, extensionSignature: key.sign(signed) });
    }
    return { round: 0, votes };
  }

  /** Would everybody take this extension with a vote of the next height? */
  async accepted(index: number, voteExtension: Uint8Array): Promise<boolean> {
    const validatorAddress = this.validators[index]!.key.address;
    const answers = await Promise.all(
      this.validators.map(({ app }) =>
        app.verifyVoteExtension({ hash: noBytes, validatorAddress, height: this.height + 1n, voteExtension }),
      ),
    );
    const statuses = answers.map(({ status }) => status === ResponseVerifyVoteExtension_VerifyStatus.ACCEPT);
    assert.equal(new Set(statuses).size, 1, 'validators disagree about an extension');
    return statuses[0]!;
  }
}
