import { CheckTxType, type ExecTxResult, type ResponseCheckTx } from 'cosmjs-types/tendermint/abci/types';
import type { Application } from '../abci/application.js';
import { txHash } from '../crypto/tx-hash.js';

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

/** What a transaction takes in a block: its bytes, their length as a varint and the field's tag. */
export function sizeInBlock({ length }: Uint8Array): number {
  let varint = 1;
  for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) varint++;
  return 1 + varint + length;
}

const idOf = (tx: Uint8Array): string => txHash(tx).id;

/** Transactions waiting for a block, first come first served. */
export class Mempool {
  readonly #app: Application;
  readonly #limits: MempoolLimits;
  readonly #pending = new Map<string, Pending>();
  readonly #seen = new Set<string>();
  #bytes = 0;
  /** Gas of a whole block; negative is without limit. */
  #maxGas = -1n;

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

  /** Consensus parameters say how much gas a block has. */
  limitGas(maxGas: bigint): void {
    this.#maxGas = maxGas;
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
    if (result.code === 0 && this.#exceeds(result.gasWanted)) {
      this.#seen.delete(id);
      throw new MempoolError(`gas wanted ${result.gasWanted} is greater than max gas ${this.#maxGas}`);
    }
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
      const size = sizeInBlock(tx);
      if (bytes + size > maxBytes) break;
      if (maxGas >= 0n && gas + gasWanted > maxGas) break;
      bytes += size;
      gas += gasWanted;
      txs.push(tx);
    }
    return txs;
  }

  /** Removes what a block included and checks the rest again. @param results of the included, in their order */
  async update(included: readonly Uint8Array[], results: readonly Pick<ExecTxResult, 'code'>[]): Promise<void> {
    for (const [index, tx] of included.entries()) {
      const id = idOf(tx);
      if (results[index]?.code === 0) this.#remember(id, this.#limits.cacheSize);
      // What failed in the block may be good later: it can be sent again.
      else this.#seen.delete(id);
      this.#remove(id);
    }
    for (const [id, { tx }] of [...this.#pending]) {
      const { code, gasWanted } = await this.#app.checkTx({ tx, type: CheckTxType.RECHECK });
      // A block with less gas than before leaves no room for it, and it would hold up all behind it.
      if (code !== 0 || this.#exceeds(gasWanted)) {
        this.#remove(id);
        this.#seen.delete(id);
      }
    }
  }

  #exceeds(gasWanted: bigint): boolean {
    return this.#maxGas >= 0n && gasWanted > this.#maxGas;
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
