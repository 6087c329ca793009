import { bech32 } from '@scure/base';
import { Memo } from '../memo.js';
import { ripemd160, sha256 } from './hash.js';

/** Bytes in every address of the chain. */
export const addressLength = 20;

/** bech32 prefix of the chain's account addresses. */
export const accountPrefix = 'plim';
/** bech32 prefix of validators' operators: the same bytes as the operator's account. */
export const operatorPrefix = 'plimvaloper';
/** bech32 prefix of consensus addresses. */
export const consensusPrefix = 'plimvalcons';

/** Accounts whose address is remembered in both forms: each appears many times in a block, and checksums are slow. */
const remembered = 1 << 16;
const texts = new Memo<string, string>(remembered);
const accounts = new Memo<string, Uint8Array>(remembered);

export function toBech32(address: Uint8Array, prefix = accountPrefix): string {
  if (prefix !== accountPrefix) return bech32.encode(prefix, bech32.toWords(address));
  const key = Buffer.from(address.buffer, address.byteOffset, address.byteLength).toString('latin1');
  let text = texts.get(key);
  if (text === undefined) {
    text = bech32.encode(prefix, bech32.toWords(address));
    texts.set(key, text);
  }
  return text;
}

/**
 * The bytes of an address, which must not be changed.
 * @throws Error that says what is wrong: checksum, prefix or length
 */
export function fromBech32(text: string, prefix = accountPrefix): Uint8Array {
  if (prefix !== accountPrefix) return decoded(text, prefix);
  let address = accounts.get(text);
  if (address === undefined) {
    address = decoded(text, prefix);
    accounts.set(text, address);
  }
  return address;
}

function decoded(text: string, prefix: string): Uint8Array {
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
