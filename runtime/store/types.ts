/**
 * What the rest of the runtime and every module see of state: ordered
 * key-value stores with cache layers above a committed multistore.
 */

/**
 * A store key: a "binary string" whose char codes are all below 256, one
 * for each byte. `<` on such strings is byte order, and they serve as Map
 * keys without conversion. Build keys only with the functions of `key.ts`.
 */
export type Key = string;

/** Turns a value into its canonical bytes and back. `encode` never returns an empty array. */
export interface ValueCodec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export interface RangeOptions {
  /** Largest key first. */
  readonly reverse?: boolean;
}

/** A value as a store holds it. Treat bytes and object as immutable. */
export interface StoredValue {
  readonly bytes: Uint8Array;
  /** The decoded value; decoded at most once for each codec in a row. */
  decode<T>(codec: ValueCodec<T>): T;
}

/** Read access to one store, in key order, synchronous. */
export interface KVReader {
  /** The value with its bytes, or undefined, by one look-up. */
  entry(key: Key): StoredValue | undefined;
  /** The value, or undefined. Treat the array as immutable. */
  get(key: Key): Uint8Array | undefined;
  has(key: Key): boolean;
  /**
   * The decoded value; decoded at most once for each stored version of the
   * value. Treat the object as immutable: write a changed copy with `setObject`.
   */
  getObject<T>(key: Key, codec: ValueCodec<T>): T | undefined;
  /**
   * Entries with start <= key < end in key order (end undefined: to the last).
   * The range is as of the call; writing to the store while iterating is
   * allowed and does not change what the iteration yields.
   */
  range(start: Key, end: Key | undefined, options?: RangeOptions): Iterable<readonly [Key, Uint8Array]>;
  /** Like `range`, with values as the store holds them. */
  rangeEntries(start: Key, end: Key | undefined, options?: RangeOptions): Iterable<readonly [Key, StoredValue]>;
}

/** Read and write access to one store. */
export interface KVStore extends KVReader {
  /** Sets a value; an empty value is refused because it cannot be proven. The array must not be changed afterwards. */
  set(key: Key, value: Uint8Array): void;
  setObject<T>(key: Key, codec: ValueCodec<T>, value: T): void;
  /** Deletes; deleting what is absent does nothing. */
  delete(key: Key): void;
}

/** A view over all stores of the chain: one layer of pending writes, or committed state. */
export interface MultiReader {
  /** The committed version that is read; undefined when pending writes lie over it. */
  readonly version?: bigint;
  /** @throws if no such store is mounted */
  store(name: string): KVReader;
}

/**
 * A layer of pending writes over a parent. Layers nest: block over committed
 * state, transaction over block, message over transaction.
 */
export interface CacheMultiStore extends MultiReader {
  store(name: string): KVStore;
  /** A layer above this one; writing it moves its changes here. */
  branch(): CacheMultiStore;
  /** Moves all pending writes into the parent layer and empties this one. */
  write(): void;
  /** Forgets all pending writes. */
  discard(): void;
}

/** How a store takes part in the application hash. */
export type StoreKind =
  /** In the Merkle commitment, kept for ever. */
  | 'committed'
  /** Emptied when the block's layer is opened; never hashed, never on disk. */
  | 'transient';

export interface StoreMount {
  readonly name: string;
  readonly kind: StoreKind;
}

export interface CommitId {
  readonly version: bigint;
  /** The application hash: root over all committed stores, as the Cosmos SDK computes it. */
  readonly hash: Uint8Array;
}

/** A proof operator as `abci_query` returns it. */
export interface ProofOp {
  readonly type: string;
  readonly key: Uint8Array;
  readonly data: Uint8Array;
}

/** The committed state and its history. */
export interface CommitMultiStore {
  /** The newest committed version; version 0 and the empty root before the first commit. */
  lastCommit(): CommitId;
  /** A fresh block layer over the newest committed state; transient stores start empty. */
  cache(): CacheMultiStore;
  /** Committed state at a retained version (default: the newest). @throws StoreError when not retained */
  at(version?: bigint): MultiReader;
  /** Smallest retained version. */
  earliestVersion(): bigint;
  /**
   * Applies the block layer's pending writes to the trees in memory and
   * computes the root of `version`, without touching the disk. Called once a
   * height, from FinalizeBlock; `version` must be lastCommit().version + 1,
   * or the initial height. Calling it again before `commit` replaces the
   * earlier working version.
   */
  prepare(version: bigint, layer: CacheMultiStore): CommitId;
  /** Writes the prepared version in one atomic batch and makes it the newest. */
  commit(): Promise<CommitId>;
  /** ICS-23 proof operators for a key's presence or absence at a retained version. */
  prove(storeName: string, key: Key, version: bigint): ProofOp[];
  close(): Promise<void>;
}
