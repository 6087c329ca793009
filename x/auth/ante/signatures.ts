import { SignMode } from '../../../gen/cosmos/tx/signing/v1beta1/signing.js';
import { SignDoc } from '../../../gen/cosmos/tx/v1beta1/tx.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { ExecutableTx } from '../../../runtime/baseapp/tx.js';
import type { AminoJson } from '../../../runtime/codec/amino-json.js';
import { sha256 } from '../../../runtime/crypto/hash.js';
import { verifySecp256k1 } from '../../../runtime/crypto/secp256k1.js';
import { encodeMessage } from '../../../runtime/store/encode.js';
import { bytes as keyOfBytes } from '../../../runtime/store/key.js';
import type { AnteScope } from './index.js';
import type { Signer } from './signers.js';

/** What one signature of a transaction was found to sign for; chain, sequence and mode are the transaction's own. */
interface Proof {
  readonly number: bigint;
  readonly pubKey: Uint8Array;
}

/** Signatures found good: what CheckTx verified need not be verified again in the block. */
export class SignatureCache {
  /** By (digest, key, signature), for transactions that were decoded again. */
  readonly #good = new Set<string>();
  /** By transaction and place of the signer: spares the digest too. */
  readonly #proofs = new WeakMap<ExecutableTx, Proof[]>();

  constructor(readonly capacity = 50_000) {}

  /** True when the signature at `index` was found good for this account number and key. */
  isProven(tx: ExecutableTx, index: number, { number, pubKey }: Proof): boolean {
    const proof = this.#proofs.get(tx)?.[index];
    return proof !== undefined && proof.number === number && Buffer.compare(proof.pubKey, pubKey) === 0;
  }

  /** Remembers a signature that `verify` found good. */
  prove(tx: ExecutableTx, index: number, proof: Proof): void {
    let proofs = this.#proofs.get(tx);
    if (proofs === undefined) this.#proofs.set(tx, (proofs = []));
    proofs[index] = proof;
  }

  verify(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
    const id = keyOfBytes(digest) + keyOfBytes(publicKey) + keyOfBytes(signature);
    if (this.#good.has(id)) return true;
    if (!verifySecp256k1(publicKey, digest, signature)) return false;
    // Oldest first: insertion order decides only what is kept, never a result.
    if (this.#good.size >= this.capacity) this.#good.delete(this.#good.values().next().value!);
    this.#good.add(id);
    return true;
  }
}

/** Checks sequence and signature of each signer. */
export function checkSignatures(
  scope: AnteScope,
  signers: readonly Signer[],
  amino: AminoJson,
  cache: SignatureCache,
): void {
  const { ctx, tx, params } = scope;
  // Account number zero at genesis: those transactions are signed before numbers are known.
  const genesis = ctx.mode === 'genesis';
  for (const [index, { account, pubKey }] of signers.entries()) {
    const info = tx.authInfo.signerInfos[index]!;
    const signature = tx.signatures[index]!;
    ctx.gas.consume(params.sigVerifyCostSecp256k1, 'ante verify: secp256k1');
    if (info.sequence !== account.sequence) {
      throw sdkErrors.wrongSequence(`account sequence mismatch, expected ${account.sequence}, got ${info.sequence}`);
    }
    const mode = info.modeInfo?.single?.mode;
    if (mode === undefined) throw sdkErrors.notSupported('mode_info: multi-signatures are not supported yet');
    if (ctx.mode === 'simulate') continue;
    const number = genesis ? 0n : account.number;
    const proof = { number, pubKey };
    if (!cache.isProven(tx, index, proof)) {
      const digest = sha256(signBytes(scope, mode, number, account.sequence, amino));
      if (!cache.verify(pubKey, digest, signature)) {
        throw sdkErrors.unauthorized(
          `signature verification failed; please verify account number (${number}), sequence (${account.sequence}) and chain-id (${ctx.block.chainId})`,
        );
      }
      cache.prove(tx, index, proof);
    }
    ctx.events.emit('tx', [['acc_seq', `${tx.signers[index]}/${account.sequence}`]]);
    ctx.events.emit('tx', [['signature', Buffer.from(signature).toString('base64')]]);
  }
}

function signBytes(
  { ctx, tx }: AnteScope,
  mode: SignMode,
  number: bigint,
  sequence: bigint,
  amino: AminoJson,
): Uint8Array {
  const { chainId } = ctx.block;
  if (mode === SignMode.SIGN_MODE_DIRECT) {
    return encodeMessage(SignDoc, {
      bodyBytes: tx.bodyBytes,
      authInfoBytes: tx.authInfoBytes,
      chainId,
      accountNumber: number,
    });
  }
  if (mode === SignMode.SIGN_MODE_LEGACY_AMINO_JSON) {
    const fee = tx.authInfo.fee!;
    try {
      return amino.signBytes({
        accountNumber: number,
        sequence,
        chainId,
        timeoutHeight: tx.body.timeoutHeight,
        memo: tx.body.memo,
        fee,
        messages: tx.messages,
      });
    } catch (error) {
      throw sdkErrors.notSupported((error as Error).message);
    }
  }
  throw sdkErrors.notSupported(`sign mode ${mode}: expected SIGN_MODE_DIRECT (1) or SIGN_MODE_LEGACY_AMINO_JSON (127)`);
}
