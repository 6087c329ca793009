import secp256k1 from 'secp256k1';
import { PubKey } from '../../../gen/cosmos/crypto/secp256k1/keys.js';
import { SignMode } from '../../../gen/cosmos/tx/signing/v1beta1/signing.js';
import { AuthInfo, SignDoc, TxBody, TxRaw } from '../../../gen/cosmos/tx/v1beta1/tx.js';
import { protoTimeOf } from '../../../runtime/baseapp/time.js';
import type { AminoJson } from '../../../runtime/codec/amino-json.js';
import type { TxMessage } from '../../../runtime/codec/tx.js';
import { sha256 } from '../../../runtime/crypto/hash.js';
import type { SigningKey } from '../keyring/keyring.js';

export interface UnsignedTx {
  readonly messages: readonly TxMessage[];
  readonly fee: readonly { readonly denom: string; readonly amount: string }[];
  readonly gasLimit: bigint;
  readonly memo?: string;
  readonly timeoutHeight?: bigint;
  /** Latest block time, milliseconds since 1970, and whether the sequence is left alone: signed with zero then. */
  readonly timeoutMs?: bigint;
  readonly unordered?: boolean;
}

export interface SignerState {
  readonly chainId: string;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
}

function parts(tx: UnsignedTx, publicKey: Uint8Array, sequence: bigint, mode: SignMode) {
  const body = TxBody.fromPartial({
    messages: tx.messages.map(({ typeName, bytes }) => ({ typeUrl: `/${typeName}`, value: bytes })),
    memo: tx.memo ?? '',
    timeoutHeight: tx.timeoutHeight ?? 0n,
    unordered: tx.unordered ?? false,
    timeoutTimestamp: tx.timeoutMs === undefined ? undefined : protoTimeOf(tx.timeoutMs),
  });
  const authInfo = AuthInfo.fromPartial({
    signerInfos: [
      {
        publicKey: { typeUrl: '/cosmos.crypto.secp256k1.PubKey', value: PubKey.encode({ key: publicKey }).finish() },
        modeInfo: { single: { mode } },
        sequence,
      },
    ],
    fee: { amount: [...tx.fee], gasLimit: tx.gasLimit },
  });
  return { bodyBytes: TxBody.encode(body).finish(), authInfoBytes: AuthInfo.encode(authInfo).finish() };
}

/** A signed transaction, SIGN_MODE_DIRECT. */
export function signDirect(tx: UnsignedTx, key: SigningKey, signer: SignerState): Uint8Array {
  const encoded = parts(tx, key.publicKey, signer.sequence, SignMode.SIGN_MODE_DIRECT);
  const { chainId, accountNumber } = signer;
  const doc = SignDoc.encode({ ...encoded, chainId, accountNumber }).finish();
  const { signature } = secp256k1.ecdsaSign(sha256(doc), key.privateKey);
  return TxRaw.encode({ ...encoded, signatures: [signature] }).finish();
}

/** The same, signed as amino JSON: what a Ledger device would sign. */
export function signAmino(tx: UnsignedTx, key: SigningKey, signer: SignerState, amino: AminoJson): Uint8Array {
  const encoded = parts(tx, key.publicKey, signer.sequence, SignMode.SIGN_MODE_LEGACY_AMINO_JSON);
  const doc = amino.signBytes({
    ...signer,
    timeoutHeight: tx.timeoutHeight ?? 0n,
    memo: tx.memo ?? '',
    fee: { amount: tx.fee, gasLimit: tx.gasLimit, payer: '', granter: '' },
    messages: tx.messages,
  });
  const { signature } = secp256k1.ecdsaSign(sha256(doc), key.privateKey);
  return TxRaw.encode({ ...encoded, signatures: [signature] }).finish();
}

/** For simulation: everything but the signature and the gas limit. */
export function unsigned(tx: UnsignedTx, publicKey: Uint8Array, sequence: bigint): Uint8Array {
  const encoded = parts({ ...tx, gasLimit: 0n, fee: [] }, publicKey, sequence, SignMode.SIGN_MODE_UNSPECIFIED);
  return TxRaw.encode({ ...encoded, signatures: [new Uint8Array(0)] }).finish();
}
