import { CheckTxType, type ResponseCheckTx } from 'cosmjs-types/tendermint/abci/types';
import type { Application } from '../abci/application.js';
import { sha256 } from '../crypto/hash.js';

export interface MempoolLimits {
  readonly maxTxs: number;
  readonly maxTxBytes: number;
  readonly maxBytes: number;
  /** Hashes of transactions seen before, so that a repeat costs nothing. */
  readonly cacheSize: number;
}

/** CometBFT's defaults. */
export const defaultMempoolLimits: MempoolLimits = {
  maxTxs: 5_000,
  maxTxBytes: 1_048_576,
  maxBytes: 1_073_741_824,
  cacheSize: 10_000,
};

/** A transaction was not admitted, for a reason of the node rather than of the application. */
export class MempoolError extends Error {}

interface Pending {
  readonly tx: Uint8Array;
  readonly gasWanted: bigint;
}

const idOf = (tx: Uint8Array): string => sha256(tx).toString('latin1');

/** Transactions waiting for a block, first come first served. */
export class Mempool {
  readonly #app: Application;
  readonly #limits: MempoolLimits;
  readonly #pending = new Map<string, Pending>();
  readonly #seen = new Set<string>();
  #bytes = 0;

  constructor(app: Application, limits: MempoolLimits) {
    this.#app = app;
    this.#limits = limits;
  }

  get size(): number {
    return this.#pending.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  list(limit: number): Uint8Array[] {
    return [...this.#pending.values()].slice(0, limit).map(({ tx }) => tx);
  }

  /** Checks a transaction and keeps it if the application accepts it. @throws MempoolError with CometBFT's texts */
  async add(tx: Uint8Array): Promise<ResponseCheckTx> {
    const { maxTxs, maxTxBytes, maxBytes, cacheSize } = this.#limits;
    if (tx.length > maxTxBytes) throw new MempoolError(`Tx too large. Max size is ${maxTxBytes}, but got ${tx.length}`);
    if (this.#pending.size >= maxTxs || this.#bytes + tx.length > maxBytes) {
      throw new MempoolError(
        `mempool is full: number of txs ${this.#pending.size} (max: ${maxTxs}), total txs bytes ${this.#bytes} (max: ${maxBytes})`,
      );
    }
    const id = idOf(tx);
    if (this.#seen.has(id)) throw new MempoolError('tx already exists in cache');
    this.#remember(id, cacheSize);
    const result = await this.#app.checkTx({ tx, type: CheckTxType.NEW });
    if (result.code === 0) {
      this.#pending.set(id, { tx, gasWanted: result.gasWanted });
      this.#bytes += tx.length;
    } else {
      // A transaction that fails now may be good later.
      this.#seen.delete(id);
    }
    return result;
  }

  /** Transactions for a block, within its limits. */
  reap(maxBytes: number, maxGas: bigint): Uint8Array[] {
    const txs: Uint8Array[] = [];
    let bytes = 0;
    let gas = 0n;
    for (const { tx, gasWanted } of this.#pending.values()) {
      // Tag and length of a transaction take at most six bytes.
      if (bytes + tx.length + 6 > maxBytes) break;
      if (maxGas >= 0n && gas + gasWanted > maxGas) break;
      bytes += tx.length + 6;
      gas += gasWanted;
      txs.push(tx);
    }
    return txs;
  }

  /** Removes what a block included and checks the rest again. */
  async update(included: readonly Uint8Array[]): Promise<void> {
    for (const tx of included) {
      const id = idOf(tx);
      this.#remember(id, this.#limits.cacheSize);
      this.#remove(id);
    }
    for (const [id, { tx }] of [...this.#pending]) {
      const { code } = await this.#app.checkTx({ tx, type: CheckTxType.RECHECK });
      if (code !== 0) {
        this.#remove(id);
        this.#seen.delete(id);
      }
    }
  }

  #remove(id: string): void {
    const found = this.#pending.get(id);
    if (found === undefined) return;
    this.#pending.delete(id);
    this.#bytes -= found.tx.length;
  }

  #remember(id: string, cacheSize: number): void {
    if (this.#seen.size >= cacheSize) this.#seen.delete(this.#seen.values().next().value!);
    this.#seen.add(id);
  }
}
