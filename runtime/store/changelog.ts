import { putUvarint, readUvarint, sha256 } from './iavl/encoding.js';
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
/** Bytes of a length below 2^32 at most. */
const maxVarint = 5;

/** Layout: for each store, name, count, then (key, 0) or (key, value length, value); then 8 bytes of SHA-256. */
export function encodeChanges(stores: readonly StoreChanges[]): Uint8Array {
  let size = checksumLength;
  for (const { name, changes } of stores) {
    size += name.length + 2 * maxVarint;
    for (const { key, value } of changes) size += key.length + (value?.length ?? 0) + 2 * maxVarint;
  }
  const record = Buffer.allocUnsafe(size);
  let at = 0;
  const text = (value: string): void => {
    at = putUvarint(record, at, value.length);
    at += record.write(value, at, 'latin1');
  };
  for (const { name, changes } of stores) {
    text(name);
    at = putUvarint(record, at, changes.length);
    for (const { key, value } of changes) {
      text(key);
      // Values are never empty, so length zero says "deleted".
      at = putUvarint(record, at, value?.length ?? 0);
      if (value === undefined) continue;
      record.set(value, at);
      at += value.length;
    }
  }
  at += sha256(record.subarray(0, at)).copy(record, at, 0, checksumLength);
  return record.subarray(0, at);
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
