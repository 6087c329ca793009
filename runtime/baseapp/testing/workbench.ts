import { descriptorImage } from '../../../gen/image.js';
import { createRegistry, type Registry } from '../../codec/registry.js';
import { TypedEvents } from '../../codec/typed-events.js';
import { openStore } from '../../store/index.js';
import type { CacheMultiStore, CommitMultiStore, StoreMount } from '../../store/types.js';
import { Context, type BlockInfo } from '../context.js';

/** A block of the chain that unit tests run on. */
export const testBlock: BlockInfo = {
  chainId: 'test-1',
  height: 10n,
  timeMs: 1_700_000_000_000n,
  proposer: new Uint8Array(20),
  lastCommit: [],
  misbehavior: [],
  previousAppHash: new Uint8Array(32),
  faults: [],
};

/** One for all workbenches: it is immutable, and slow to make. */
const registry: Registry = createRegistry(descriptorImage);
const events = new TypedEvents(registry);

/** Real stores in memory and contexts over them, for tests that need state and no chain. */
export class Workbench {
  readonly registry = registry;
  readonly #store: CommitMultiStore;
  #layer: CacheMultiStore;
  #block = testBlock;

  private constructor(store: CommitMultiStore) {
    this.#store = store;
    this.#layer = store.cache();
  }

  static async open(mounts: readonly StoreMount[]): Promise<Workbench> {
    return new Workbench(await openStore({ mounts: [...mounts] }));
  }

  /** A context of the current block, with an event log of its own. */
  context(changes: Partial<BlockInfo> = {}): Context {
    return new Context(this.#layer, { ...this.#block, ...changes }, 'deliver', this.#store.at(), events);
  }

  /** Commits the current block and opens the next one, so many milliseconds later. */
  async nextBlock(afterMs = 1_000n): Promise<void> {
    this.#store.prepare(this.#store.lastCommit().version + 1n, this.#layer);
    await this.#store.commit();
    this.#layer = this.#store.cache();
    this.#block = { ...this.#block, height: this.#block.height + 1n, timeMs: this.#block.timeMs + afterMs };
  }
}
