import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { consensus } from '../cmd/plimsolld/prices/aggregate/consensus.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic } from '../cmd/plimsolld/keyring/keyring.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import type { ProducedBlock } from '../runtime/engine/engine.js';
import { audit } from '../x/perps/block/identities.js';
import { equity, maintenanceMargin, usdcEquity } from '../x/perps/margin/index.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { btc, usdc } from './support/amounts.js';
import { SetPrices, testChain, type TestChain, type TestChainOptions } from './support/chain.js';
import {
  acceptCollateral,
  buy,
  depositOf,
  stableAsset,
  transferOf,
  volatileAsset,
  withdrawOf,
} from './support/collateral.js';
import { deposit, order, withdraw } from './support/messages.js';

const usd = usdc;
const { SIDE_BUY: long, SIDE_SELL: short } = Side;
const keys = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic));
const [alice, bob, carol, maker] = keys as [SigningKey, SigningKey, SigningKey, SigningKey];

const keyOf = ({ address }: SigningKey, number = 0): string => subaccountKey(fromBech32(address), number);
const ctxOf = (chain: TestChain) => chain.plimsoll.app.queryContext();
const account = (chain: TestChain, key: SigningKey, number = 0) =>
  chain.plimsoll.keepers.perps.account(ctxOf(chain), keyOf(key, number));
const balance = (chain: TestChain, { address }: SigningKey, denom: string): bigint =>
  chain.plimsoll.keepers.bank.balance(ctxOf(chain), fromBech32(address), denom);
const standing = (chain: TestChain, key: SigningKey) => {
  const markets = chain.plimsoll.keepers.perps.markets(ctxOf(chain));
  const view = account(chain, key);
  return {
    equity: equity(view, markets),
    usdc: usdcEquity(view, markets),
    margin: maintenanceMargin(view, markets),
  };
};
const eventsOf = ({ results }: ProducedBlock, name: string): Record<string, unknown>[] =>
  results.events
    .filter(({ type }) => type === `plimsoll.perps.v1.${name}`)
    .map(({ attributes }) =>
      Object.fromEntries(attributes.map(({ key, value }) => [key, JSON.parse(value) as unknown])),
    );

function assertSolvent(chain: TestChain): void {
  const result = audit(ctxOf(chain), chain.plimsoll.perpsDeps);
  assert.deepEqual(result.violations, []);
  assert.equal(result.negativeAccounts, 0);
  assert.equal(chain.plimsoll.keepers.perps.ledger(ctxOf(chain)).haltedReason, '');
}

const at = (prices: Partial<Record<'BTC-USD' | 'ETH-USD' | 'USDT-USD', string>> = {}) => ({
  'BTC-USD': '60000',
  'ETH-USD': '3000',
  'USDT-USD': '1',
  ...prices,
});

/** Prices are there; bob, carol and the maker brought 500,000 USDC each. */
async function started(options: TestChainOptions = {}, assets = [volatileAsset, stableAsset]): Promise<TestChain> {
  const chain = await testChain({
    prices: new SetPrices(at()),
    ...options,
    change: (state) => acceptCollateral(state, keys, assets),
  });
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block([bob, carol, maker].map((key) => chain.sign(key, [deposit(key, usdc(500_000))])));
  return chain;
}

async function done(
  chain: TestChain,
  key: SigningKey,
  messages: Parameters<TestChain['sign']>[1],
): Promise<ProducedBlock> {
  const block = await chain.block([chain.sign(key, messages)]);
  const result = block.results.txResults.at(-1)!;
  assert.equal(result.code, 0, result.log);
  return block;
}

async function refused(chain: TestChain, key: SigningKey, messages: Parameters<TestChain['sign']>[1]): Promise<string> {
  const { results } = await chain.block([chain.sign(key, messages)]);
  const { code, log } = results.txResults.at(-1)!;
  assert.notEqual(code, 0);
  return `${code} ${log}`;
}

/** Alice long and bob short, or the other way round, at 60,000. */
async function trade(chain: TestChain, side: Side, quantity: bigint): Promise<void> {
  await chain.block([
    chain.sign(alice, [order(alice, side, quantity, usd(60_000))]),
    chain.sign(bob, [order(bob, side === long ? short : long, quantity, usd(60_000))]),
  ]);
  assert.equal(account(chain, alice).positions.length, 1);
}

describe('collateral other than USDC', () => {
  test('is deposited, valued, moved and withdrawn; custody holds to the unit', async () => {
    const chain = await started();
    await done(chain, alice, [depositOf(alice, 'ubtc', btc(0.1)), depositOf(alice, 'uusdt', usdc(1_000))]);
    // 0.1 BTC at 60,000 less 2 %, 1,000 USDT less 0.5 %.
    assert.deepEqual(standing(chain, alice), { equity: usdc(5_880 + 995), usdc: 0n, margin: usdc(588 + 19.9) });
    await done(chain, alice, [transferOf(alice, 'ubtc', btc(0.04), 1)]);
    assert.deepEqual(account(chain, alice, 1).collateral, [{ assetId: 1, amount: btc(0.04) }]);
    const before = balance(chain, alice, 'ubtc');
    await done(chain, alice, [withdrawOf(alice, 'ubtc', btc(0.06))]);
    assert.equal(balance(chain, alice, 'ubtc') - before, btc(0.06));
    assert.deepEqual(account(chain, alice).collateral, [{ assetId: 2, amount: usdc(1_000) }]);
    assert.match(await refused(chain, alice, [withdrawOf(alice, 'ubtc', 1n)]), /^6 .*the account has 0 ubtc/);
    assert.match(await refused(chain, alice, [withdraw(alice, 1n)]), /^6 .*free are 0/, 'a loan is not on offer');
    assert.match(
      await refused(chain, alice, [depositOf(alice, 'uplim', 1n)]),
      /only uusdc, ubtc, uusdt are collateral/,
    );
    assertSolvent(chain);
    await chain.close();
  });

  test('covers at most half of the initial margin, and what it needs itself comes off', async () => {
    const chain = await started();
    await done(chain, alice, [deposit(alice, usdc(1_600)), depositOf(alice, 'ubtc', btc(0.1))]);
    // 1 BTC needs 3,000 and 26 for fees: USDC 1,600 carries it with at most 1,513 of collateral, of which 4,704 are free.
    await trade(chain, long, btc(1));
    // The rest of the BTC may go, as long as 0.98 * 0.8 of it covers what is missing.
    const { usdc: own } = standing(chain, alice);
    const missing = usdc(3_000) - own;
    assert.ok(missing > 0n && missing < usdc(1_500));
    const needed = (missing * 10_000n) / ((60_000n * 784n) / 10n) + 2n;
    assert.match(
      await refused(chain, alice, [withdrawOf(alice, 'ubtc', btc(0.1) - needed + 10n)]),
      /^6 .*of initial margin are missing/,
    );
    await done(chain, alice, [withdrawOf(alice, 'ubtc', btc(0.1) - needed - 10n)]);
    assertSolvent(chain);
    await chain.close();
  });

  test('is a tenth of all collateral at most', async () => {
    const chain = await started();
    // 1,500,000 USDC are there: x of BTC is at most a tenth of 1,500,000 + x.
    assert.match(await refused(chain, alice, [depositOf(alice, 'ubtc', btc(2.9))]), /^113 .*ubtc would be worth/);
    await done(chain, alice, [depositOf(alice, 'ubtc', btc(2.8))]);
    assertSolvent(chain);
    await chain.close();
  });

  test('is a long spot position: its risk adds to that of a long future', async () => {
    const chain = await started();
    await done(chain, alice, [deposit(alice, usdc(10_000)), depositOf(alice, 'ubtc', btc(0.1))]);
    await trade(chain, long, btc(0.1));
    // 588 of the collateral, 150 of the future.
    assert.equal(standing(chain, alice).margin, usdc(588 + 150));
    assertSolvent(chain);
    await chain.close();
  });
});

describe('losses settle in USDC', () => {
  test('collateral of an account that owes too much is sold at a falling price; no sale takes equity', async () => {
    const chain = await started();
    await done(chain, alice, [deposit(alice, usdc(3_000)), depositOf(alice, 'uusdt', usdc(20_000))]);
    await trade(chain, long, btc(1));
    chain.prices.set(at({ 'BTC-USD': '56500' }));
    let started0: ProducedBlock | undefined;
    for (let i = 0; i < 3 && started0 === undefined; i++) {
      const block = await chain.block();
      if (eventsOf(block, 'EventConversionStarted').length > 0) started0 = block;
    }
    assert.ok(started0 !== undefined, 'the sale began');
    const before = standing(chain, alice);
    assert.ok(before.usdc < -usdc(398));
    // Two bids in one block share what is for sale in proportion, at one price between index and value_c.
    const block = await chain.block([
      chain.sign(carol, [buy(carol, 'uusdt', usdc(1_000), usd(1))]),
      chain.sign(maker, [buy(maker, 'uusdt', usdc(3_000), usd(1))]),
    ]);
    const sold = eventsOf(block, 'EventCollateralSold');
    assert.equal(sold.length, 2);
    const [first, second] = sold.map(({ amount }) => BigInt(amount as string));
    const parts = [first!, second!].sort((a, b) => (a < b ? -1 : 1));
    assert.ok(parts[1]! - 3n * parts[0]! <= 3n && 3n * parts[0]! - parts[1]! <= 3n, `${first}, ${second}`);
    assert.ok(sold.every(({ price }) => BigInt(price as string) >= 995_000n && BigInt(price as string) <= 1_000_000n));
    const after = standing(chain, alice);
    assert.ok(after.usdc >= 0n && after.usdc <= 3n, `${after.usdc}`);
    assert.ok(after.equity >= before.equity);
    assert.equal(eventsOf(block, 'EventConversionEnded').length, 1);
    assertSolvent(chain);
    await chain.close();
  });

  test('bids that find nothing come back whole', async () => {
    const chain = await started();
    const before = balance(chain, carol, 'uusdc');
    await done(chain, carol, [buy(carol, 'uusdt', usdc(1_000), usd(1))]);
    assert.equal(balance(chain, carol, 'uusdc'), before);
    assert.match(await refused(chain, carol, [buy(carol, 'uusdt', usdc(1), usd(0.99))]), /^115 .*sells for 995000/);
    assertSolvent(chain);
    await chain.close();
  });

  test('a crash of collateral and position together is paid to the unit, and the collateral is taken over by fees or stays for sale', async () => {
    const chain = await started();
    await done(chain, alice, [deposit(alice, usdc(2_000)), depositOf(alice, 'ubtc', btc(0.2))]);
    await trade(chain, long, btc(1));
    chain.prices.set(at({ 'BTC-USD': '45000' }));
    const events: Record<string, unknown>[] = [];
    for (let i = 0; i < 4; i++) {
      const block = await chain.block();
      events.push(...eventsOf(block, 'EventBankruptcy'), ...eventsOf(block, 'EventCollateralTaken'));
      assertSolvent(chain);
    }
    assert.ok(events.length >= 2, JSON.stringify(events));
    const { equity: left } = standing(chain, alice);
    assert.ok(left >= 0n && left <= 1n, `${left}`);
    assert.equal(account(chain, alice).positions.length, 0);
    // Whoever bids at value_c gets it at once.
    const block = await done(chain, carol, [buy(carol, 'ubtc', btc(1), usd(45_000))]);
    const sold = eventsOf(block, 'EventCollateralSold').reduce((sum, { amount }) => sum + BigInt(amount as string), 0n);
    assert.ok(sold > 0n);
    assertSolvent(chain);
    await chain.close();
  });
});

test('INV-L1 whoever still owes when the last of its collateral is sold is bankrupt in that block', async () => {
  const chain = await started();
  await done(chain, alice, [deposit(alice, usdc(200)), depositOf(alice, 'uusdt', usdc(1_000))]);
  await trade(chain, long, btc(0.1));
  chain.prices.set(at({ 'BTC-USD': '50500' }));
  for (let i = 0; i < 2; i++) await chain.block();
  // Out of the position with a debt of about 750, which 1,000 USDT cover.
  await chain.block([
    chain.sign(alice, [order(alice, short, btc(0.1), usd(50_500), { clientId: 2n, reduceOnly: true })]),
    chain.sign(bob, [order(bob, long, btc(0.1), usd(50_500), { clientId: 2n })]),
  ]);
  const { cash } = account(chain, alice);
  assert.ok(cash < -usdc(740) && account(chain, alice).positions.length === 0);
  // They fall below the debt, and somebody buys all of them in the very block.
  chain.prices.set(at({ 'BTC-USD': '50500', 'USDT-USD': '0.74' }));
  await chain.block();
  const block = await done(chain, carol, [buy(carol, 'uusdt', usdc(1_000), usd(0.74))]);
  assert.equal(eventsOf(block, 'EventCollateralSold').length, 1);
  const [{ deficit }] = eventsOf(block, 'EventBankruptcy') as [{ deficit: string }];
  assert.ok(BigInt(deficit) > usdc(10));
  assert.equal(account(chain, alice).cash, 0n);
  assertSolvent(chain);
  await chain.close();
});

describe('T-B3 a stable-coin leaves its peg', () => {
  test('one venue at 0.65 or 1.30 while four are near par moves no price', () => {
    for (const lie of [650_000n, 1_300_000n]) {
      const venues = [999_800n, 1_000_000n, 1_000_100n, 1_000_300n, lie];
      const voices = venues.map((venue, index) => ({ provider: `venue${index}`, price: venue }));
      const agreed = consensus(voices, { minProviders: 3, maxDeviationPpm: 20_000 });
      assert.ok(agreed.price !== undefined && agreed.price >= 999_800n && agreed.price <= 1_000_300n);
      assert.deepEqual(
        agreed.outliers.map(({ price }) => price),
        [lie],
      );
    }
  });

  test('an index above par is worth no more than par, and moves nothing', async () => {
    const chain = await started();
    await done(chain, alice, [depositOf(alice, 'uusdt', usdc(10_000))]);
    const before = standing(chain, alice);
    chain.prices.set(at({ 'USDT-USD': '1.3' }));
    for (let i = 0; i < 3; i++) await chain.block();
    assert.deepEqual(standing(chain, alice), before);
    await chain.close();
  });

  test('under 0.98 deposits wait, under 0.95 its margin rate goes to 25 % in two hours', async () => {
    const chain = await started();
    await done(chain, alice, [depositOf(alice, 'uusdt', usdc(10_000))]);
    chain.prices.set(at({ 'USDT-USD': '0.97' }));
    await chain.block();
    await chain.block();
    assert.match(await refused(chain, alice, [depositOf(alice, 'uusdt', usdc(1))]), /^112 .*back at 0.98/);
    chain.prices.set(at({ 'USDT-USD': '0.94' }));
    const events: Record<string, unknown>[] = [];
    for (let i = 0; i < 2; i++) events.push(...eventsOf(await chain.block(), 'EventPeg'));
    const [lost] = events;
    assert.equal(lost!['peg'], 'PEG_LOST');
    const ramp = lost!['risk_rate'] as Record<string, unknown>;
    assert.equal(ramp['to_ppm'], 250_000);
    assert.equal(BigInt(ramp['end_ms'] as string) - BigInt(ramp['start_ms'] as string), 7_200_000n);
    const { equity: value, margin } = standing(chain, alice);
    assert.equal(value, usdc(10_000 * 0.94 * 0.995));
    for (let i = 0; i < 5; i++) await chain.block();
    assert.ok(standing(chain, alice).margin > margin);
    assertSolvent(chain);
    await chain.close();
  });
});

test('an exported chain begins anew with every asset, balance and sale', async () => {
  const chain = await started();
  await done(chain, alice, [deposit(alice, usdc(3_000)), depositOf(alice, 'uusdt', usdc(20_000))]);
  await trade(chain, long, btc(1));
  chain.prices.set(at({ 'BTC-USD': '56500' }));
  for (let i = 0; i < 3; i++) await chain.block();
  const perps = chain.plimsoll.modules.find(({ name }) => name === 'perps')!;
  const exported = perps.exportGenesis(ctxOf(chain)) as { collateral: Record<string, unknown[]> };
  const { assets, states, totals, balances, conversions } = exported.collateral;
  assert.deepEqual(
    [assets, states, totals, balances, conversions].map((each) => each?.length),
    [2, 2, 1, 1, 1],
  );
  perps.validateGenesis(exported as never);
  await chain.close();
});

describe('for any sequence of deposits, trades, prices and sales', () => {
  const step = fc.record({
    trader: fc.integer({ min: 0, max: 3 }),
    action: fc.constantFrom('deposit', 'collateral', 'withdraw', 'take', 'buy', 'sell', 'bid', 'none'),
    size: fc.integer({ min: 1, max: 60 }),
    move: fc.constantFrom(0, 0, 1, -1, 4, -4, -12, 15, -30),
    peg: fc.constantFrom('1', '1', '1.02', '0.97', '0.9'),
    stable: fc.boolean(),
  });
  test('ID-1 to ID-4 and INV-K2 hold after every block, with and without the health index', async () => {
    let sales = 0;
    let bankrupt = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
        const chain = await started();
        await chain.block([chain.sign(alice, [deposit(alice, usdc(3_000)), depositOf(alice, 'uusdt', usdc(30_000))])]);
        let price = 60_000;
        let clientId = 1n;
        await trade(chain, long, btc(1));
        for (const { trader, action, size, move, peg, stable } of steps) {
          price = Math.min(500_000, Math.max(5_000, Math.round(price * (1 + move / 100))));
          chain.prices.set(at({ 'BTC-USD': String(price), 'USDT-USD': peg }));
          const key = keys[trader]!;
          const denom = stable ? 'uusdt' : 'ubtc';
          const amount = stable ? usdc(size * 200) : btc(size / 200);
          const quantity = (btc((size * 400) / price) / 1_000n) * 1_000n;
          const messages = {
            deposit: [deposit(key, usdc(size * 20))],
            collateral: [depositOf(key, denom, amount)],
            withdraw: [withdraw(key, usdc(size * 40))],
            take: [withdrawOf(key, denom, amount)],
            buy: [order(key, long, quantity, usd(price), { clientId: clientId++ })],
            sell: [order(key, short, quantity, usd(price), { clientId: clientId++ })],
            bid: [buy(key, denom, amount, stable ? usd(1.1) : usd(price * 2))],
            none: [],
          }[action];
          const block = await chain.block(messages.length === 0 ? [] : [chain.sign(key, messages)]);
          sales += eventsOf(block, 'EventCollateralSold').length;
          bankrupt += eventsOf(block, 'EventCollateralTaken').length;
          assertSolvent(chain);
        }
        await chain.close();
      }),
      { numRuns: Number(process.env['PLIMSOLL_FC_RUNS'] ?? 8) },
    );
    assert.ok(sales + bankrupt > 0, 'something was sold');
  });
});
