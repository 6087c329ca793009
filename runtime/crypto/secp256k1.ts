import { createRequire } from 'node:module';
import secp256k1 from 'secp256k1';

/**
 * secp256k1 by libsecp256k1. Consensus needs one implementation on every
 * node: length and low-S are checked here first, so that the edge cases in
 * which implementations differ never reach the library.
 */

/** Half the order of the group, big-endian. */
const halfOrder = Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex');

/** Which implementation the package loaded: its native library, or the slow one in JavaScript. */
export function signatureBackend(): 'native' | 'fallback' {
  // The package exports its native binding when it loads, and the JavaScript one otherwise.
  const require = createRequire(import.meta.url);
  try {
    return (require('secp256k1/bindings') as unknown) === (secp256k1 as unknown) ? 'native' : 'fallback';
  } catch {
    return 'fallback';
  }
}

/**
 * True when `signature` (64 bytes, r then s, low s) signs `digest` (32 bytes)
 * by the compressed key (33 bytes); false for anything malformed.
 */
export function verifySecp256k1(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 33 || digest.length !== 32 || signature.length !== 64) return false;
  if (publicKey[0] !== 2 && publicKey[0] !== 3) return false;
  if (Buffer.compare(signature.subarray(32), halfOrder) > 0) return false;
  try {
    return secp256k1.ecdsaVerify(signature, digest, publicKey);
  } catch {
    // Not a point of the curve, or r or s out of range.
    return false;
  }
}
