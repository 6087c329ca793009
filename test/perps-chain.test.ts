import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ExecTxResult } from 'cosmjs-types/tendermint/abci/types';
import { MsgCancelOrder, MsgDeposit, MsgTransfer, MsgUpdateParams } from '../gen/plimsoll/perps/v1/tx.js';
import { OrderType, Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { eventsOf } from './support/orders.js';
import { btc, usd, usdc } from './support/amounts.js';
import { marketFor } from './support/markets.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { audit } from '../x/perps/block/identities.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { defaultParams } from '../x/perps/params.js';
import { testChain, type TestChain } from './support/chain.js';
import { coin, deposit, message, order, withdraw } from './support/messages.js';

/** BTC in 10^-8, prices in 10^-6 USD. */
const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;

const keyOf = ({ address }: SigningKey): string => subaccountKey(fromBech32(address), 0);
const account = (chain: TestChain, key: SigningKey) => {
  const ctx = chain.plimsoll.app.queryContext();
  return chain.plimsoll.keepers.perps.account(ctx, keyOf(key));
};

/** Every identity holds, recounted from state, and trading was not halted. */
function assertSolvent(chain: TestChain): void {
  const ctx = chain.plimsoll.app.queryContext();
  assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
  assert.equal(chain.plimsoll.keepers.perps.ledger(ctx).haltedReason, '');
  assert.equal(chain.plimsoll.keepers.perps.ledger(ctx).badDebt, 0n);
}

/** A chain whose first four blocks brought prices. */
async function started(options: Parameters<typeof testChain>[0] = {}): Promise<TestChain> {
  const chain = await testChain(options);
  for (let i = 0; i < 4; i++) await chain.block();
  return chain;
}

describe('two traders', () => {
  test('deposit, trade at one price, pay fees, withdraw what is free', async () => {
    const chain = await started();
    const [alice, bob] = chain.keys as [SigningKey, SigningKey];
    await chain.block([
      chain.sign(alice, [deposit(alice, usdc(10_000))]),
      chain.sign(bob, [deposit(bob, usdc(10_000))]),
    ]);
    // Bob rests at 60,000; a block later alice takes.
    await chain.block([chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))])]);
    const { results } = await chain.block([
      chain.sign(alice, [order(alice, buy, btc(1), usd(60_100), { timeInForce: TimeInForce.TIME_IN_FORCE_IOC })]),
    ]);
    const fills = eventsOf(results, 'EventFill');
    assert.deepEqual(
      fills.map(({ side, price, quantity, fee }) => [side, price, quantity, fee]),
      [
        ['SIDE_BUY', '60000000000', '100000000', usdc(24).toString()],
        ['SIDE_SELL', '60000000000', '100000000', usdc(6).toString()],
      ],
    );
    assert.equal(account(chain, alice).positions[0]!.quantity, btc(1));
    assert.equal(account(chain, bob).positions[0]!.quantity, -btc(1));
    assert.equal(account(chain, alice).cash, usdc(10_000) - usdc(60_000) - usdc(24));
    // Initial margin of 60,000 at 5 % is 3,000: 6,976 are free, not a quantum more.
    const free = usdc(10_000) - usdc(24) - usdc(3_000);
    const tooMuch = await chain.block([chain.sign(alice, [withdraw(alice, free + 1n)])]);
    assert.match(tooMuch.results.txResults[1]!.log, /free are 6976000000/);
    assert.equal(tooMuch.results.txResults[1]!.codespace, 'perps');
    assert.equal((await chain.block([chain.sign(alice, [withdraw(alice, free)])])).results.txResults[1]!.code, 0);
    assertSolvent(chain);
    await chain.close();
  });
});

/** Alice long and bob short 1 BTC at 60,000 with the given collateral each; carol quotes to close against. */
async function withPositions(
  aliceCash: bigint,
  bobCash: bigint,
  options: Parameters<typeof testChain>[0] = {},
): Promise<TestChain> {
  const chain = await started(options);
  const [alice, bob] = chain.keys as [SigningKey, SigningKey];
  await chain.block([chain.sign(alice, [deposit(alice, aliceCash)]), chain.sign(bob, [deposit(bob, bobCash)])]);
  await chain.block([
    chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
    chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
  ]);
  assert.equal(account(chain, alice).positions.length, 1);
  return chain;
}

describe('liquidation', () => {
  test('INV-L2 a failing account is closed in part against the book and stands at target health again', async () => {
    const chain = await withPositions(usdc(3_100), usdc(20_000));
    const [alice, , carol] = chain.keys as [SigningKey, SigningKey, SigningKey];
    await chain.block([chain.sign(carol, [deposit(carol, usdc(100_000)), order(carol, buy, btc(1), usd(58_200))])]);
    // At 58,300 alice has 3,100 - 1,700 - 24 of fee = 1,376 against 1,457.5 of maintenance: under water, above 80 %.
    chain.prices.set({ 'BTC-USD': '58300', 'ETH-USD': '3000' });
    await chain.block();
    const first = await chain.block();
    assert.deepEqual(eventsOf(first.results, 'EventLiquidation'), [], 'the first block under water only marks');
    const second = await chain.block();
    const [event] = eventsOf(second.results, 'EventLiquidation');
    assert.equal(event!['side'], 'SIDE_SELL');
    const [fill] = eventsOf(second.results, 'EventFill').filter(({ liquidation }) => liquidation === true);
    assert.ok(fill !== undefined, 'the close filled against carol');
    const ctx = chain.plimsoll.app.queryContext();
    const markets = chain.plimsoll.keepers.perps.markets(ctx);
    const { equity, maintenanceMargin } = await import('../x/perps/margin/index.js');
    const [e, mm] = [equity(account(chain, alice), markets), maintenanceMargin(account(chain, alice), markets)];
    assert.ok(mm > 0n && e * 100n >= mm * 114n, `health ${Number(e) / Number(mm)}`);
    assertSolvent(chain);
    await chain.close();
  });

  test('a gap through bankruptcy is paid by insurance to the unit, the other side is closed at mark', async () => {
    const chain = await withPositions(usdc(3_100), usdc(20_000));
    const [alice, bob] = chain.keys as [SigningKey, SigningKey];
    const before = chain.plimsoll.keepers.insurance.balance(chain.plimsoll.app.queryContext(), 1);
    chain.prices.set({ 'BTC-USD': '50000', 'ETH-USD': '3000' });
    await chain.block();
    const { results } = await chain.block();
    // Loss 10,000, collateral 3,100 less the fee of 24: 6,924 are missing.
    const [deficit] = eventsOf(results, 'EventDeficit');
    assert.deepEqual(deficit, {
      market_id: 1,
      deficit: usdc(6_924).toString(),
      paid_by_insurance: usdc(6_924).toString(),
      paid_by_haircut: '0',
      paid_by_exchange: '0',
      bad_debt: '0',
      tranches: [
        // Half of the tranche for one event; 15 and 5 % of what fees of 48 brought to the others.
        { tranche: 'market 1', available: usdc(500_000).toString(), paid: usdc(6_924).toString() },
        { tranche: 'class A', available: '360000', paid: '0' },
        { tranche: 'global', available: '48000', paid: '0' },
      ],
      haircut_surplus: '0',
    });
    assert.equal(before - chain.plimsoll.keepers.insurance.balance(chain.plimsoll.app.queryContext(), 1), usdc(6_924));
    assert.deepEqual(account(chain, alice).positions, []);
    assert.equal(account(chain, alice).cash, 0n);
    assert.deepEqual(account(chain, bob).positions, []);
    assert.equal(account(chain, bob).cash, usdc(20_000) + usdc(10_000) - usdc(24), 'the winner is paid in full');
    assertSolvent(chain);
    await chain.close();
  });

  test('with a small fund the rest is cut from the profit of the other side, to the unit', async () => {
    const { demoMarkets } = await import('../cmd/plimsolld/devnet/demo.js');
    const chain = await withPositions(usdc(3_100), usdc(20_000), { markets: demoMarkets(usdc(1_000)) });
    const [alice, bob] = chain.keys as [SigningKey, SigningKey];
    chain.prices.set({ 'BTC-USD': '50000', 'ETH-USD': '3000' });
    await chain.block();
    const { results } = await chain.block();
    const [deficit] = eventsOf(results, 'EventDeficit');
    // Event caps let half of 1,000 out, and 0.408 of what fees of 48 brought to class and global tranche; profit pays the rest.
    const fromTrades = 408_000n;
    const haircut = usdc(6_424) - fromTrades;
    assert.equal(deficit!['paid_by_insurance'], (usdc(500) + fromTrades).toString());
    assert.equal(deficit!['paid_by_haircut'], haircut.toString());
    assert.deepEqual(
      eventsOf(results, 'EventHaircut').map(({ amount, tier }) => [amount, tier]),
      [[haircut.toString(), 1]],
    );
    assert.equal(account(chain, alice).cash, 0n);
    assert.equal(account(chain, bob).cash, usdc(20_000) + usdc(10_000) - usdc(24) - haircut);
    assertSolvent(chain);
    await chain.close();
  });
});

describe('refusals leave state as it was and say what would be accepted', () => {
  const cases: readonly (readonly [what: string, code: number, text: RegExp, make: (key: SigningKey) => TxMessage])[] =
    [
      ['off tick', 11, /the tick of BTC-USD is 100000/, (key) => order(key, buy, btc(0.1), usd(60_000) + 1n)],
      ['off step', 12, /the step of BTC-USD is 1000/, (key) => order(key, buy, btc(0.1) + 1n, usd(60_000))],
      ['no quantity', 10, /quantity: must be positive/, (key) => order(key, buy, 0n, usd(60_000))],
      ['huge quantity', 10, /not below 2\^62/, (key) => order(key, buy, 1n << 63n, usd(60_000))],
      ['dust', 13, /least of BTC-USD is 5000000/, (key) => order(key, buy, 1_000n, usd(60_000))],
      ['no side', 10, /SIDE_BUY or SIDE_SELL/, (key) => order(key, Side.SIDE_UNSPECIFIED, btc(0.1), usd(60_000))],
      ['too far from mark', 14, /may pay at most 72000000000/, (key) => order(key, buy, btc(0.1), usd(72_001))],
      ['unknown market', 4, /market_id: 99/, (key) => order(key, buy, btc(0.1), usd(60_000), { marketId: 99 })],
      [
        'too little margin',
        22,
        /needs \d+ of initial margin.*usable equity is 1000000000/,
        (key) => order(key, buy, btc(1), usd(60_000)),
      ],
      [
        'nothing to reduce',
        20,
        /would not reduce a position of 0/,
        (key) => order(key, sell, btc(0.1), usd(60_000), { reduceOnly: true }),
      ],
      [
        'bad subaccount',
        2,
        /numbers go from 0 to 127/,
        (key) => order(key, buy, btc(0.1), usd(60_000), { subaccountNumber: 128 }),
      ],
      [
        'market order without bound',
        10,
        /must bound its slippage/,
        (key) => order(key, buy, btc(0.1), 0n, { type: OrderType.ORDER_TYPE_MARKET, timeInForce: 2 }),
      ],
      [
        'market order with too wide a bound',
        14,
        /at most 100000/,
        (key) =>
          order(key, buy, btc(0.01), 0n, {
            type: OrderType.ORDER_TYPE_MARKET,
            timeInForce: 2,
            maxSlippagePpm: 100_001,
          }),
      ],
      [
        'cancel of nothing',
        19,
        /client_id: 7 is not open/,
        ({ address: owner }) =>
          message('MsgCancelOrder', MsgCancelOrder, { owner, subaccountNumber: 0, marketId: 1, clientId: 7n }),
      ],
      [
        'wrong collateral',
        5,
        /only uusdc is collateral/,
        ({ address: owner }) =>
          message('MsgDeposit', MsgDeposit, { owner, subaccountNumber: 0, amount: { denom: 'uplim', amount: '5' } }),
      ],
      [
        'negative amount',
        10,
        /not a positive integer/,
        ({ address: owner }) =>
          message('MsgDeposit', MsgDeposit, { owner, subaccountNumber: 0, amount: { denom: 'uusdc', amount: '-5' } }),
      ],
      [
        'transfer to itself',
        2,
        /is also the source/,
        ({ address: owner }) =>
          message('MsgTransfer', MsgTransfer, {
            owner,
            fromSubaccountNumber: 0,
            toSubaccountNumber: 0,
            amount: coin(5n),
          }),
      ],
      [
        'parameters by anybody',
        23,
        /expected plim1/,
        ({ address: authority }) => message('MsgUpdateParams', MsgUpdateParams, { authority, params: defaultParams }),
      ],
    ];
  test('each with its code', async () => {
    const chain = await started();
    const [alice] = chain.keys as [SigningKey];
    await chain.block([chain.sign(alice, [deposit(alice, usdc(1_000))])]);
    for (const [what, code, text, make] of cases) {
      const before = account(chain, alice);
      const { results } = await chain.block([chain.sign(alice, [make(alice)])]);
      const result: ExecTxResult = results.txResults[1]!;
      assert.equal(result.code, code, `${what}: ${result.log}`);
      assert.match(result.log, text, what);
      assert.deepEqual(account(chain, alice), before, `${what} changed the account`);
      assert.equal(
        [...chain.plimsoll.keepers.perps.ordersOf(chain.plimsoll.app.queryContext(), keyOf(alice))].length,
        0,
      );
    }
    assertSolvent(chain);
    await chain.close();
  });
});

describe('for any sequence of trades and prices', () => {
  const step = fc.record({
    trader: fc.integer({ min: 0, max: 3 }),
    action: fc.constantFrom('deposit', 'withdraw', 'buy', 'sell', 'reduce', 'none'),
    size: fc.integer({ min: 1, max: 60 }),
    offset: fc.integer({ min: -300, max: 300 }),
    move: fc.constantFrom(0, 0, 0, 1, -1, 3, -3, 8, -8, 25, -25, -60, 90),
    ioc: fc.boolean(),
  });
  test('ID-1 to ID-4 hold after every block and nobody is in debt', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const chain = await started({ markets: [marketFor('BTC-USD', 'B', usdc(2_000))] });
        let price = 60_000;
        await chain.block(chain.keys.map((key, index) => chain.sign(key, [deposit(key, usdc(2_000 * (index + 1)))])));
        let clientId = 1n;
        for (const { trader, action, size, offset, move, ioc } of steps) {
          price = Math.min(5_000_000, Math.max(50, Math.round(price * (1 + move / 100))));
          chain.prices.set({ 'BTC-USD': String(price) });
          const key = chain.keys[trader]!;
          const limit = usd(Math.round(price * (1 + offset / 10_000)));
          const timeInForce = ioc ? TimeInForce.TIME_IN_FORCE_IOC : TimeInForce.TIME_IN_FORCE_GTC;
          const quantity = btc((size * 400) / price / 10);
          const rounded = (quantity / 1_000n) * 1_000n;
          const messages: Record<typeof action, TxMessage[]> = {
            deposit: [deposit(key, usdc(size * 10))],
            withdraw: [withdraw(key, usdc(size * 20))],
            buy: [order(key, buy, rounded, limit, { clientId: clientId++, timeInForce })],
            sell: [order(key, sell, rounded, limit, { clientId: clientId++, timeInForce })],
            reduce: [
              order(key, offset > 0 ? buy : sell, rounded, limit, {
                clientId: clientId++,
                timeInForce,
                reduceOnly: true,
              }),
            ],
            none: [],
          };
          await chain.block(messages[action].length === 0 ? [] : [chain.sign(key, messages[action])]);
          assertSolvent(chain);
        }
        await chain.close();
      }),
      { numRuns: Number(process.env['PLIMSOLL_FC_RUNS'] ?? 40) },
    );
  });
});

describe('the order of transactions in a block', () => {
  const intent = fc.record({
    trader: fc.integer({ min: 0, max: 3 }),
    side: fc.constantFrom(buy, sell),
    size: fc.integer({ min: 1, max: 20 }),
    offset: fc.integer({ min: -20, max: 20 }),
  });
  test('changes no fill and no state of any trader', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(intent, { minLength: 2, maxLength: 12 }),
        fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
        async (intents, ranks) => {
          const outcomes = [];
          for (const shuffled of [false, true]) {
            const chain = await started();
            await chain.block(chain.keys.map((key) => chain.sign(key, [deposit(key, usdc(50_000))])));
            // One transaction for each trader; a trader's own sequence is its own.
            let txs = chain.keys.flatMap((key, trader) => {
              const own = intents
                .filter((each) => each.trader === trader)
                .map(({ side, size, offset }, index) =>
                  order(key, side, btc(size / 100), usd(60_000 + offset), { clientId: BigInt(index + 1) }),
                );
              return own.length === 0
                ? []
                : [{ tx: chain.sign(key, own, { gasLimit: 5_000_000n }), rank: ranks[trader]! }];
            });
            if (shuffled) txs = [...txs].sort((a, b) => a.rank - b.rank).reverse();
            const { results } = await chain.block(txs.map(({ tx }) => tx));
            const fills = eventsOf(results, 'EventFill')
              .map((fill) => JSON.stringify(fill))
              .sort();
            outcomes.push({ fills, accounts: chain.keys.map((key) => account(chain, key)) });
            assertSolvent(chain);
            await chain.close();
          }
          assert.deepEqual(outcomes[0], outcomes[1]);
        },
      ),
      { numRuns: Number(process.env['PLIMSOLL_FC_RUNS'] ?? 25) },
    );
  });
});
