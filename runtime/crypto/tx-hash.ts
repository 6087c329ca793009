import { sha256 } from './hash.js';

/** SHA-256 of a transaction's bytes, and the same as a Map key: one char for each byte. */
export interface TxHash {
  readonly bytes: Uint8Array;
  readonly id: string;
}

/** The mempool, the proposal, the block, its header and its index ask for the hash of the same bytes. */
const known = new WeakMap<Uint8Array, TxHash>();

/** Hash of a transaction, computed once for each array. The array must not be changed afterwards. */
export function txHash(tx: Uint8Array): TxHash {
  let hash = known.get(tx);
  if (hash === undefined) {
    const bytes = sha256(tx);
    hash = { bytes, id: bytes.toString('latin1') };
    known.set(tx, hash);
  }
  return hash;
}
