import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type PlimsollApp } from '../../app/app.js';
import { exportGenesis } from '../../app/export.js';
import { exportAppState } from '../../app/genesis.js';
import { mounts } from '../../app/mounts.js';
import { buildAppState, genesisDoc } from '../../cmd/plimsolld/node/init.js';
import { Context } from '../../runtime/baseapp/context.js';
import { TypedEvents } from '../../runtime/codec/typed-events.js';
import { VirtualClock } from '../../runtime/engine/clock.js';
import { ConsensusKey } from '../../runtime/engine/consensus-key.js';
import { EmbeddedEngine, type ProducedBlock } from '../../runtime/engine/engine.js';
import type { GenesisDoc } from '../../runtime/engine/genesis-doc.js';
import { openStore } from '../../runtime/store/index.js';
import type { CommitMultiStore } from '../../runtime/store/types.js';
import { chainId, SetPrices, strictLogger } from '../support/chain.js';
import { Shadow } from '../support/shadow.js';
import { furnish, marketsOfWorld, type Actor } from './world.js';

const genesisTime = '2026-01-01T00:00:00Z';
const validator = ConsensusKey.fromSeed(Buffer.alloc(32, 7));

export interface ChainOptions {
  readonly actors: readonly Actor[];
  /** Prices are held back as classes do; otherwise they gap. */
  readonly clamp: boolean;
  /** A second application executes every block without the derived indexes. */
  readonly shadow: boolean;
}

/** A chain on disk that can be stopped and opened again, or exported and begun anew from its export. */
export class SimulatedChain {
  readonly #directory = mkdtempSync(join(tmpdir(), 'plimsoll-simulation-'));
  readonly #clock = new VirtualClock(BigInt(Date.parse(genesisTime)));
  readonly prices = new SetPrices({});
  readonly #options: ChainOptions;
  /** Counts exports: each generation has a directory of its own. */
  #generation = 0;
  #genesis!: GenesisDoc;
  #store!: CommitMultiStore;
  #engine!: EmbeddedEngine;
  #shadow: Shadow | undefined;
  plimsoll!: PlimsollApp;

  private constructor(options: ChainOptions) {
    this.#options = options;
  }

  static async open(options: ChainOptions): Promise<SimulatedChain> {
    const chain = new SimulatedChain(options);
    const state = await buildAppState(marketsOfWorld(), (made) => furnish(made, options.actors, options.clamp));
    await chain.#begin(genesisDoc(chainId, genesisTime, validator, state));
    return chain;
  }

  get height(): bigint {
    return this.#engine.height;
  }

  /** Blocks since this chain, or the one that its export began, had its first. */
  get age(): bigint {
    const age = this.#engine.height - BigInt(this.#genesis.initial_height) + 1n;
    return age > 0n ? age : 0n;
  }

  get nowMs(): bigint {
    return this.#clock.nowMs();
  }

  /** @returns why the transaction was not admitted, or undefined */
  async send(tx: Uint8Array): Promise<string | undefined> {
    const { code, log } = await this.#engine.broadcastTx(tx);
    return code === 0 ? undefined : log;
  }

  async block(afterMs: bigint): Promise<ProducedBlock> {
    this.#clock.set(this.#clock.nowMs() + afterMs);
    return this.#engine.produceBlock();
  }

  /** Stops the node and opens it from what it stored. */
  async restart(): Promise<void> {
    const { height } = this.#engine;
    await this.#close();
    await this.#open();
    assert.equal(this.#engine.height, height, 'a restart lost a block');
  }

  /** Exports the state, and goes on with a chain that begins from it. E12: what is imported exports the same. */
  async beginAnew(fromZero: boolean): Promise<void> {
    const ctx = this.plimsoll.app.queryContext();
    const exported = exportGenesis(this.plimsoll, ctx, this.#genesis, false);
    const again = await reimported(exported, ctx.block.height, ctx.block.timeMs);
    assert.deepEqual(again, comparable(exported.app_state), 'E12: an import exports something else');
    const genesis = fromZero ? exportGenesis(this.plimsoll, ctx, this.#genesis, true) : exported;
    await this.#close();
    await this.#shadow?.close();
    this.#generation++;
    const genesis_time = new Date(Number(this.#clock.nowMs())).toISOString();
    await this.#begin(JSON.parse(JSON.stringify({ ...genesis, genesis_time })) as GenesisDoc);
  }

  async close(): Promise<void> {
    await this.#close();
    await this.#shadow?.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #begin(genesis: GenesisDoc): Promise<void> {
    this.#genesis = genesis;
    this.#shadow = this.#options.shadow ? await Shadow.open(chainId, strictLogger) : undefined;
    await this.#open();
    this.#clock.set(this.#engine.timeMs + 1_000n);
  }

  async #open(): Promise<void> {
    const home = join(this.#directory, String(this.#generation));
    this.#store = await openStore({ path: join(home, 'state'), mounts, keepVersions: 2, sync: false });
    this.plimsoll = createApp({ store: this.#store, chainId, prices: this.prices, logger: strictLogger });
    this.#engine = await EmbeddedEngine.open({
      app: this.#shadow?.behind(this.plimsoll.app) ?? this.plimsoll.app,
      genesis: this.#genesis,
      validator,
      clock: this.#clock,
      path: join(home, 'blocks'),
      sync: false,
      logger: strictLogger,
    });
  }

  async #close(): Promise<void> {
    await this.#engine.stop();
    await this.#store.close();
  }
}

/** All but who votes: an imported set counts from the end of the first block, when the engine was told. */
const comparable = ({ valset: _, ...state }: Record<string, unknown>): unknown => JSON.parse(JSON.stringify(state));

/** What a new application exports after it was given this state. */
async function reimported(genesis: GenesisDoc, height: bigint, timeMs: bigint): Promise<unknown> {
  const store = await openStore({ mounts });
  try {
    const { modules, registry } = createApp({ store, chainId, prices: new SetPrices({}), logger: strictLogger });
    const block = {
      chainId,
      height,
      timeMs,
      proposer: new Uint8Array(20),
      previousAppHash: new Uint8Array(32),
      faults: [],
      lastCommit: [],
      misbehavior: [],
    };
    const layer = store.cache();
    const ctx = new Context(layer, block, 'genesis', store.at(), new TypedEvents(registry));
    const state = JSON.parse(JSON.stringify(genesis.app_state)) as Record<string, never>;
    for (const module of modules) module.validateGenesis(state[module.name]!);
    for (const module of modules) module.initGenesis(ctx, state[module.name]!);
    return comparable(exportAppState(modules, ctx));
  } finally {
    await store.close();
  }
}
