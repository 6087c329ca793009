import { StoreError } from '../errors.js';
import type { MultiStore } from '../multistore.js';
import { multistoreRoot } from '../root.js';
import type { CommitId } from '../types.js';
import type { SnapshotMetadata } from './format.js';
import { checkChunk } from './library.js';
import { SnapshotReader } from './reader.js';

/**
 * One attempt to fill an empty store from a snapshot, chunk by chunk. Trees
 * grow in memory beside the store; the store and its disk change only after
 * the last chunk, when the roots are those of the trusted application hash.
 */
export class SnapshotRestore {
  readonly metadata: SnapshotMetadata;
  readonly #store: MultiStore;
  readonly #appHash: Uint8Array;
  readonly #reader: SnapshotReader;
  #next = 0;

  /**
   * @param appHash the application hash after the snapshot's height, from a header that is trusted
   * @throws StoreError wrong-order when the store is not empty; invalid-snapshot when the roots are not those of
   * `appHash`; unknown-store when the snapshot is of another program's stores
   */
  constructor(store: MultiStore, metadata: SnapshotMetadata, appHash: Uint8Array) {
    const { version } = store.lastCommit();
    if (version !== 0n)
      throw new StoreError('wrong-order', `the store is at version ${version}: expected an empty one`);
    const root = Buffer.from(multistoreRoot(metadata.stores));
    if (!root.equals(appHash)) {
      throw new StoreError(
        'invalid-snapshot',
        `snapshot of height ${metadata.height}: its roots hash to ${root.toString('hex')}, the trusted application hash is ${Buffer.from(appHash).toString('hex')}`,
      );
    }
    const names = metadata.stores.map(({ name }) => name).join(', ');
    const mounted = store.storeNames.join(', ');
    if (names !== mounted) {
      throw new StoreError('unknown-store', `the snapshot has the stores ${names}; this program mounts ${mounted}`);
    }
    this.#store = store;
    this.metadata = metadata;
    this.#appHash = appHash;
    this.#reader = new SnapshotReader(metadata);
  }

  /** Index of the chunk that comes next. */
  get next(): number {
    return this.#next;
  }

  get isComplete(): boolean {
    return this.#next === this.metadata.chunkHashes.length;
  }

  /** Is this the chunk that the metadata names for `index`? Changes nothing. @throws StoreError invalid-snapshot */
  check(index: number, chunk: Uint8Array): void {
    checkChunk(this.metadata, index, chunk);
  }

  /**
   * Takes the next chunk, which `check` passed.
   * @throws StoreError invalid-snapshot when what it says cannot be the state: no chunk of this snapshot is of use
   */
  apply(chunk: Uint8Array): void {
    this.#reader.push(chunk);
    this.#next++;
  }

  /** After the last chunk: compares, writes, and makes the version the store's. @throws StoreError */
  async finish(): Promise<CommitId> {
    return this.#store.adopt(this.metadata.height, this.#reader.finish(), this.#appHash);
  }
}
