import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createApp, type PlimsollApp } from '../app/app.js';
import { exportGenesis } from '../app/export.js';
import { mounts } from '../app/mounts.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import type { Application } from '../runtime/abci/application.js';
import { VirtualClock } from '../runtime/engine/clock.js';
import { ConsensusKey } from '../runtime/engine/consensus-key.js';
import { EmbeddedEngine } from '../runtime/engine/engine.js';
import type { GenesisDoc } from '../runtime/engine/genesis-doc.js';
import { silentLogger } from '../runtime/log.js';
import { openStore } from '../runtime/store/index.js';
import { pruningOf, type Pruning } from '../runtime/store/pruning.js';
import { withDirectory } from '../runtime/store/testing/histories.js';
import { SetPrices, chainId, testChain, type TestChain } from './support/chain.js';
import { deposit, order } from './support/messages.js';

const validator = ConsensusKey.fromSeed(Buffer.alloc(32, 7));
const one = 100_000_000n;

/** Where a node stops: at which call of the engine, and on which side of it. */
const steps = [
  ['finalizeBlock', 'before'],
  ['finalizeBlock', 'after'],
  ['commit', 'before'],
  ['commit', 'after'],
] as const;
type Step = (typeof steps)[number];

/** A node on disk that begins from an exported genesis and can stop in the middle of a block. */
class Node {
  readonly #clock = new VirtualClock(0n);
  readonly #prices = new SetPrices({});
  #stopsAt: Step | undefined;
  #store!: Awaited<ReturnType<typeof openStore>>;
  #plimsoll!: PlimsollApp;
  #engine!: EmbeddedEngine;

  private constructor(
    readonly directory: string,
    readonly genesis: GenesisDoc,
    readonly pruning: Pruning,
  ) {}

  static async open(directory: string, genesis: GenesisDoc, pruning: Pruning): Promise<Node> {
    const node = new Node(directory, genesis, pruning);
    await node.#open();
    return node;
  }

  /** Height of the oldest state that can still be read. */
  get earliest(): bigint {
    return this.#store.earliestVersion();
  }

  get openPositions(): number {
    return [...this.#plimsoll.keepers.perps.allPositions(this.#store.at())].length;
  }

  /** A block at this time with these transactions and prices. @param step the node dies there, and starts again from its disk */
  async block(timeMs: bigint, price: string, txs: readonly Uint8Array[], step?: Step): Promise<string> {
    this.#clock.set(timeMs);
    this.#prices.set({ 'BTC-USD': price, 'ETH-USD': '3000' });
    for (const tx of txs) assert.equal((await this.#engine.broadcastTx(tx)).code, 0);
    this.#stopsAt = step;
    const { height } = this.#engine;
    const wanted = height === 0n ? BigInt(this.genesis.initial_height) : height + 1n;
    if (step === undefined) await this.#engine.produceBlock();
    else {
      await assert.rejects(this.#engine.produceBlock(), /the machine is gone/);
      await this.close();
      await this.#open();
    }
    // A block that was decided is never decided again: it comes back from the disk.
    assert.equal(this.#engine.height, wanted);
    return Buffer.from(this.#engine.appHash).toString('hex');
  }

  async close(): Promise<void> {
    await this.#engine.stop();
    await this.#store.close();
  }

  async #open(): Promise<void> {
    this.#stopsAt = undefined;
    const { keepRecent: keepVersions, interval: pruneInterval } = this.pruning;
    const path = join(this.directory, 'state');
    // A base on disk in every fourth block, so that pruning has something to remove.
    this.#store = await openStore({ path, mounts, keepVersions, pruneInterval, snapshotInterval: 4 });
    this.#plimsoll = createApp({ store: this.#store, chainId, prices: this.#prices, logger: silentLogger });
    this.#engine = await EmbeddedEngine.open({
      app: this.#mortal(this.#plimsoll.app),
      genesis: this.genesis,
      validator,
      clock: this.#clock,
      path: join(this.directory, 'blocks'),
      logger: silentLogger,
    });
  }

  #mortal(app: Application): Application {
    const dies = (call: Step[0], side: Step[1]): void => {
      if (this.#stopsAt?.[0] === call && this.#stopsAt[1] === side) throw new Error('the machine is gone');
    };
    const around = async <T>(call: Step[0], work: () => Promise<T>): Promise<T> => {
      dies(call, 'before');
      const result = await work();
      dies(call, 'after');
      return result;
    };
    return new Proxy(app, {
      get(target, name) {
        if (name === 'finalizeBlock')
          return (request: Parameters<Application['finalizeBlock']>[0]) =>
            around('finalizeBlock', () => target.finalizeBlock(request));
        if (name === 'commit') return () => around('commit', () => target.commit());
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }
}

/** A chain in which alice is long with little margin, bob is short, and bob has an order on the book. */
async function lived(): Promise<TestChain> {
  const chain = await testChain({ shadow: false });
  const [alice, bob] = chain.keys as [TestChain['keys'][0], TestChain['keys'][0]];
  for (let count = 0; count < 3; count++) await chain.block();
  await chain.block([
    chain.sign(alice, [deposit(alice, 3_000_000_000n)]),
    chain.sign(bob, [deposit(bob, 500_000_000_000n)]),
  ]);
  await chain.block([
    chain.sign(alice, [order(alice, Side.SIDE_BUY, one / 2n, 60_000_000_000n)]),
    chain.sign(bob, [order(bob, Side.SIDE_SELL, one / 2n, 60_000_000_000n)]),
  ]);
  await chain.block([chain.sign(bob, [order(bob, Side.SIDE_BUY, one / 10n, 50_000_000_000n, { clientId: 2n })])]);
  return chain;
}

test('T-C2 an exported state goes on to the same hashes on four nodes, whatever each prunes and wherever in a block it dies', async () => {
  const chain = await lived();
  const { app } = chain.plimsoll;
  const exported = JSON.stringify(exportGenesis(chain.plimsoll, app.queryContext(), chain.engine.genesis, false));
  const keys = chain.keys;
  const begin = chain.engine.timeMs + 60_000n;
  const genesis = { ...(JSON.parse(exported) as GenesisDoc), genesis_time: new Date(Number(begin)).toISOString() };
  const strategies = [pruningOf('default'), pruningOf('nothing'), pruningOf('everything'), pruningOf('custom', 3, 10)];
  await withDirectory(async (directory) => {
    const nodes = await Promise.all(
      strategies.map((pruning, at) => Node.open(join(directory, `${at}`), genesis, pruning)),
    );
    try {
      const hashes = new Set<string>();
      for (let block = 1; block <= 24; block++) {
        const key = keys[block % 2]!;
        // Alice cannot carry the fall: nodes also die in blocks that close accounts.
        const price = `${60_000 - (block > 6 ? 400 * (block - 6) : 0)}`;
        const txs = block > 2 ? [chain.sign(key, [deposit(key, BigInt(block) * 1_000_000n)])] : [];
        const ends = new Map<string, number[]>();
        for (const [at, node] of nodes.entries()) {
          // Each node dies once at each step, at a time of its own.
          const dying = block > 3 && (block - 4) % 5 === at ? steps[Math.floor((block - 4) / 5)] : undefined;
          const hash = await node.block(begin + BigInt(block) * 1_000n, price, txs, dying);
          ends.set(hash, [...(ends.get(hash) ?? []), at]);
        }
        assert.equal(ends.size, 1, `block ${block}: ${JSON.stringify([...ends])}`);
        hashes.add([...ends.keys()][0]!);
      }
      assert.equal(hashes.size, 24, 'every block changes the state');
      assert.deepEqual(
        nodes.map(({ openPositions }) => openPositions),
        [0, 0, 0, 0],
        'alice was closed',
      );
      const [kept, all, least, some] = nodes.map(({ earliest }) => earliest);
      assert.deepEqual([kept, all], [all, kept], 'a hundred versions are more than there are');
      assert.ok(least! > some! && some! > all!, `oldest states ${[kept, all, least, some].join(', ')}`);
    } finally {
      for (const node of nodes) await node.close();
    }
  });
  await chain.close();
});
