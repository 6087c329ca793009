import { bech32 } from '@scure/base';
import { ripemd160, sha256 } from './hash.js';

/** Bytes in every address of the chain. */
export const addressLength = 20;

/** bech32 prefix of the chain's account addresses. */
export const accountPrefix = 'plim';
/** bech32 prefix of validators' operators: the same bytes as the operator's account. */
export const operatorPrefix = 'plimvaloper';
/** bech32 prefix of consensus addresses. */
export const consensusPrefix = 'plimvalcons';

export function toBech32(address: Uint8Array, prefix = accountPrefix): string {
  return bech32.encode(prefix, bech32.toWords(address));
}

/** @throws Error that says what is wrong: checksum, prefix or length */
export function fromBech32(text: string, prefix = accountPrefix): Uint8Array {
  if (text === '') throw new Error('empty address string is not allowed');
  const { prefix: found, words } = bech32.decode(text as `${string}1${string}`, 90);
  if (found !== prefix) throw new Error(`invalid bech32 prefix: expected ${prefix}, got ${found}`);
  const address = bech32.fromWords(words);
  if (address.length !== addressLength)
    throw new Error(`address has ${address.length} bytes, expected ${addressLength}`);
  return address;
}

/** Address of a compressed secp256k1 key: RIPEMD-160 of SHA-256. */
export function secp256k1Address(publicKey: Uint8Array): Uint8Array {
  return ripemd160(sha256(publicKey));
}

/** Address of an ed25519 consensus key: the first 20 bytes of SHA-256. */
export function consensusAddress(publicKey: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(sha256(publicKey), 0, addressLength);
}

/** Address of a module's account: nobody has its key. */
export function moduleAddress(name: string): Uint8Array {
  return Uint8Array.prototype.slice.call(sha256(Buffer.from(name, 'utf8')), 0, addressLength);
}
