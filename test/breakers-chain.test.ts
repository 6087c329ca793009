import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { authority, createApp } from '../app/app.js';
import { mounts } from '../app/mounts.js';
import { Context } from '../runtime/baseapp/context.js';
import type { Module } from '../runtime/baseapp/module.js';
import { TypedEvents } from '../runtime/codec/typed-events.js';
import { openStore } from '../runtime/store/index.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { MarketMode, MsgResumeTrading, MsgSettleMarket, Trigger } from '../gen/plimsoll/perps/v1/breakers.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { audit } from '../x/perps/block/identities.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { equity } from '../x/perps/margin/index.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { resumeTrading } from '../x/perps/breakers/msgs.js';
import { breakerStore } from '../x/perps/breakers/store.js';
import { btc, usd, usdc } from './support/amounts.js';
import { strictLogger, testChain, type TestChain } from './support/chain.js';
import { decide, decisionSeconds, governed } from './support/governance.js';
import { marketFor } from './support/markets.js';
import { deposit, order, withdraw } from './support/messages.js';
import { cancel, eventsOf, idsOf, positionOf } from './support/orders.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;
type Key = SigningKey;

/** A chain with breakers and a class A market, on which alice and bob hold 1,000,000 USDC each. */
async function started(): Promise<TestChain> {
  const chain = await testChain({ markets: [marketFor('BTC-USD', 'A', usdc(1_000_000))], breakers: true });
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block(chain.keys.slice(0, 2).map((key) => chain.sign(key, [deposit(key, usdc(1_000_000))])));
  return chain;
}

const stateOf = (chain: TestChain) => breakerStore.market(chain.plimsoll.app.queryContext(), 1);
const perpsEquity = (chain: TestChain, key: Key): bigint => {
  const ctx = chain.plimsoll.app.queryContext();
  const { keeper } = chain.plimsoll.perpsDeps;
  return equity(keeper.account(ctx, subaccountKey(fromBech32(key.address), 0)), keeper.markets(ctx));
};
const modeOf = (chain: TestChain): string => MarketMode[stateOf(chain)?.mode ?? 1]!.replace('MARKET_MODE_', '');
const causesOf = (chain: TestChain): string[] =>
  (stateOf(chain)?.active ?? []).map(({ trigger }) => Trigger[trigger]!.replace('TRIGGER_', ''));

/** Blocks of a second each until the market is in a mode. */
async function until(chain: TestChain, mode: string, most: number): Promise<number> {
  for (let blocks = 0; blocks < most; blocks++) {
    if (modeOf(chain) === mode) return blocks;
    await chain.block();
  }
  assert.fail(`not ${mode} after ${most} blocks: ${modeOf(chain)} by ${causesOf(chain).join(', ')}`);
}

/** What breakers keep is in the exported state, and a chain that begins with it has the same. */
async function assertExported(chain: TestChain): Promise<void> {
  const exported = (module: Module, from: Context): { breakers: { held_cancels: unknown[]; markets: unknown[] } } =>
    JSON.parse(JSON.stringify(module.exportGenesis(from))) as never;
  const perpsOf = ({ modules }: typeof chain.plimsoll): Module => modules.find(({ name }) => name === 'perps')!;
  const ctx = chain.plimsoll.app.queryContext();
  const before = exported(perpsOf(chain.plimsoll), ctx);
  assert.equal(before.breakers.held_cancels.length, 1);
  assert.equal(before.breakers.markets.length, 1);
  const store = await openStore({ mounts });
  const app = createApp({ store, chainId: 'copy', prices: chain.prices, logger: strictLogger });
  const copy = new Context(
    store.cache(),
    { ...ctx.block, chainId: 'copy' },
    'genesis',
    store.at(),
    new TypedEvents(app.registry),
  );
  for (const [index, module] of app.modules.entries())
    if (module.name !== 'genutil') module.initGenesis(copy, chain.plimsoll.modules[index]!.exportGenesis(ctx));
  assert.deepEqual(exported(perpsOf(app), copy).breakers, before.breakers);
  await store.close();
}

/** Lets time pass before the next block; a block's time is that at which the one before was signed. */
async function pass(chain: TestChain, ms: bigint): Promise<void> {
  await chain.block([], ms);
  await chain.block();
}

const outcome = (
  results: { readonly txResults: readonly { readonly code: number; readonly log: string }[] },
  index = 1,
) => results.txResults[index]!;

describe('B1: a price that falls too fast', () => {
  test('stops the market for an auction that trades at one price and re-opens it', async () => {
    const chain = await started();
    const [alice, bob] = chain.keys as [Key, Key];
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(1), usd(60_000), { clientId: 1n })]),
    ]);
    assert.equal(positionOf(chain, alice), btc(1));
    // 2.9 % is under the floor of class A, 3 % is not.
    chain.prices.set({ 'BTC-USD': '58260' });
    await chain.block();
    await chain.block();
    assert.equal(modeOf(chain), 'NORMAL');
    chain.prices.set({ 'BTC-USD': '58199' });
    await chain.block();
    const { results } = await chain.block();
    assert.equal(modeOf(chain), 'AUCTION');
    assert.deepEqual(causesOf(chain), ['VELOCITY']);
    const [told] = eventsOf(results, 'EventBreaker');
    assert.deepEqual([told!['trigger'], told!['limit']], ['TRIGGER_VELOCITY', '30000000']);

    // Orders cross and wait, also those that would end with their block.
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(0.5), usd(58_300), { clientId: 2n })]),
      chain.sign(bob, [order(bob, sell, btc(0.2), usd(58_100), { clientId: 2n })]),
    ]);
    assert.equal(positionOf(chain, alice), btc(1));
    assert.deepEqual(idsOf(chain, alice).open, [2n]);
    // Margin is half as much again: 100 BTC need 8.7 million, which nobody has.
    const waited = await until(chain, 'NORMAL', 70);
    assert.ok(waited >= 57 && waited <= 66, `${waited} blocks`);
    assert.equal(positionOf(chain, alice), btc(1.2), 'at one price');
    assert.deepEqual(causesOf(chain), []);
    assert.equal(stateOf(chain), undefined, 'a market in which nothing holds leaves no trace');
    await chain.close();
  });

  test('a cancel in the last five seconds is taken, and waits for the end; who rested before leaves at once (INV-X1)', async () => {
    const chain = await started();
    const [alice] = chain.keys as [Key];
    await chain.block([chain.sign(alice, [order(alice, buy, btc(0.1), usd(50_000), { clientId: 1n })])]);
    chain.prices.set({ 'BTC-USD': '55000' });
    await chain.block();
    await chain.block();
    assert.equal(modeOf(chain), 'AUCTION');
    await chain.block([chain.sign(alice, [order(alice, buy, btc(0.1), usd(54_000), { clientId: 2n })])]);
    const { endMs } = stateOf(chain)!.auction!;
    while (chain.plimsoll.app.queryContext().block.timeMs < endMs - 5_000n) await chain.block();
    const { results } = await chain.block([
      chain.sign(alice, [cancel(alice, 1n)]),
      chain.sign(alice, [cancel(alice, 2n)]),
    ]);
    assert.deepEqual([outcome(results, 1).code, outcome(results, 2).code], [0, 0]);
    assert.deepEqual(idsOf(chain, alice).open, [2n]);
    await assertExported(chain);
    await until(chain, 'NORMAL', 80);
    assert.deepEqual(idsOf(chain, alice).open, []);
    await chain.close();
  });
});

describe('B3a: a price that does not come', () => {
  test('raises margin, then lets positions only shrink, then halts; twenty prices and an auction re-open', async () => {
    const chain = await started();
    const [alice, bob] = chain.keys as [Key, Key];
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
    ]);
    chain.prices.set({});
    await chain.block();
    await pass(chain, 6_000n);
    assert.equal(modeOf(chain), 'NORMAL');
    assert.ok(stateOf(chain)!.openingAddOnPpb > 0n, 'late');
    await pass(chain, 24_000n);
    assert.equal(modeOf(chain), 'REDUCE_ONLY');
    const { results: opening } = await chain.block([
      chain.sign(alice, [order(alice, buy, btc(1), usd(60_000), { clientId: 2n })]),
    ]);
    assert.match(outcome(opening, 1).log, /price is 3\d000 ms old, at most 30000; reduce-only orders are accepted/);
    await pass(chain, 90_000n);
    assert.equal(modeOf(chain), 'HALTED');
    // Cash in and risk out: the order waits for the auction.
    const { results } = await chain.block([
      chain.sign(alice, [
        deposit(alice, usdc(1)),
        order(alice, sell, btc(1), usd(59_990), { clientId: 3n, reduceOnly: true }),
      ]),
      chain.sign(bob, [order(bob, buy, btc(1), usd(60_010), { clientId: 3n, reduceOnly: true })]),
    ]);
    assert.deepEqual([outcome(results, 1).code, outcome(results, 2).code], [0, 0], outcome(results, 1).log);
    assert.equal(positionOf(chain, alice), btc(1));
    chain.prices.set({ 'BTC-USD': '60000' });
    const halted = await until(chain, 'AUCTION', 30);
    assert.ok(halted >= 20 && halted <= 22, `${halted} blocks`);
    await until(chain, 'NORMAL', 70);
    assert.equal(positionOf(chain, alice), 0n);
    await chain.close();
  });
});

describe('B10: no blocks for five minutes', () => {
  test('INV-X2 nobody is liquidated before the auction, which is half a minute after the first block at least', async () => {
    const chain = await started();
    const [alice, bob] = chain.keys as [Key, Key];
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(30), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(30), usd(60_000))]),
    ]);
    assert.equal(positionOf(chain, alice), btc(30));
    await pass(chain, 299_000n);
    assert.equal(causesOf(chain).includes('OUTAGE'), false);
    // 990,000 of the million are lost when blocks come again: 10,000 are left of 20,250 that are needed.
    chain.prices.set({ 'BTC-USD': '27000' });
    await pass(chain, 300_000n);
    const at = (): bigint => chain.plimsoll.app.queryContext().block.timeMs;
    assert.ok(causesOf(chain).includes('OUTAGE'));
    assert.equal(modeOf(chain), 'AUCTION');
    const { graceUntilMs, auction } = stateOf(chain)!;
    assert.equal(graceUntilMs - auction!.startMs, 30_000n);
    let first: bigint | undefined;
    for (let blocks = 0; blocks < 70 && first === undefined; blocks++) {
      const { results } = await chain.block();
      if (eventsOf(results, 'EventLiquidation').length > 0) first = at();
      else assert.equal(positionOf(chain, alice), btc(30));
    }
    assert.ok(first! >= auction!.endMs, 'it joins the auction that re-opens the market');
    assert.equal(perpsEquity(chain, alice) >= 0n, true);
    await chain.close();
  });
});

describe('settlement', () => {
  test('closes everything at the average of 30 minutes before the market was stopped, both sides alike', async () => {
    const chain = await testChain({
      markets: [marketFor('BTC-USD', 'A', usdc(1_000_000))],
      breakers: true,
      change(state) {
        const { params } = state['perps'] as { params: { breakers: Record<string, unknown> } };
        params.breakers['settled_per_block'] = 2;
        governed(state);
      },
    });
    for (let i = 0; i < 4; i++) await chain.block();
    const traders = chain.keys.slice(0, 4);
    await chain.block(traders.map((key) => chain.sign(key, [deposit(key, usdc(1_000_000))])));
    const [alice, bob, carol, dave] = traders as [Key, Key, Key, Key];
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(3), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
      chain.sign(carol, [order(carol, sell, btc(2), usd(60_000))]),
      chain.sign(dave, [order(dave, buy, btc(1), usd(50_000))]),
    ]);
    const settle = MsgSettleMarket.encode({ authority, marketId: 1, onlyWithoutPrice: false }).finish();
    await decide(chain, 1n, { typeName: 'plimsoll.perps.v1.MsgSettleMarket', bytes: settle }, [alice, bob]);
    for (let i = 0; i < 62; i++) await chain.block();
    // A pump that the breaker stops: nobody is paid at its price.
    chain.prices.set({ 'BTC-USD': '90000' });
    await chain.block();
    await chain.block();
    assert.equal(modeOf(chain), 'AUCTION');
    assert.equal(stateOf(chain)!.settlementPrice, usd(60_000));
    const { perps } = chain.plimsoll.keepers;
    const marketState = () => perps.marketState(chain.plimsoll.app.queryContext(), 1);
    assert.equal(marketState().oraclePrice, usd(90_000));
    await until(chain, 'SETTLEMENT', 15);
    assert.equal(stateOf(chain)!.settlement!.price, usd(60_000));
    const sizes: bigint[] = [];
    for (let blocks = 0; blocks < 10 && !stateOf(chain)!.settlement!.done; blocks++) {
      const { longQuanta, shortQuanta } = marketState();
      assert.equal(longQuanta, shortQuanta);
      sizes.push(longQuanta);
      await chain.block();
    }
    assert.ok(sizes.length > 1, `in bounded steps: ${sizes.join(', ')}`);
    assert.equal(stateOf(chain)!.settlement!.done, true);
    assert.deepEqual(
      traders.map((key) => positionOf(chain, key)),
      [0n, 0n, 0n, 0n],
    );
    assert.deepEqual(idsOf(chain, dave).open, [], 'orders are cancelled');
    const { results } = await chain.block([
      chain.sign(alice, [order(alice, buy, btc(1), usd(60_000), { clientId: 9n })]),
      chain.sign(carol, [withdraw(carol, usdc(5_000))]),
    ]);
    assert.match(outcome(results, 1).log, /all positions are closed at its final price/);
    assert.equal(outcome(results, 2).code, 0, outcome(results, 2).log);
    assert.equal(marketState().markPrice, usd(60_000), 'its last price stays');
    assert.deepEqual(audit(chain.plimsoll.app.queryContext(), chain.plimsoll.perpsDeps).violations, []);
    await chain.close();
  });
});

describe('B9, a broken identity', () => {
  const resume = {
    typeName: 'plimsoll.perps.v1.MsgResumeTrading',
    bytes: MsgResumeTrading.encode({ authority, marketId: 0 }).finish(),
  };

  test('stops everything but cash in and cancels, until governance finds the books in order', async () => {
    const chain = await testChain({
      markets: [marketFor('BTC-USD', 'A', usdc(1_000_000))],
      breakers: true,
      change(state) {
        const { ledger } = state['perps'] as { ledger: { halted_reason: string } };
        ledger.halted_reason = 'ID-1: found by somebody';
        governed(state);
      },
    });
    const [alice, bob] = chain.keys as [Key, Key];
    for (let i = 0; i < 4; i++) await chain.block();
    const { results } = await chain.block([
      chain.sign(alice, [deposit(alice, usdc(10_000))]),
      chain.sign(alice, [withdraw(alice, usdc(1))]),
      chain.sign(alice, [order(alice, buy, btc(0.1), usd(60_000))]),
      chain.sign(alice, [
        { ...resume, bytes: MsgResumeTrading.encode({ authority: alice.address, marketId: 0 }).finish() },
      ]),
    ]);
    assert.equal(outcome(results, 1).code, 0);
    for (const index of [2, 3]) {
      assert.equal(outcome(results, index).code, 26);
      assert.match(outcome(results, index).log, /ID-1: found by somebody; deposits and cancels are accepted/);
    }
    assert.equal(outcome(results, 4).code, 23, 'only governance resumes');

    await decide(chain, 1n, resume, [alice, bob]);
    for (let i = 0; i < decisionSeconds; i++) await chain.block();
    const { perps } = chain.plimsoll.keepers;
    assert.equal(perps.ledger(chain.plimsoll.app.queryContext()).haltedReason, '');
    await until(chain, 'NORMAL', 120);
    const traded = await chain.block([
      chain.sign(alice, [order(alice, buy, btc(0.1), usd(60_000), { clientId: 2n })]),
      chain.sign(alice, [withdraw(alice, usdc(1))]),
    ]);
    for (const index of [1, 2])
      assert.equal(outcome(traded.results, index).code, 0, outcome(traded.results, index).log);
    await chain.close();
  });

  test('does not end while the books do not add up', async () => {
    const chain = await started();
    const ctx = chain.plimsoll.app.queryContext();
    const { perpsDeps } = chain.plimsoll;
    assert.throws(() => resumeTrading(ctx, perpsDeps, { authority, marketId: 0 }), /no identity is broken/);
    const ledger = perpsDeps.keeper.ledger(ctx);
    perpsDeps.keeper.setLedger(ctx, { ...ledger, dust: ledger.dust + 1n, haltedReason: 'ID-1: off by one' });
    assert.throws(() => resumeTrading(ctx, perpsDeps, { authority, marketId: 0 }), /ID-1/);
    perpsDeps.keeper.setLedger(ctx, { ...ledger, haltedReason: 'ID-1: off by one' });
    resumeTrading(ctx, perpsDeps, { authority, marketId: 0 });
    assert.equal(perpsDeps.keeper.ledger(ctx).haltedReason, '');
    await chain.close();
  });
});

describe('the permitted-action table on the chain', () => {
  test('INV-X1 whatever the state, cash comes in and cancels go through; what opens a position does not where the table says no', async () => {
    const chain = await started();
    const [alice, bob] = chain.keys as [Key, Key];
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
    ]);
    let id = 100n;
    /** deposit, reduce-only order, its cancel, opening order, its cancel: what each comes to. */
    const tried = async (): Promise<string> => {
      const [reducing, opening] = [id++, id++];
      const { results } = await chain.block([
        chain.sign(alice, [deposit(alice, usdc(1))]),
        chain.sign(alice, [order(alice, sell, btc(0.1), usd(61_000), { clientId: reducing, reduceOnly: true })]),
        chain.sign(alice, [cancel(alice, reducing)]),
        chain.sign(alice, [order(alice, buy, btc(0.1), usd(59_000), { clientId: opening })]),
        chain.sign(alice, [cancel(alice, opening)]),
      ]);
      return results.txResults
        .slice(-5)
        .map(({ code }) => (code === 0 ? 'ok' : code))
        .join(' ');
    };
    assert.equal(await tried(), 'ok ok ok ok ok');
    chain.prices.set({});
    await chain.block();
    await pass(chain, 31_000n);
    assert.equal(modeOf(chain), 'REDUCE_ONLY');
    // 8: the price is stale; 19: so there is nothing to cancel.
    assert.equal(await tried(), 'ok ok ok 8 19');
    await pass(chain, 120_000n);
    assert.equal(modeOf(chain), 'HALTED');
    assert.equal(await tried(), 'ok ok ok 8 19');
    chain.prices.set({ 'BTC-USD': '60000' });
    await chain.block();
    await chain.block();
    // 9: fresh prices, but not yet twenty of them.
    assert.equal(await tried(), 'ok ok ok 9 19');
    await until(chain, 'AUCTION', 30);
    assert.equal(await tried(), 'ok ok ok ok ok');
    await chain.close();
  });
});

describe('B8: a haircut', () => {
  test('in one block: who is bankrupt is resolved though the market collects for an auction; then ten minutes of reduce-only', async () => {
    const chain = await testChain({ markets: [marketFor('BTC-USD', 'C', 0n)], breakers: true });
    for (let i = 0; i < 4; i++) await chain.block();
    const [alice, bob] = chain.keys as [Key, Key];
    await chain.block([
      chain.sign(alice, [deposit(alice, usdc(15_000))]),
      chain.sign(bob, [deposit(bob, usdc(1_000_000))]),
    ]);
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
    ]);
    assert.equal(positionOf(chain, alice), btc(1));
    chain.prices.set({ 'BTC-USD': '40000' });
    await chain.block();
    const { results } = await chain.block();
    assert.equal(positionOf(chain, alice), 0n);
    const [deficit] = eventsOf(results, 'EventDeficit');
    assert.ok(BigInt(deficit!['paid_by_haircut'] as string) > 0n);
    assert.deepEqual(causesOf(chain), ['VELOCITY', 'HAIRCUT']);
    assert.equal(modeOf(chain), 'AUCTION');
    await until(chain, 'REDUCE_ONLY', 70);
    await pass(chain, 250_000n);
    assert.equal(modeOf(chain), 'REDUCE_ONLY');
    chain.prices.set({ 'BTC-USD': '40001' });
    for (let i = 0; i < 2; i++) await pass(chain, 140_000n);
    await until(chain, 'AUCTION', 30);
    assert.ok(causesOf(chain).includes('REOPEN'));
    await until(chain, 'REDUCE_ONLY', 90);
    assert.deepEqual(causesOf(chain), ['FUND'], 'the tranche paid all it had: a day, or until it has it again');
    await chain.close();
  });
});
