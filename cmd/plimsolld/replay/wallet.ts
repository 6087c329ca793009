import { createHash } from 'node:crypto';
import secp256k1 from 'secp256k1';
import { PubKey } from '../../../gen/cosmos/crypto/secp256k1/keys.js';
import { SignMode } from '../../../gen/cosmos/tx/signing/v1beta1/signing.js';
import { AuthInfo, SignDoc, TxBody, TxRaw } from '../../../gen/cosmos/tx/v1beta1/tx.js';
import { secp256k1Address, toBech32 } from '../../../runtime/crypto/address.js';

/** A message of a transaction, encoded. */
export interface EncodedMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** More than any transaction here needs; gas costs nothing in a replay. */
const gasLimit = 100_000_000n;
const pubKeyTypeUrl = '/cosmos.crypto.secp256k1.PubKey';

/** A key that signs SIGN_MODE_DIRECT transactions by the native library. */
export class Wallet {
  readonly #secret: Uint8Array;
  readonly #publicKey: { typeUrl: string; value: Uint8Array };
  /** 20 bytes. */
  readonly address: Uint8Array;
  readonly bech32: string;

  /** @param name the key is its hash: the same name, the same key. */
  constructor(name: string) {
    let secret = sha256(Buffer.from(name, 'utf8'));
    while (!secp256k1.privateKeyVerify(secret)) secret = sha256(secret);
    this.#secret = secret;
    const publicKey = secp256k1.publicKeyCreate(secret, true);
    this.#publicKey = { typeUrl: pubKeyTypeUrl, value: PubKey.encode({ key: publicKey }).finish() };
    this.address = secp256k1Address(publicKey);
    this.bech32 = toBech32(this.address);
  }

  /** A signed transaction without fee. @param timeoutHeight last height at which it may run; 0 for none */
  sign(
    messages: readonly EncodedMessage[],
    chainId: string,
    account: { readonly number: bigint; readonly sequence: bigint },
    timeoutHeight = 0n,
  ): Uint8Array {
    const bodyBytes = TxBody.encode(TxBody.fromPartial({ messages: [...messages], timeoutHeight })).finish();
    const authInfoBytes = AuthInfo.encode({
      signerInfos: [
        {
          publicKey: this.#publicKey,
          modeInfo: { single: { mode: SignMode.SIGN_MODE_DIRECT } },
          sequence: account.sequence,
        },
      ],
      fee: { amount: [], gasLimit, payer: '', granter: '' },
    }).finish();
    const document = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber: account.number }).finish();
    const { signature } = secp256k1.ecdsaSign(sha256(document), this.#secret);
    return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] }).finish();
  }
}

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest();
