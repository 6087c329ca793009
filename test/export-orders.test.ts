import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TriggerKind } from '../gen/plimsoll/perps/v1/conditional.js';
import { Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import { createApp } from '../app/app.js';
import { exportGenesis } from '../app/export.js';
import { mounts } from '../app/mounts.js';
import { VirtualClock } from '../runtime/engine/clock.js';
import { ConsensusKey } from '../runtime/engine/consensus-key.js';
import { EmbeddedEngine } from '../runtime/engine/engine.js';
import type { GenesisDoc } from '../runtime/engine/genesis-doc.js';
import { silentLogger } from '../runtime/log.js';
import { openStore } from '../runtime/store/index.js';
import { exportWaiting } from '../x/perps/conditional/genesis.js';
import { usd } from './support/amounts.js';
import { chainId, SetPrices, testChain, type TestChain } from './support/chain.js';
import { deposit, order } from './support/messages.js';
import { conditional, eventsOf, peg, schedule, twap } from './support/orders.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;

/** Keys under the prefixes of orders that wait, indexes included. */
function waitingKeys(store: {
  range(start: string, end: string | undefined): Iterable<readonly [string, Uint8Array]>;
}) {
  return [...store.range('\x18', '\x28')].map(
    ([key, value]) => `${Buffer.from(key, 'latin1').toString('hex')}=${Buffer.from(value).toString('hex')}`,
  );
}

test('orders that wait are exported, and every index of theirs is made anew', async () => {
  const chain = await testChain();
  const [alice, bob] = chain.keys as [TestChain['keys'][0], TestChain['keys'][0]];
  for (let count = 0; count < 3; count++) await chain.block();
  const now = chain.engine.timeMs;
  await chain.block([alice, bob].map((key) => chain.sign(key, [deposit(key, usd(100_000))])));
  await chain.block([
    chain.sign(alice, [order(alice, buy, 100_000_000n, usd(60_000))]),
    chain.sign(bob, [order(bob, sell, 100_000_000n, usd(60_000))]),
  ]);
  const leg = { triggerSource: 0, price: 0n, maxSlippagePpm: 50_000, trailingPpm: 0, trailingDistance: 0n };
  const messages = [
    order(alice, buy, 1_000_000n, usd(59_000), {
      clientId: 2n,
      timeInForce: TimeInForce.TIME_IN_FORCE_GTT,
      goodTilTimeMs: now + 3_600_000n,
      stopLoss: { ...leg, clientId: 3n, triggerPrice: usd(58_000) },
    }),
    conditional(alice, TriggerKind.TRIGGER_KIND_STOP_LOSS, sell, usd(59_500), { clientId: 4n, goodTilBlock: 5_000n }),
    conditional(alice, TriggerKind.TRIGGER_KIND_TRAILING_STOP, sell, 0n, { clientId: 5n, trailingPpm: 20_000 }),
    twap(alice, {
      clientId: 6n,
      side: buy,
      quantity: 4_000_000n,
      slices: 4,
      intervalMs: 600_000n,
      maxSlippagePpm: 1_000,
    }),
    peg(alice, { clientId: 7n, side: buy, quantity: 1_000_000n, offset: -usd(2_000) }),
    schedule(alice, now + 3_600_000n),
  ];
  const { results } = await chain.block([chain.sign(alice, messages, { gasLimit: 20_000_000n })]);
  assert.equal(results.txResults.at(-1)!.code, 0, results.txResults.at(-1)!.log);
  const ctx = chain.plimsoll.app.queryContext();
  const genesis = JSON.parse(
    JSON.stringify(exportGenesis(chain.plimsoll, ctx, chain.engine.genesis, false)),
  ) as GenesisDoc;

  const store = await openStore({ mounts });
  const prices = new SetPrices({ 'BTC-USD': '60000', 'ETH-USD': '3000' });
  const next = createApp({ store, chainId, prices, logger: silentLogger });
  const clock = new VirtualClock(BigInt(Date.parse(genesis.genesis_time)) + 60_000n);
  const validator = ConsensusKey.fromSeed(Buffer.alloc(32, 7));
  const engine = await EmbeddedEngine.open({ app: next.app, genesis, validator, clock, logger: silentLogger });
  const block = async () => {
    clock.set(clock.nowMs() + 1_000n);
    return engine.produceBlock();
  };
  await block();
  const imported = next.app.queryContext();
  assert.deepEqual(exportWaiting(imported), exportWaiting(ctx));
  assert.deepEqual(waitingKeys(imported.committed.store('perps')), waitingKeys(ctx.committed.store('perps')));

  // And they work there: the stop triggers.
  prices.set({ 'BTC-USD': '59400', 'ETH-USD': '3000' });
  const triggered: unknown[] = [];
  for (let count = 0; count < 4; count++)
    for (const { client_id } of eventsOf((await block()).results, 'EventConditionalTriggered'))
      triggered.push(client_id);
  assert.deepEqual(triggered, ['4']);
  await engine.stop();
  await store.close();
  await chain.close();
});
