import { txHash } from '../crypto/tx-hash.js';

/**
 * The transactions that CheckTx accepted on the newest state, in order. Each
 * was checked behind the ones before it, so a proposal that begins with the
 * same ones in the same order needs no second check: it would go the same way.
 */
export class CheckedTxs {
  #ids: string[] = [];

  add(tx: Uint8Array): void {
    this.#ids.push(txHash(tx).id);
  }

  /** Another state: nothing was checked on it yet. */
  clear(): void {
    this.#ids = [];
  }

  /** True when these are the first that were checked, in their order. */
  beginWith(txs: readonly Uint8Array[]): boolean {
    return txs.length <= this.#ids.length && txs.every((tx, index) => txHash(tx).id === this.#ids[index]);
  }
}
