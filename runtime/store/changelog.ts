import { readUvarint, sha256, uvarint } from './iavl/encoding.js';
import { StoreError } from './errors.js';
import type { Key } from './types.js';

/**
 * The log record of one version: every store's writes in key order, and a
 * checksum. Replaying records in order rebuilds the trees exactly.
 */

export interface Change {
  readonly key: Key;
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined;
}

export interface StoreChanges {
  readonly name: string;
  readonly changes: readonly Change[];
}

const checksumLength = 8;

/** Layout: for each store, name, count, then (key, 0) or (key, value length, value); then 8 bytes of SHA-256. */
export function encodeChanges(stores: readonly StoreChanges[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const text = (value: string): void => {
    parts.push(uvarint(value.length), Buffer.from(value, 'latin1'));
  };
  for (const { name, changes } of stores) {
    text(name);
    parts.push(uvarint(changes.length));
    for (const { key, value } of changes) {
      text(key);
      // Values are never empty, so length zero says "deleted".
      parts.push(uvarint(value?.length ?? 0));
      if (value !== undefined) parts.push(value);
    }
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([body, sha256(body).subarray(0, checksumLength)]);
}

/** @throws StoreError corrupt, naming `what` */
export function decodeChanges(record: Uint8Array, what: string): StoreChanges[] {
  const buffer = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  const body = buffer.subarray(0, Math.max(0, buffer.length - checksumLength));
  if (!sha256(body).subarray(0, checksumLength).equals(buffer.subarray(body.length))) {
    throw new StoreError('corrupt', `${what}: checksum does not match`);
  }
  const stores: StoreChanges[] = [];
  let at = 0;
  const number = (): number => {
    const [value, next] = readUvarint(body, at);
    at = next;
    return value;
  };
  const take = (length: number): Buffer => {
    if (at + length > body.length) throw new RangeError('field runs past the end');
    at += length;
    return body.subarray(at - length, at);
  };
  try {
    while (at < body.length) {
      const name = take(number()).toString('latin1');
      const changes: Change[] = [];
      for (let left = number(); left > 0; left--) {
        const key = take(number()).toString('latin1');
        const length = number();
        // A copy: the record's memory is not kept alive by one small value.
        changes.push({ key, value: length === 0 ? undefined : Uint8Array.prototype.slice.call(take(length)) });
      }
      stores.push({ name, changes });
    }
  } catch (cause) {
    throw new StoreError('corrupt', `${what}: ${(cause as Error).message}`, { cause });
  }
  return stores;
}
