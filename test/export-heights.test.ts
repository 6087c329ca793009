import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportGenesis } from '../app/export.js';
import type { AppState } from '../app/genesis.js';
import { TriggerKind } from '../gen/plimsoll/perps/v1/conditional.js';
import { Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { audit } from '../x/perps/block/identities.js';
import { breakerStore } from '../x/perps/breakers/store.js';
import { stressStore } from '../x/perps/stress/chain/store.js';
import { bucketOf } from '../x/perps/stress/rules/latency.js';
import { withdrawalStore } from '../x/perps/withdrawals/store.js';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { marketFor } from './support/markets.js';
import { deposit, keeperBid, order } from './support/messages.js';
import { cancel, conditional, eventsOf, idsOf, peg, positionOf, twap } from './support/orders.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;

/** Every integer of a state whose name says that it is a height and that is not zero. */
function* heightsAbove(node: unknown, path: string): Iterable<string> {
  if (Array.isArray(node)) for (const each of node) yield* heightsAbove(each, `${path}[]`);
  else if (node !== null && typeof node === 'object')
    for (const [name, value] of Object.entries(node)) {
      if (/height|(^|_)til_block$/.test(name) && typeof value !== 'object' && String(value) !== '0')
        yield `${path}.${name} ${String(value)}`;
      yield* heightsAbove(value, `${path}.${name}`);
    }
}

/** A chain with a genesis of its own. */
const from = (state: AppState): Promise<TestChain> =>
  testChain({
    clamp: true,
    breakers: true,
    change(genesis) {
      for (const name of Object.keys(genesis)) delete genesis[name];
      Object.assign(genesis, structuredClone(state));
    },
  });

test('a busy chain begins anew at height 1: auctions, gates, breaches and expiries go on, and no other height is left', async () => {
  const chain = await testChain({ markets: [marketFor('BTC-USD', 'A', usdc(1_000_000))], breakers: true });
  const [alice, bob, carol] = chain.keys as [SigningKey, SigningKey, SigningKey];
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block([
    chain.sign(alice, [deposit(alice, usdc(1_000_000))]),
    chain.sign(bob, [deposit(bob, usdc(1_000_000))]),
    chain.sign(carol, [deposit(carol, usdc(3_100))]),
  ]);
  const opened = await chain.block([
    chain.sign(carol, [order(carol, buy, btc(1), usd(60_000))]),
    chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
  ]);
  assert.equal(positionOf(chain, carol), btc(1), opened.results.txResults[1]!.log);
  const last = (): bigint => chain.plimsoll.app.queryContext().block.height;
  const gtb = { timeInForce: TimeInForce.TIME_IN_FORCE_GTB };
  await chain.block([
    chain.sign(
      alice,
      [
        order(alice, buy, btc(0.1), usd(50_000), { clientId: 1n }),
        order(alice, buy, btc(0.1), usd(50_000), { clientId: 2n, ...gtb, goodTilBlock: last() + 500n }),
        conditional(alice, TriggerKind.TRIGGER_KIND_STOP_LOSS, sell, usd(40_000), {
          clientId: 3n,
          goodTilBlock: last() + 600n,
        }),
        keeperBid(alice, buy, usdc(10_000), 10_000, { clientId: 4n }),
        twap(alice, {
          clientId: 5n,
          side: buy,
          quantity: btc(0.04),
          slices: 4,
          intervalMs: 600_000n,
          maxSlippagePpm: 1_000,
        }),
        peg(alice, { clientId: 6n, side: buy, quantity: btc(0.1), offset: -usd(9_000) }),
      ],
      { gasLimit: 20_000_000n },
    ),
  ]);
  // 3.1 % down: the market collects for an auction, and carol, who has 1,216 USDC of the 1,454 that 58,140 need, waits for it under her margin.
  chain.prices.set({ 'BTC-USD': '58140' });
  await chain.block();
  const { results } = await chain.block();
  assert.deepEqual(
    eventsOf(results, 'EventBreaker').map(({ trigger }) => trigger),
    ['TRIGGER_VELOCITY'],
  );
  const shown = await chain.block([
    chain.sign(alice, [order(alice, buy, btc(0.1), usd(57_000), { clientId: 7n })]),
    chain.sign(bob, [order(bob, sell, btc(0.1), usd(61_000), { clientId: 8n, ...gtb, goodTilBlock: last() + 1n })]),
  ]);
  for (const { code, log } of shown.results.txResults.slice(1)) assert.equal(code, 0, log);
  const ctx = chain.plimsoll.app.queryContext();
  withdrawalStore.setGate(ctx, 'A', ctx.block.height + 30n);
  withdrawalStore.setGate(ctx, 'B', 3n);
  assert.equal([...stressStore.breaches(ctx)].length, 1);
  const { auction } = breakerStore.market(ctx, 1)!;
  const { app_state: state } = exportGenesis(chain.plimsoll, ctx, chain.engine.genesis, true);
  await chain.close();

  assert.deepEqual(
    [...heightsAbove(state, '')].sort(),
    [
      '.perps.breakers.markets[].auction.start_height 1',
      '.perps.orders[].good_til_block 496',
      // Orders 7 and 8, and the pegged one, which followed the price.
      '.perps.orders[].placed_height 1',
      '.perps.orders[].placed_height 1',
      '.perps.orders[].placed_height 1',
      '.perps.waiting_orders.conditional_orders[].good_til_block 596',
      '.perps.withdrawals.gates[].until_height 30',
    ].sort(),
  );
  const { orders } = state['perps'] as { orders: { client_id: string; placed_height: string }[] };
  assert.deepEqual(orders.map(({ client_id, placed_height }) => `${client_id}: ${placed_height}`).sort(), [
    '1: 0',
    '2: 0',
    '6: 1',
    '7: 1',
    '8: 1',
  ]);

  const next = await from(state);
  next.prices.set({ 'BTC-USD': '58140' });
  await next.block([], 20_000n);
  const now = () => next.plimsoll.app.queryContext();
  assert.deepEqual(idsOf(next, bob).open, [], 'what the last block was the last to fill is gone');
  assert.deepEqual(idsOf(next, alice), { open: [1n, 2n, 6n, 7n], conditional: [3n], algo: [5n, 6n] });
  assert.equal(breakerStore.market(now(), 1)!.auction!.endMs, auction!.endMs);

  // In the last five seconds who rested before the auction leaves, and who came during it stays until it has ended.
  while (now().block.timeMs < auction!.endMs - 3_000n) await next.block();
  await next.block([
    next.sign(alice, [cancel(alice, 1n), cancel(alice, 7n)]),
    next.sign(bob, [order(bob, buy, btc(1), usd(58_100), { clientId: 9n })]),
  ]);
  assert.deepEqual(idsOf(next, alice).open, [2n, 6n, 7n]);
  assert.equal([...stressStore.breaches(now())].length, 1);
  const cleared = await untilCleared(next);
  assert.deepEqual(idsOf(next, alice).open, [2n, 6n]);
  assert.ok(positionOf(next, carol) < btc(1), 'liquidated when the market opens again');
  assert.deepEqual([...stressStore.breaches(now())], []);
  const ended = [...stressStore.latencies(now(), 1)].at(-1)!.ended;
  assert.equal(ended[bucketOf(cleared)], 1n, `counted from the beginning of this chain: ${cleared} blocks`);
  assert.deepEqual(audit(now(), next.plimsoll.perpsDeps).violations, []);
  await next.close();
});

/** Blocks until one ends the market's call auction at a price; its height. */
async function untilCleared(chain: TestChain): Promise<bigint> {
  for (let blocks = 0; blocks < 100; blocks++) {
    const { results } = await chain.block();
    if (eventsOf(results, 'EventCallAuction').some(({ outcome }) => outcome === 'cleared')) return chain.engine.height;
  }
  assert.fail('not cleared in 100 blocks');
}
