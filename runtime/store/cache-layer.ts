import { StoreError } from './errors.js';
import { SortedKeys } from './sorted-keys.js';
import type {
  CacheMultiStore,
  Key,
  KVReader,
  KVStore,
  MultiReader,
  RangeOptions,
  StoredValue,
  ValueCodec,
} from './types.js';
import { bytesOf, Value } from './value.js';

/** A pending write; undefined is a deletion. */
type Write = Value | undefined;

/** Pending writes of one store, in key order when asked. */
class Pending {
  readonly writes = new Map<Key, Write>();
  readonly #sorted = new SortedKeys();
  #unsorted: Key[] = [];

  put(key: Key, write: Write): void {
    const { size } = this.writes;
    this.writes.set(key, write);
    if (this.writes.size > size) this.#unsorted.push(key);
  }

  /** Writes with start <= key < end as they are now, ascending. */
  slice(start: Key, end: Key | undefined): (readonly [Key, Write])[] {
    if (this.#unsorted.length > 0) {
      this.#sorted.addAll(this.#unsorted);
      this.#unsorted = [];
    }
    return this.#sorted.slice(start, end).map((key) => [key, this.writes.get(key)]);
  }
}

/** One store's layer of pending writes over a parent. */
export class CacheStore implements KVStore {
  readonly #parent: KVReader;
  #pending: Pending | undefined;

  constructor(parent: KVReader) {
    this.#parent = parent;
  }

  entry(key: Key): StoredValue | undefined {
    const writes = this.#pending?.writes;
    if (writes === undefined) return this.#parent.entry(key);
    const write = writes.get(key);
    return write !== undefined || writes.has(key) ? write : this.#parent.entry(key);
  }

  get(key: Key): Uint8Array | undefined {
    return this.entry(key)?.bytes;
  }

  has(key: Key): boolean {
    return this.entry(key) !== undefined;
  }

  getObject<T>(key: Key, codec: ValueCodec<T>): T | undefined {
    return this.entry(key)?.decode(codec);
  }

  set(key: Key, value: Uint8Array): void {
    this.put(key, new Value(value));
  }

  setObject<T>(key: Key, codec: ValueCodec<T>, value: T): void {
    this.put(key, new Value(codec.encode(value), codec, value));
  }

  delete(key: Key): void {
    (this.#pending ??= new Pending()).put(key, undefined);
  }

  range(start: Key, end: Key | undefined, options?: RangeOptions): Iterable<readonly [Key, Uint8Array]> {
    return bytesOf(this.rangeEntries(start, end, options));
  }

  rangeEntries(start: Key, end: Key | undefined, options?: RangeOptions): Iterable<readonly [Key, StoredValue]> {
    const below = this.#parent.rangeEntries(start, end, options);
    const own = this.#pending?.slice(start, end) ?? [];
    return own.length === 0 ? below : merge(below, own, options?.reverse ?? false);
  }

  /** Moves all pending writes into `target`. */
  writeTo(target: CacheStore): void {
    if (this.#pending === undefined) return;
    const into = (target.#pending ??= new Pending());
    for (const [key, write] of this.#pending.writes) into.put(key, write);
    this.#pending = undefined;
  }

  discard(): void {
    this.#pending = undefined;
  }

  /** Pending writes, ascending by key. */
  pending(): readonly (readonly [Key, Write])[] {
    return this.#pending?.slice('', undefined) ?? [];
  }

  put(key: Key, value: Value): void {
    if (value.bytes.length === 0)
      throw new StoreError('invalid-entry', 'an empty value cannot be proven and is not stored');
    if (key.length === 0) throw new StoreError('invalid-entry', 'an empty key cannot be proven and is not stored');
    (this.#pending ??= new Pending()).put(key, value);
  }
}

/** Parent entries and pending writes in one order; a pending write hides the parent's entry. */
function* merge(
  below: Iterable<readonly [Key, StoredValue]>,
  own: (readonly [Key, Write])[],
  reverse: boolean,
): Iterable<readonly [Key, StoredValue]> {
  if (reverse) own.reverse();
  const before = reverse ? (a: Key, b: Key) => a > b : (a: Key, b: Key) => a < b;
  let next = 0;
  for (const item of below) {
    const key = item[0];
    let hidden = false;
    while (next < own.length && !before(key, own[next]![0])) {
      const [ownKey, write] = own[next++]!;
      if (ownKey === key) hidden = true;
      if (write !== undefined) yield [ownKey, write];
    }
    if (!hidden) yield item;
  }
  while (next < own.length) {
    const [ownKey, write] = own[next++]!;
    if (write !== undefined) yield [ownKey, write];
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
  entry: () => undefined,
  get: () => undefined,
  has: () => false,
  getObject: () => undefined,
  range: () => [],
  rangeEntries: () => [],
};
