import type { Key } from './types.js';

/**
 * Builders of store keys. All integers are big-endian and of fixed width, so
 * that byte order is numeric order.
 */

/** One byte, 0 to 255. */
export function u8(value: number): Key {
  if (!Number.isInteger(value) || value < 0 || value > 0xff) throw new RangeError(`u8 key part out of range: ${value}`);
  return String.fromCharCode(value);
}

/** Four bytes, 0 to 2^32 - 1. */
export function u32(value: number): Key {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new RangeError(`u32 key part out of range: ${value}`);
  }
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

const maxU64 = (1n << 64n) - 1n;

/** Eight bytes, 0 to 2^64 - 1. */
export function u64(value: bigint): Key {
  if (value < 0n || value > maxU64) throw new RangeError(`u64 key part out of range: ${value}`);
  const low = Number(value & 0xffffffffn);
  const high = value < 0x100000000n ? 0 : Number(value >> 32n);
  return String.fromCharCode(
    high >>> 24,
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    low >>> 24,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
  );
}

/** Eight bytes in descending order: larger numbers come first. */
export function u64Descending(value: bigint): Key {
  if (value < 0n || value > maxU64) throw new RangeError(`u64 key part out of range: ${value}`);
  return u64(maxU64 - value);
}

/** Bytes as they are; use last in a key or with a fixed length. */
export function bytes(value: Uint8Array): Key {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
}

/** ASCII text as it is; use last in a key. */
export function text(value: string): Key {
  for (let i = 0; i < value.length; i++) {
    if (value.charCodeAt(i) > 0x7f) throw new RangeError(`key text is not ASCII: ${value}`);
  }
  return value;
}

/** A key's bytes. */
export function keyBytes(key: Key): Uint8Array {
  return Buffer.from(key, 'latin1');
}

export function readU32(key: Key, offset: number): number {
  return (
    key.charCodeAt(offset) * 0x1000000 +
    ((key.charCodeAt(offset + 1) << 16) | (key.charCodeAt(offset + 2) << 8) | key.charCodeAt(offset + 3))
  );
}

export function readU64(key: Key, offset: number): bigint {
  return (BigInt(readU32(key, offset)) << 32n) | BigInt(readU32(key, offset + 4));
}

export function readU64Descending(key: Key, offset: number): bigint {
  return maxU64 - readU64(key, offset);
}

/** The smallest key above every key that starts with `prefix`; undefined when there is none. */
export function prefixEnd(prefix: Key): Key | undefined {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const code = prefix.charCodeAt(i);
    if (code < 0xff) return prefix.slice(0, i) + String.fromCharCode(code + 1);
  }
  return undefined;
}
