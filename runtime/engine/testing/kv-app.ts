import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import {
  ExecTxResult,
  ResponseApplySnapshotChunk,
  ResponseCheckTx,
  ResponseFinalizeBlock,
  ResponseInfo,
  ResponseInitChain,
  ResponseOfferSnapshot,
  ResponseProcessProposal_ProposalStatus,
  ResponseQuery,
  ResponseVerifyVoteExtension_VerifyStatus,
  type RequestCheckTx,
  type RequestFinalizeBlock,
  type RequestPrepareProposal,
  type RequestQuery,
} from 'cosmjs-types/tendermint/abci/types';
import type { Application } from '../../abci/application.js';

type Values = Readonly<Record<string, string>>;

interface Committed {
  readonly values: Values;
  readonly height: bigint;
  readonly hash: Uint8Array;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/**
 * A key-value store as an application. Transactions are `key=value`; `bad…`
 * is refused by CheckTx, `fail…` fails in the block, `gas=N` wants N gas.
 * State lives in one file that Commit replaces, or in memory.
 */
export class KvApp implements Application {
  readonly #file: string | undefined;
  readonly #salt: string;
  #state: Committed = { values: {}, height: 0n, hash: new Uint8Array(0) };
  #next: Committed | undefined;
  /** Calls of Commit and PrepareProposal, and the height of the last query. */
  commits = 0;
  proposals = 0;
  queried = -1n;
  /** What Commit answers. */
  retain: (height: bigint) => bigint = () => 0n;
  /** Thrown by the next FinalizeBlock. */
  fault: Error | undefined;

  /** @param salt enters the application hash: another salt is another program */
  constructor(file?: string, salt = '') {
    this.#file = file;
    this.#salt = salt;
    if (file === undefined || !existsSync(file)) return;
    const saved = JSON.parse(readFileSync(file, 'utf8')) as { values: Values; height: string; hash: string };
    this.#state = { values: saved.values, height: BigInt(saved.height), hash: Buffer.from(saved.hash, 'hex') };
  }

  async info() {
    const { height, hash } = this.#state;
    return ResponseInfo.fromPartial({ data: 'kv', version: '1', lastBlockHeight: height, lastBlockAppHash: hash });
  }

  async query({ data, height }: RequestQuery) {
    this.queried = height;
    const value = this.#state.values[text(data)];
    const found = { height: this.#state.height, key: data };
    if (value === undefined) {
      return ResponseQuery.fromPartial({ ...found, code: 22, codespace: 'sdk', log: 'no such key' });
    }
    return ResponseQuery.fromPartial({ ...found, value: Buffer.from(value) });
  }

  async checkTx({ tx }: RequestCheckTx) {
    const gas = /^gas=(\d+)/.exec(text(tx))?.[1] ?? '1';
    const refused = text(tx).startsWith('bad');
    return ResponseCheckTx.fromPartial({
      code: refused ? 5 : 0,
      codespace: refused ? 'kv' : '',
      gasWanted: BigInt(gas),
    });
  }

  async initChain() {
    return ResponseInitChain.fromPartial({ appHash: this.#hash({}, 0n) });
  }

  async prepareProposal({ txs }: RequestPrepareProposal) {
    this.proposals++;
    return { txs };
  }

  async processProposal() {
    return { status: ResponseProcessProposal_ProposalStatus.ACCEPT };
  }

  async extendVote({ height }: { height: bigint }) {
    return { voteExtension: Buffer.from(`extension ${height}`) };
  }

  async verifyVoteExtension() {
    return { status: ResponseVerifyVoteExtension_VerifyStatus.ACCEPT };
  }

  async finalizeBlock({ txs, height }: RequestFinalizeBlock) {
    const { fault } = this;
    this.fault = undefined;
    if (fault !== undefined) throw fault;
    const values: Record<string, string> = { ...this.#state.values };
    const txResults = txs.map((tx) => {
      if (text(tx).startsWith('fail')) return ExecTxResult.fromPartial({ code: 7, codespace: 'kv', log: 'failed' });
      const [key = '', value = ''] = text(tx).split('=');
      values[key] = value;
      return ExecTxResult.fromPartial({
        data: Buffer.from(value),
        gasWanted: 1n,
        gasUsed: 1n,
        events: [
          {
            type: 'kv',
            attributes: [
              { key: 'key', value: key, index: true },
              { key: 'size', value, index: true },
            ],
          },
        ],
      });
    });
    this.#next = { values, height, hash: this.#hash(values, height) };
    const events = [{ type: 'tick', attributes: [{ key: 'height', value: String(height), index: true }] }];
    return ResponseFinalizeBlock.fromPartial({ txResults, appHash: this.#next.hash, events });
  }

  async commit() {
    this.commits++;
    this.#state = this.#next!;
    if (this.#file !== undefined) {
      const { values, height, hash } = this.#state;
      const saved = { values, height: String(height), hash: Buffer.from(hash).toString('hex') };
      writeFileSync(`${this.#file}.new`, JSON.stringify(saved));
      renameSync(`${this.#file}.new`, this.#file);
    }
    return { retainHeight: this.retain(this.#state.height) };
  }

  async listSnapshots() {
    return { snapshots: [] };
  }

  async offerSnapshot() {
    return ResponseOfferSnapshot.fromPartial({ result: 3 });
  }

  async loadSnapshotChunk() {
    return { chunk: new Uint8Array(0) };
  }

  async applySnapshotChunk() {
    return ResponseApplySnapshotChunk.fromPartial({ result: 2 });
  }

  #hash(values: Values, height: bigint): Uint8Array {
    const content = JSON.stringify([values, String(height), this.#salt]);
    return new Uint8Array(createHash('sha256').update(content).digest());
  }
}
