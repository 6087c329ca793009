import { StoreError } from './errors.js';
import type { CacheMultiStore, Key, KVReader, KVStore, MultiReader, RangeOptions, ValueCodec } from './types.js';

/** A pending write: `bytes` undefined is a deletion. */
export class Entry {
  constructor(
    readonly bytes: Uint8Array | undefined,
    /** The decoded value and its codec, when known. */
    public codec: unknown = undefined,
    public object: unknown = undefined,
  ) {}

  decode<T>(codec: ValueCodec<T>): T | undefined {
    if (this.bytes === undefined) return undefined;
    if (this.codec !== codec) {
      this.object = codec.decode(this.bytes);
      this.codec = codec;
    }
    return this.object as T;
  }
}

const compare = (a: Key, b: Key): number => (a < b ? -1 : a > b ? 1 : 0);

/** Below this many unsorted keys, inserting one by one is cheaper than merging. */
const insertLimit = 24;

/** Pending writes of one store in key order when asked, in a Map otherwise. */
class Pending {
  readonly entries = new Map<Key, Entry>();
  #sorted: Key[] = [];
  #unsorted: Key[] = [];

  put(key: Key, entry: Entry): void {
    if (!this.entries.has(key)) this.#unsorted.push(key);
    this.entries.set(key, entry);
  }

  /** All keys, ascending. */
  keys(): readonly Key[] {
    if (this.#unsorted.length > insertLimit) {
      const fresh = this.#unsorted.sort(compare);
      const old = this.#sorted;
      if (old.length === 0) this.#sorted = fresh;
      else {
        const merged: Key[] = [];
        for (let i = 0, j = 0; i < old.length || j < fresh.length;) {
          if (j >= fresh.length || (i < old.length && old[i]! < fresh[j]!)) merged.push(old[i++]!);
          else merged.push(fresh[j++]!);
        }
        this.#sorted = merged;
      }
      this.#unsorted = [];
    } else if (this.#unsorted.length > 0) {
      for (const key of this.#unsorted) this.#sorted.splice(lowerBound(this.#sorted, key), 0, key);
      this.#unsorted = [];
    }
    return this.#sorted;
  }

  /** Pending entries with start <= key < end as they are now, ascending. */
  slice(start: Key, end: Key | undefined): (readonly [Key, Entry])[] {
    if (this.entries.size === 0) return [];
    const keys = this.keys();
    const found: (readonly [Key, Entry])[] = [];
    for (let i = lowerBound(keys, start); i < keys.length; i++) {
      const key = keys[i]!;
      if (end !== undefined && key >= end) break;
      found.push([key, this.entries.get(key)!]);
    }
    return found;
  }
}

function lowerBound(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One store's layer of pending writes over a parent. */
export class CacheStore implements KVStore {
  readonly #parent: KVReader;
  #pending: Pending | undefined;

  constructor(parent: KVReader) {
    this.#parent = parent;
  }

  get(key: Key): Uint8Array | undefined {
    const entry = this.#pending?.entries.get(key);
    return entry === undefined ? this.#parent.get(key) : entry.bytes;
  }

  has(key: Key): boolean {
    const entry = this.#pending?.entries.get(key);
    return entry === undefined ? this.#parent.has(key) : entry.bytes !== undefined;
  }

  getObject<T>(key: Key, codec: ValueCodec<T>): T | undefined {
    const entry = this.#pending?.entries.get(key);
    return entry === undefined ? this.#parent.getObject(key, codec) : entry.decode(codec);
  }

  set(key: Key, value: Uint8Array): void {
    this.#put(key, value, undefined, undefined);
  }

  setObject<T>(key: Key, codec: ValueCodec<T>, value: T): void {
    this.#put(key, codec.encode(value), codec, value);
  }

  delete(key: Key): void {
    (this.#pending ??= new Pending()).put(key, new Entry(undefined));
  }

  range(start: Key, end: Key | undefined, options?: RangeOptions): Iterable<readonly [Key, Uint8Array]> {
    const below = this.#parent.range(start, end, options);
    const own = this.#pending?.slice(start, end) ?? [];
    return own.length === 0 ? below : merge(below, own, options?.reverse ?? false, (entry) => entry.bytes);
  }

  rangeObjects<T>(
    start: Key,
    end: Key | undefined,
    codec: ValueCodec<T>,
    options?: RangeOptions,
  ): Iterable<readonly [Key, T]> {
    const below = this.#parent.rangeObjects(start, end, codec, options);
    const own = this.#pending?.slice(start, end) ?? [];
    return own.length === 0 ? below : merge(below, own, options?.reverse ?? false, (entry) => entry.decode(codec));
  }

  /** Moves all pending writes into `target`. */
  writeTo(target: CacheStore): void {
    if (this.#pending === undefined) return;
    const into = (target.#pending ??= new Pending());
    for (const [key, entry] of this.#pending.entries) into.put(key, entry);
    this.#pending = undefined;
  }

  discard(): void {
    this.#pending = undefined;
  }

  /** Pending writes, ascending by key. */
  pending(): readonly (readonly [Key, Entry])[] {
    return this.#pending?.slice('', undefined) ?? [];
  }

  #put(key: Key, value: Uint8Array, codec: unknown, object: unknown): void {
    if (value.length === 0) throw new StoreError('invalid-entry', 'an empty value cannot be proven and is not stored');
    if (key.length === 0) throw new StoreError('invalid-entry', 'an empty key cannot be proven and is not stored');
    (this.#pending ??= new Pending()).put(key, new Entry(value, codec, object));
  }
}

/** Parent entries and pending entries in one order; a pending entry hides the parent's. */
function* merge<V>(
  below: Iterable<readonly [Key, V]>,
  own: (readonly [Key, Entry])[],
  reverse: boolean,
  valueOf: (entry: Entry) => V | undefined,
): Iterable<readonly [Key, V]> {
  if (reverse) own.reverse();
  const before = reverse ? (a: Key, b: Key) => a > b : (a: Key, b: Key) => a < b;
  let next = 0;
  for (const item of below) {
    const key = item[0];
    let hidden = false;
    while (next < own.length && !before(key, own[next]![0])) {
      const [ownKey, entry] = own[next++]!;
      if (ownKey === key) hidden = true;
      const value = valueOf(entry);
      if (value !== undefined) yield [ownKey, value];
    }
    if (!hidden) yield item;
  }
  while (next < own.length) {
    const [ownKey, entry] = own[next++]!;
    const value = valueOf(entry);
    if (value !== undefined) yield [ownKey, value];
  }
}

/** A layer over all stores. */
export class CacheLayer implements CacheMultiStore {
  readonly #stores = new Map<string, CacheStore>();

  constructor(
    readonly parent: MultiReader,
    /** The layer that `write` moves changes into; undefined at the bottom, where the commit takes them. */
    readonly target?: CacheLayer,
  ) {}

  store(name: string): CacheStore {
    let store = this.#stores.get(name);
    if (store === undefined) {
      store = new CacheStore(this.parent.store(name));
      this.#stores.set(name, store);
    }
    return store;
  }

  branch(): CacheLayer {
    return new CacheLayer(this, this);
  }

  write(): void {
    const { target } = this;
    if (target === undefined)
      throw new StoreError('wrong-order', 'the block layer is written by commit, not by write()');
    for (const [name, store] of this.#stores) store.writeTo(target.store(name));
  }

  discard(): void {
    for (const store of this.#stores.values()) store.discard();
  }
}

/** A store with nothing in it: the bottom of transient stores. */
export const emptyReader: KVReader = {
  get: () => undefined,
  has: () => false,
  getObject: () => undefined,
  range: () => [],
  rangeObjects: () => [],
};
