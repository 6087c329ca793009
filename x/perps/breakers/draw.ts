import { sha256 } from '../../../runtime/crypto/hash.js';
import { keyBytes, u32 } from '../../../runtime/store/key.js';

/** A number from the hash of the block before, its own for each market. */
export const drawOf = (hash: Uint8Array, marketId: number): bigint =>
  BigInt(
    `0x${Buffer.from(sha256(Buffer.concat([hash, keyBytes(u32(marketId))])))
      .toString('hex')
      .slice(0, 16)}`,
  );
