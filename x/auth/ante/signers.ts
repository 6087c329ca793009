import { PubKey } from '../../../gen/cosmos/crypto/secp256k1/keys.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import { secp256k1Address } from '../../../runtime/crypto/address.js';
import { secp256k1TypeUrl, type AuthKeeper } from '../keeper.js';
import type { Account } from '../types.js';
import type { AnteScope } from './index.js';

/** A signer's account with its key known. */
export interface Signer {
  readonly account: Account;
  readonly pubKey: Uint8Array;
}

/** Pairs each required signer with its account and key; a key seen for the first time is taken from the transaction. */
export function signersOf({ ctx, tx, params }: AnteScope, auth: AuthKeeper): Signer[] {
  const { signerInfos } = tx.authInfo;
  if (tx.signatures.length === 0) throw sdkErrors.noSignatures('signatures: empty');
  if (BigInt(tx.signatures.length) > params.txSigLimit) {
    throw sdkErrors.tooManySignatures(`signatures: ${tx.signatures.length}, limit: ${params.txSigLimit}`);
  }
  if (signerInfos.length !== tx.signers.length || tx.signatures.length !== tx.signers.length) {
    throw sdkErrors.unauthorized(
      `wrong number of signers; expected ${tx.signers.length}, got ${signerInfos.length} signer infos and ${tx.signatures.length} signatures`,
    );
  }
  return tx.signers.map((text, index) => {
    const account = auth.account(ctx, parseAddress(text, 'signer'));
    if (account === undefined)
      throw sdkErrors.unknownAddress(`account ${text} does not exist; send it some coins first`);
    if (account.module !== undefined)
      throw sdkErrors.unauthorized(`${text} is the account of module ${account.module}`);
    return { account, pubKey: keyOf(account, text, signerInfos[index]!.publicKey) };
  });
}

function keyOf(
  account: Account,
  text: string,
  given: { readonly typeUrl: string; readonly value: Uint8Array } | undefined,
): Uint8Array {
  if (given === undefined) {
    if (account.pubKey === undefined)
      throw sdkErrors.invalidPubKey(`signer ${text}: the first transaction must carry the public key`);
    return account.pubKey;
  }
  if (given.typeUrl !== secp256k1TypeUrl) {
    throw sdkErrors.invalidPubKey(
      `signer ${text}: key type ${given.typeUrl} is not supported; expected ${secp256k1TypeUrl}`,
    );
  }
  const { key } = PubKey.decode(given.value);
  // The key that the account is known by was checked when it was first seen.
  if (account.pubKey !== undefined && Buffer.compare(key, account.pubKey) === 0) return key;
  if (key.length !== 33)
    throw sdkErrors.invalidPubKey(`signer ${text}: a compressed key has 33 bytes, not ${key.length}`);
  if (Buffer.compare(secp256k1Address(key), account.address) !== 0) {
    throw sdkErrors.invalidPubKey(`pubKey does not match signer address ${text}`);
  }
  return key;
}
