import type { Logger } from '../../log.js';
import type { MultiStore } from '../multistore.js';
import type { SnapshotLibrary, StoredSnapshot } from './library.js';

export interface StateSyncOptions {
  /** Heights between two snapshots; 0 takes none. */
  readonly interval: number;
  /** Newest snapshots that are kept; 0 keeps all. */
  readonly keepRecent: number;
}

/** Takes snapshots in the background while blocks go on, and serves them. */
export class SnapshotManager {
  readonly library: SnapshotLibrary;
  readonly options: StateSyncOptions;
  readonly #store: MultiStore;
  readonly #logger: Logger;
  #running: Promise<void> | undefined;
  #stopping = false;

  constructor(store: MultiStore, library: SnapshotLibrary, options: StateSyncOptions, logger: Logger) {
    this.#store = store;
    this.library = library;
    this.options = options;
    this.#logger = logger;
  }

  /**
   * Called after each commit, before the next one: starts the snapshot of
   * this height when it is due. Returns at once; the version stays pinned
   * until its snapshot is written. A snapshot that fails costs no block.
   */
  committed(height: bigint): void {
    const { interval } = this.options;
    if (interval === 0 || height % BigInt(interval) !== 0n || this.#stopping) return;
    if (this.library.find(height) !== undefined) return;
    if (this.#running !== undefined) {
      this.#logger.warn({ height: `${height}` }, 'no snapshot of this height: the one before is still being written');
      return;
    }
    this.#running = this.#take(height).finally(() => {
      this.#running = undefined;
    });
  }

  /** Waits for the running snapshot, if there is one. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Abandons a running snapshot and closes the library. */
  async close(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    await this.library.close();
  }

  async #take(height: bigint): Promise<void> {
    const pinned = this.#store.pin(height);
    let taken: StoredSnapshot | undefined;
    try {
      taken = await this.library.take(pinned, () => this.#stopping);
      if (taken !== undefined && this.options.keepRecent > 0) await this.library.keepRecent(this.options.keepRecent);
    } catch (error) {
      this.#logger.error({ height: `${height}`, error: (error as Error).message }, 'snapshot failed');
      return;
    } finally {
      pinned.release();
    }
    if (taken === undefined) return;
    const { totalBytes, chunkHashes } = taken.metadata;
    const hash = Buffer.from(taken.hash).toString('hex');
    this.#logger.info({ height: `${height}`, bytes: totalBytes, chunks: chunkHashes.length, hash }, 'snapshot taken');
  }
}
