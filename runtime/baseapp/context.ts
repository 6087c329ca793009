import type { CacheMultiStore, KVReader, KVStore, MultiReader } from '../store/types.js';
import type { Fault } from './block-fault.js';
import type { TypedEventEncoder } from './typed-events.js';
import { EventLog } from './events.js';
import { CountingGasMeter, type GasMeter } from './gas.js';
import { MeteredStore } from './metered-store.js';

/** What kind of run a context belongs to. */
export type ExecMode = 'check' | 'recheck' | 'simulate' | 'deliver' | 'genesis';

/** What a block fixes for everything that runs in it. */
export interface BlockInfo {
  readonly chainId: string;
  readonly height: bigint;
  /** Block time in milliseconds since 1970, from the header; never a clock. */
  readonly timeMs: bigint;
  readonly proposer: Uint8Array;
  /** App hash that the block before left: nobody knows it a block ahead, and every node has it, also after state sync. */
  readonly previousAppHash: Uint8Array;
  /** Votes of the previous block: who signed it, for scoring and rewards. */
  readonly lastCommit: readonly { readonly address: Uint8Array; readonly power: bigint; readonly signed: boolean }[];
  readonly misbehavior: readonly {
    readonly kind: 'duplicate-vote' | 'light-client-attack';
    readonly address: Uint8Array;
    readonly power: bigint;
    readonly height: bigint;
    readonly timeMs: bigint;
    readonly totalPower: bigint;
  }[];
  /** What failed in earlier executions of this same block, which left no trace but this. */
  readonly faults: readonly Fault[];
}

/**
 * All that module code may touch while it runs: state, gas, events and the
 * block's facts. Synchronous throughout.
 */
export class Context {
  readonly #layer: CacheMultiStore;
  readonly #stores = new Map<string, KVStore>();
  readonly #typed: TypedEventEncoder;

  constructor(
    layer: CacheMultiStore,
    readonly block: BlockInfo,
    readonly mode: ExecMode,
    /** State as the previous block left it; the same for all contexts of a block. */
    readonly committed: MultiReader,
    typed: TypedEventEncoder,
    readonly gas: GasMeter = new CountingGasMeter(),
    readonly events: EventLog = new EventLog(),
  ) {
    this.#layer = layer;
    this.#typed = typed;
  }

  /** Opens a module's store, with gas counted on each access when a limit is set. */
  store(name: string): KVStore {
    let store = this.#stores.get(name);
    if (store === undefined) {
      const inner = this.#layer.store(name);
      store =
        this.gas instanceof CountingGasMeter && this.mode !== 'simulate' ? inner : new MeteredStore(inner, this.gas);
      this.#stores.set(name, store);
    }
    return store;
  }

  /** The same state with gas counted on `gas`; writes and events go to the same place. */
  withGas(gas: GasMeter): Context {
    return new Context(this.#layer, this.block, this.mode, this.committed, this.#typed, gas, this.events);
  }

  /** Emits a protobuf event message under its full name, each field as a JSON value; it must not be changed afterwards. */
  emit<T>(typeName: string, message: T): void {
    this.events.add(this.#typed.event(typeName, message));
  }

  /** Hands `work` a branch of this context's state, for whole transactions, and keeps what it wrote there. */
  isolated<T>(work: (layer: CacheMultiStore) => T): T {
    const layer = this.#layer.branch();
    const result = work(layer);
    layer.write();
    return result;
  }

  /**
   * Runs `work` on a branch: its writes and events are kept when it returns
   * and dropped when it throws. Gas stays consumed either way.
   */
  atomically<T>(work: (ctx: Context) => T): T {
    const layer = this.#layer.branch();
    const child = new Context(layer, this.block, this.mode, this.committed, this.#typed, this.gas);
    const result = work(child);
    layer.write();
    this.events.append(child.events);
    return result;
  }
}

export type { KVReader, KVStore };
