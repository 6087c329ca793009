import * as crypto from 'node:crypto';

/**
 * Encodings of IAVL v1 node hashes (runtime notes, section 2.1): numbers are
 * zig-zag varints, byte strings carry an unsigned varint length. Only
 * non-negative safe integers occur, so plain numbers serve.
 */

const oneShot: ((algorithm: string, data: Uint8Array, encoding: 'buffer') => Buffer) | undefined = (
  crypto as { hash?: (algorithm: string, data: Uint8Array, encoding: 'buffer') => Buffer }
).hash;

/** SHA-256 of `data`. */
export const sha256: (data: Uint8Array) => Buffer =
  oneShot === undefined
    ? (data) => crypto.createHash('sha256').update(data).digest()
    : (data) => oneShot('sha256', data, 'buffer');

/** Writes an unsigned varint at `offset`; returns the offset after it. `value` is an integer below 2^32. */
export function putUvarint(target: Uint8Array, offset: number, value: number): number {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    target[offset++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[offset++] = rest;
  return offset;
}

/** Writes a zig-zag varint of a non-negative integer below 2^31: versions (68 years of one-second blocks), sizes, heights. */
export function putVarint(target: Uint8Array, offset: number, value: number): number {
  return putUvarint(target, offset, value << 1);
}

/** Reads an unsigned varint below 2^32; returns value and the offset after it. @throws RangeError when cut short or too long */
export function readUvarint(source: Uint8Array, offset: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = source[offset++];
    if (byte === undefined) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, offset];
  }
  throw new RangeError('varint cut short or too long');
}
