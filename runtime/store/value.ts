import type { Key, StoredValue, ValueCodec } from './types.js';

/** A value's bytes with what they decode to, when that is known. */
export class Value implements StoredValue {
  constructor(
    readonly bytes: Uint8Array,
    public codec: unknown = undefined,
    public object: unknown = undefined,
  ) {}

  decode<T>(codec: ValueCodec<T>): T {
    if (this.codec !== codec) {
      this.object = codec.decode(this.bytes);
      this.codec = codec;
    }
    return this.object as T;
  }
}

/** Entries with their bytes alone. */
export function* bytesOf(entries: Iterable<readonly [Key, StoredValue]>): Iterable<readonly [Key, Uint8Array]> {
  for (const [key, { bytes }] of entries) yield [key, bytes];
}
