import { encodeMessage, type EncodableType } from './encode.js';
import { prefixEnd, u8 } from './key.js';
import type { Key, KVReader, KVStore, RangeOptions, ValueCodec } from './types.js';

/** Something that can open a module's store: a Context, or committed state. */
export interface Stores<S extends KVReader = KVReader> {
  store(name: string): S;
}

/** How a collection's typed key becomes the part of the store key after the prefix, and back. */
export interface KeyCodec<K> {
  encode(key: K): Key;
  /** `key` with the prefix removed. */
  decode(key: Key): K;
}

/** One value under one key. */
export class Item<T> {
  readonly #storeName: string;
  readonly #key: Key;
  readonly #codec: ValueCodec<T>;

  constructor(storeName: string, prefix: number, codec: ValueCodec<T>) {
    this.#storeName = storeName;
    this.#key = u8(prefix);
    this.#codec = codec;
  }

  get(from: Stores): T | undefined {
    return from.store(this.#storeName).getObject(this.#key, this.#codec);
  }

  set(to: Stores<KVStore>, value: T): void {
    to.store(this.#storeName).setObject(this.#key, this.#codec, value);
  }

  delete(to: Stores<KVStore>): void {
    to.store(this.#storeName).delete(this.#key);
  }
}

/** Typed keys to typed values under one prefix byte, iterated in key order. */
export class Collection<K, T> {
  readonly #storeName: string;
  readonly #prefix: Key;
  readonly #keys: KeyCodec<K>;
  readonly #codec: ValueCodec<T>;

  constructor(storeName: string, prefix: number, keys: KeyCodec<K>, codec: ValueCodec<T>) {
    this.#storeName = storeName;
    this.#prefix = u8(prefix);
    this.#keys = keys;
    this.#codec = codec;
  }

  /** The full store key, as `abci_query` with a proof wants it. */
  key(key: K): Key {
    return this.#prefix + this.#keys.encode(key);
  }

  get(from: Stores, key: K): T | undefined {
    return from.store(this.#storeName).getObject(this.key(key), this.#codec);
  }

  has(from: Stores, key: K): boolean {
    return from.store(this.#storeName).has(this.key(key));
  }

  set(to: Stores<KVStore>, key: K, value: T): void {
    to.store(this.#storeName).setObject(this.key(key), this.#codec, value);
  }

  delete(to: Stores<KVStore>, key: K): void {
    to.store(this.#storeName).delete(this.key(key));
  }

  /**
   * Entries whose encoded key starts with `under`, in key order.
   * `start` (inclusive) and `end` (exclusive) narrow that; all are encoded key parts.
   */
  *entries(
    from: Stores,
    under: Key = '',
    options?: RangeOptions & { readonly start?: Key; readonly end?: Key },
  ): Iterable<readonly [K, T]> {
    const prefix = this.#prefix + under;
    const start = options?.start === undefined ? prefix : this.#prefix + options.start;
    const end = options?.end === undefined ? prefixEnd(prefix) : this.#prefix + options.end;
    const skip = this.#prefix.length;
    for (const [key, value] of from.store(this.#storeName).rangeEntries(start, end, options)) {
      yield [this.#keys.decode(key.slice(skip)), value.decode(this.#codec)];
    }
  }

  *values(from: Stores, under: Key = '', options?: RangeOptions): Iterable<T> {
    const prefix = this.#prefix + under;
    for (const [, value] of from.store(this.#storeName).rangeEntries(prefix, prefixEnd(prefix), options)) {
      yield value.decode(this.#codec);
    }
  }
}

/** Stands for a message all of whose fields are zero: empty values are not stored, and no message starts with field number 0. */
const emptyMessage = Buffer.of(0);

/** The codec of a ts-proto message type. */
export function protoCodec<T>(type: EncodableType<T> & { decode(input: Uint8Array): T }): ValueCodec<T> {
  return {
    encode: (value) => {
      const bytes = encodeMessage(type, value);
      return bytes.length === 0 ? emptyMessage : bytes;
    },
    decode: (bytes) => type.decode(bytes.length === 1 && bytes[0] === 0 ? new Uint8Array(0) : bytes),
  };
}
