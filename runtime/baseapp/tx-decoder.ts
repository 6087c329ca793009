import type { Registry } from '../codec/registry.js';
import { decodeTx } from '../codec/tx.js';
import { txHash } from '../crypto/tx-hash.js';
import { AppError, sdkErrors } from './errors.js';
import type { Router } from './router.js';
import type { ExecutableTx } from './tx.js';

/** Transactions remembered between CheckTx, proposal and block. */
const maxDecoded = 20_000;

/** Decodes a transaction once for all that will be done with the same bytes. */
export class TxDecoder {
  readonly #decoded = new Map<string, ExecutableTx | AppError>();
  readonly #registry: Registry;
  readonly #router: Router;
  readonly #isInjected: (bytes: Uint8Array) => boolean;

  /** @param isInjected tells price votes, which a proposer puts into a block and nobody may send */
  constructor(registry: Registry, router: Router, isInjected: (bytes: Uint8Array) => boolean) {
    this.#registry = registry;
    this.#router = router;
    this.#isInjected = isInjected;
  }

  /** @returns the transaction, or why its bytes are none */
  decode(bytes: Uint8Array): ExecutableTx | AppError {
    const { id } = txHash(bytes);
    let decoded = this.#decoded.get(id);
    if (decoded === undefined) {
      decoded = this.#decodeFresh(bytes);
      if (this.#decoded.size >= maxDecoded) this.#decoded.delete(this.#decoded.keys().next().value!);
      this.#decoded.set(id, decoded);
    }
    return decoded;
  }

  #decodeFresh(bytes: Uint8Array): ExecutableTx | AppError {
    try {
      if (this.#isInjected(bytes)) throw sdkErrors.txDecode('price votes are not a transaction');
      const tx = decodeTx(this.#registry, bytes);
      const calls = tx.messages.map(({ typeName, bytes: encoded }) => {
        const value = this.#router.decode(typeName, encoded);
        return { typeName, value, signers: this.#router.signersOf(typeName, value) };
      });
      const payer = tx.authInfo.fee?.payer ?? '';
      const signers = new Set<string>(payer === '' ? [] : [payer]);
      for (const call of calls) for (const each of call.signers) signers.add(each);
      return { ...tx, calls, signers: [...signers] };
    } catch (error) {
      if (error instanceof AppError) return error;
      // The canonical check passed, so decoders accept the bytes; anything else is a bug worth stopping for.
      throw error;
    }
  }
}
