import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic } from '../cmd/plimsolld/keyring/keyring.js';
import { toBech32 } from '../runtime/crypto/address.js';
import { matches, parseQuery, tagsOf } from '../runtime/engine/rpc/query-language.js';
import { equity, maintenanceMargin } from '../x/perps/margin/index.js';
import { subaccountId } from '../x/perps/subaccount-key.js';
import type { Ppm } from '../x/perps/types.js';
import { fellBelow, levelOf } from '../x/perps/warnings/levels.js';
import { integers } from './replay-paths.js';
import { btc, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit } from './support/messages.js';
import { eventsOf } from './support/orders.js';
import { openPositions, type OpeningPosition } from './support/positions.js';

const [long, short] = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic).address) as [string, string];

/** A subscriber's query, as docs/liquidation.md shows it. */
const subscription = (owner: string): string =>
  `tm.event='NewBlockEvents' AND plimsoll.perps.v1.EventMarginWarning.owner='"${owner}"'`;

/** The chain with these positions, in the first block whose prices count. */
async function chainWith(positions: readonly OpeningPosition[]): Promise<TestChain> {
  const chain = await testChain({ change: (state) => openPositions(state, positions) });
  const state = () => chain.plimsoll.keepers.perps.marketState(chain.plimsoll.app.queryContext(), 1);
  do await chain.block();
  while (state().oracleTimeMs === 0n);
  return chain;
}

test('a trader is warned in the block that brings his health below a level, once for each fall', async () => {
  // 60,000 USDC of BTC at a maintenance rate of 2.5 %: 1,500, and a health of 1.51.
  const chain = await chainWith([
    { owner: long, quantity: btc(1), equity: usdc(2_265) },
    { owner: short, quantity: -btc(1), equity: usdc(100_000) },
  ]);
  try {
    const steps: readonly (readonly [price: string, warning: Record<string, unknown> | undefined])[] = [
      ['60000', undefined],
      ['59970', { level: 1_500_000, health: 1_490_745, equity: usdc(2_235), margin: usdc(1_499.25), next: 1_200_000 }],
      ['59970', undefined],
      ['59800', undefined],
      ['60100', undefined],
      // Through two levels at once.
      ['59450', { level: 1_200_000, health: 1_153_910, equity: usdc(1_715), margin: usdc(1_486.25), next: 1_100_000 }],
      ['59530', undefined],
      ['59450', { level: 1_200_000, health: 1_153_910, equity: usdc(1_715), margin: usdc(1_486.25), next: 1_100_000 }],
      ['59250', { level: 1_100_000, health: 1_022_784, equity: usdc(1_515), margin: usdc(1_481.25), next: 1_000_000 }],
    ];
    for (const [price, expected] of steps) {
      chain.prices.set({ 'BTC-USD': price, 'ETH-USD': '3000' });
      // Validators vote with one block, the next one takes the price over.
      const warnings = [];
      for (let block = 0; block < 2; block++) {
        const { results } = await chain.block();
        const found = eventsOf(results, 'EventMarginWarning');
        const tags = tagsOf(results.events, { 'tm.event': 'NewBlockEvents' });
        assert.equal(matches(parseQuery(subscription(long)), tags), found.length > 0);
        assert.equal(matches(parseQuery(subscription(short)), tags), false);
        warnings.push(...found);
      }
      const wanted = expected && {
        owner: long,
        number: 0,
        level_ppm: expected['level'],
        health_ppm: expected['health'],
        equity: String(expected['equity']),
        maintenance_margin: String(expected['margin']),
        next_level_ppm: expected['next'],
      };
      assert.deepEqual(warnings, wanted === undefined ? [] : [wanted], `at ${price}`);
    }
    // A deposit lifts the account over all levels; the next fall warns again.
    const key = chain.keys[0]!;
    await chain.block([chain.sign(key, [deposit(key, usdc(1_000))])]);
    chain.prices.set({ 'BTC-USD': '58700', 'ETH-USD': '3000' });
    await chain.block();
    const [again] = eventsOf((await chain.block()).results, 'EventMarginWarning');
    assert.equal(again?.['level_ppm'], 1_500_000);
  } finally {
    await chain.close();
  }
});

test('a chain that begins warns in its first block whoever begins below a level, and nobody else', async () => {
  const chain = await testChain({
    change: (state) =>
      openPositions(state, [
        { owner: long, quantity: btc(1), equity: usdc(2_000) },
        { owner: short, quantity: -btc(1), equity: usdc(100_000) },
      ]),
  });
  try {
    const warned = async () =>
      eventsOf((await chain.block()).results, 'EventMarginWarning').map((event) => [
        event['owner'],
        event['level_ppm'],
        event['health_ppm'],
      ]);
    assert.deepEqual(await warned(), [[long, 1_500_000, 1_333_333]]);
    assert.deepEqual(await warned(), []);
  } finally {
    await chain.close();
  }
});

test('whoever the index leaves out has crossed no level: warnings of a random walk are those of all accounts', async () => {
  const draw = integers(5);
  const owner = (index: number): string => {
    const address = Buffer.alloc(20);
    address.writeUInt32BE(Math.imul(index + 1, 0x9e3779b1) >>> 0, 0);
    return toBech32(address);
  };
  const positions: OpeningPosition[] = [];
  // Half of them at a health from 1.05 to 1.65, the others far from any level; in two markets, which move apart.
  for (let index = 0; index < 60; index++) {
    const sign = index % 2 === 0 ? 1n : -1n;
    const [marketId, size] = index % 12 < 8 ? [1, 1] : [2, 20];
    const own = index % 4 < 2 ? 1_050 + draw(600) : 5_000 + draw(20_000);
    positions.push({ owner: owner(index), marketId, quantity: sign * btc(size), equity: usdc(own * 1.5) });
  }
  const chain = await chainWith(positions);
  const { keepers, perpsDeps } = chain.plimsoll;
  const health = perpsDeps.health!;
  const open = health.open.bind(health);
  let [looked, passed] = [0, 0];
  health.open = (ctx, deps) => {
    const due = open(ctx, deps);
    looked += due === undefined ? positions.length : due.accounts.length + [...due.passed].length;
    if (due !== undefined) passed += [...due.passed].length;
    return due;
  };
  try {
    const levels = (): Map<string, Ppm | undefined> => {
      const ctx = chain.plimsoll.app.queryContext();
      const markets = keepers.perps.markets(ctx);
      return new Map(
        [...keepers.perps.allAccounts(ctx)]
          .filter((account) => account.positions.length > 0)
          .map((account) => [
            subaccountId(account.key).owner,
            levelOf({ equity: equity(account, markets), maintenanceMargin: maintenanceMargin(account, markets) }),
          ]),
      );
    };
    let before = levels();
    // One unit of 60,000 is one of 3,000 twenty times.
    const prices = [60_000, 60_000];
    let warned = 0;
    looked = 0;
    const blocks = 120;
    for (let block = 0; block < blocks; block++) {
      // Mostly a few units, sometimes a leap; around 60,000.
      for (const [index, price] of prices.entries()) {
        const leap = draw(10) === 0 ? 300 : 20;
        prices[index] = price + draw(2 * leap + 1) - leap + Math.trunc((60_000 - price) / 20);
      }
      chain.prices.set({ 'BTC-USD': String(prices[0]), 'ETH-USD': String(prices[1]! / 20) });
      const { results } = await chain.block();
      const after = levels();
      const expected = [...after].flatMap(([name, level]) => {
        const fell = fellBelow(before.get(name), level);
        return fell === undefined ? [] : [`${name} ${fell}`];
      });
      const found = eventsOf(results, 'EventMarginWarning').map((event) => `${event['owner']} ${event['level_ppm']}`);
      assert.deepEqual(found.sort(), expected.sort(), `block ${block}`);
      warned += found.length;
      before = after;
    }
    assert.ok(warned > 20, `only ${warned} warnings`);
    assert.ok(looked < (blocks * positions.length) / 2, `looked ${looked} times`);
    assert.ok(passed > looked / 2, `the exact rules were asked of all but ${passed} of ${looked}`);
  } finally {
    await chain.close();
  }
});
