import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** ed25519 by the crypto library that Node carries: 25 times faster than JavaScript. */

const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

const publicKeys = new Map<string, KeyObject>();
/** More keys than any validator set has. */
const maxCachedKeys = 4096;

function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const id = Buffer.from(publicKey).toString('latin1');
  let key = publicKeys.get(id);
  if (key === undefined) {
    key = createPublicKey({ key: Buffer.concat([publicPrefix, publicKey]), format: 'der', type: 'spki' });
    if (publicKeys.size >= maxCachedKeys) publicKeys.clear();
    publicKeys.set(id, key);
  }
  return key;
}

/** True when `signature` (64 bytes) of `message` is by `publicKey` (32 bytes); false for malformed input. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    return verify(null, message, publicKeyObject(publicKey), signature);
  } catch {
    return false;
  }
}

/** A key made from its 32-byte seed. */
export class Ed25519Key {
  readonly #key: KeyObject;
  readonly publicKey: Uint8Array;

  constructor(readonly seed: Uint8Array) {
    this.#key = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(this.#key).export({ format: 'der', type: 'spki' });
    this.publicKey = new Uint8Array(spki.subarray(publicPrefix.length));
  }

  sign(message: Uint8Array): Uint8Array {
    return sign(null, message, this.#key);
  }
}
