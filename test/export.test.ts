import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { EmbeddedEngine } from '../runtime/engine/engine.js';
import { VirtualClock } from '../runtime/engine/clock.js';
import { ConsensusKey } from '../runtime/engine/consensus-key.js';
import type { GenesisDoc } from '../runtime/engine/genesis-doc.js';
import { silentLogger } from '../runtime/log.js';
import { openStore } from '../runtime/store/index.js';
import { SetPrices, chainId, testChain, type TestChain } from './support/chain.js';
import { deposit, order } from './support/messages.js';
import { createApp } from '../app/app.js';
import { exportGenesis } from '../app/export.js';
import { mounts } from '../app/mounts.js';

const validator = ConsensusKey.fromSeed(Buffer.alloc(32, 7));

/** A chain in which alice is long, bob is short, and alice has an order on the book. */
async function traded(): Promise<TestChain> {
  const chain = await testChain();
  const [alice, bob] = chain.keys as [TestChain['keys'][0], TestChain['keys'][0]];
  for (let count = 0; count < 3; count++) await chain.block();
  await chain.block([
    chain.sign(alice, [deposit(alice, 50_000_000_000n)]),
    chain.sign(bob, [deposit(bob, 50_000_000_000n)]),
  ]);
  await chain.block([
    chain.sign(alice, [order(alice, Side.SIDE_BUY, 10_000_000n, 60_000_000_000n)]),
    chain.sign(bob, [order(bob, Side.SIDE_SELL, 10_000_000n, 60_000_000_000n)]),
  ]);
  await chain.block([chain.sign(alice, [order(alice, Side.SIDE_BUY, 10_000_000n, 59_000_000_000n, { clientId: 2n })])]);
  return chain;
}

async function startFrom(genesis: GenesisDoc) {
  const store = await openStore({ mounts });
  const prices = new SetPrices({ 'BTC-USD': '60000', 'ETH-USD': '3000' });
  const plimsoll = createApp({ store, chainId, prices, logger: silentLogger });
  const clock = new VirtualClock(BigInt(Date.parse(genesis.genesis_time)) + 60_000n);
  const engine = await EmbeddedEngine.open({ app: plimsoll.app, genesis, validator, clock, logger: silentLogger });
  for (let count = 0; count < 4; count++) {
    clock.set(clock.nowMs() + 1_000n);
    await engine.produceBlock();
  }
  return { plimsoll, engine, store };
}

for (const [what, forZeroHeight] of [
  ['goes on at the next height', false],
  ['begins anew at height 1', true],
] as const) {
  test(`an exported chain ${what}, with every position, order and coin`, async () => {
    const chain = await traded();
    const height = chain.engine.height;
    const ctx = chain.plimsoll.app.queryContext();
    const genesis = exportGenesis(chain.plimsoll, ctx, chain.engine.genesis, forZeroHeight);
    assert.equal(genesis.initial_height, forZeroHeight ? '1' : (height + 1n).toString());
    const next = await startFrom(JSON.parse(JSON.stringify(genesis)) as GenesisDoc);
    assert.equal(next.engine.height, BigInt(genesis.initial_height) + 3n);
    const before = chain.plimsoll.keepers.perps;
    const after = next.plimsoll.keepers.perps;
    const now = next.plimsoll.app.queryContext();
    assert.deepEqual([...after.allPositions(now)], [...before.allPositions(ctx)]);
    assert.deepEqual(after.ledger(now), before.ledger(ctx));
    const book = (keeper: typeof before, from: typeof ctx) =>
      [...keeper.bookSide(from, 1, 'buy')].map(([{ price, clientId }, { remaining }]) => [price, clientId, remaining]);
    assert.deepEqual(book(after, now), book(before, ctx));
    assert.equal(book(after, now).length, 1);
    assert.equal(after.marketState(now, 1).markPrice, 60_000_000_000n);
    await next.engine.stop();
    await chain.close();
  });
}
