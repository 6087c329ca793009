import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authority, createApp, type PlimsollApp } from '../app/app.js';
import { exportGenesis } from '../app/export.js';
import { mounts } from '../app/mounts.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { MarketMode, MsgResumeTrading, MsgSettleMarket, Trigger } from '../gen/plimsoll/perps/v1/breakers.js';
import { MsgCancelOrder } from '../gen/plimsoll/perps/v1/tx.js';
import { QueryBreakersRequest, QueryBreakersResponse } from '../gen/plimsoll/perps/v1/breakers_query.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { VirtualClock } from '../runtime/engine/clock.js';
import { ConsensusKey } from '../runtime/engine/consensus-key.js';
import { EmbeddedEngine } from '../runtime/engine/engine.js';
import { silentLogger } from '../runtime/log.js';
import { StoreError } from '../runtime/store/errors.js';
import { openStore } from '../runtime/store/index.js';
import { audit } from '../x/perps/block/identities.js';
import { breakerStore } from '../x/perps/breakers/store.js';
import { accrue } from '../x/perps/funding/index.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { btc, usd, usdc } from './support/amounts.js';
import { chainId, testChain, type TestChain, type TestChainOptions } from './support/chain.js';
import { decide, decisionSeconds, governed } from './support/governance.js';
import { deposit, message, order } from './support/messages.js';
import { eventsOf } from './support/orders.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;
type Keys = readonly [SigningKey, SigningKey, SigningKey, SigningKey];

/** Ether: market 2 counts 10^-8 of it too. */
const eth = btc;
const inEther = { marketId: 2 };

/** What alice and bob do with each other in a market, in one block. */
const trade = (chain: TestChain, quantity: bigint, price: bigint, marketId: number, clientId: bigint) => {
  const [alice, bob] = chain.keys as unknown as Keys;
  return [
    chain.sign(alice, [order(alice, buy, quantity, price, { marketId, clientId })]),
    chain.sign(bob, [order(bob, sell, quantity, price, { marketId, clientId })]),
  ];
};

/** Two markets; alice and bob can pay for anything and have opposite positions in both. */
async function started(options: TestChainOptions = {}): Promise<TestChain> {
  const chain = await testChain({ breakers: true, logger: silentLogger, change: governed, ...options });
  const [alice, bob] = chain.keys as unknown as Keys;
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block([alice, bob].map((key) => chain.sign(key, [deposit(key, usdc(5_000_000))])));
  await chain.block([...trade(chain, btc(1), usd(60_000), 1, 1n), ...trade(chain, eth(10), usd(3_000), 2, 2n)]);
  return chain;
}

type Break = (plimsoll: PlimsollApp, fail: () => never) => void;

/** Makes something that the module depends on fail from now on, in the application and in the one that watches it. @returns ends it */
function broken(chain: TestChain, breakIt: Break, error: () => Error = () => new Error('out of order')): () => void {
  let fails = true;
  for (const app of chain.apps)
    breakIt(app, () => {
      if (fails) throw error();
      return undefined as never;
    });
  return () => (fails = false);
}

/** Calls `fail` before what a method does for what `concerns` it: its second argument says for what it is. */
function failing(target: object, name: string, concerns: (what: unknown) => boolean, fail: () => never): void {
  const methods = target as Record<string, (...args: unknown[]) => unknown>;
  const method = methods[name]!.bind(target);
  methods[name] = (...args) => (concerns(args[1]) ? fail() : undefined) ?? method(...args);
}

/** The second market's part of a block's fees cannot be booked: all its fills are by then. */
const noFees: Break = ({ keepers: { insurance } }, fail) =>
  failing(insurance, 'contributeFees', (id) => id === 2, fail);
/** What its tranche lost cannot be read when its breakers are looked at. */
const noLosses: Break = ({ keepers: { insurance } }, fail) =>
  failing(insurance, 'loss', (tranche) => (tranche as { kind: string; number: number }).number === 2, fail);

/** Its book cannot be read when it is marked. */
const noBook: Break = ({ keepers: { perps } }, fail) => failing(perps, 'bookDepth', (id) => id === 2, fail);

/** Its auction cannot be run. */
const noMatching: Break = ({ keepers: { perps } }, fail) => {
  const bookOf = perps.book.bind(perps);
  perps.book = (ctx) => {
    const book = bookOf(ctx);
    const hasWholes = book.hasWholes.bind(book);
    book.hasWholes = (id) => (id === 2 ? fail() : undefined) ?? hasWholes(id);
    return book;
  };
};

/** Carol is long ten bitcoins and a tenth of an ether, with little behind them; bob has the other side. */
async function hold(chain: TestChain, carol: SigningKey, bob: SigningKey): Promise<void> {
  await chain.block([chain.sign(carol, [deposit(carol, usdc(31_000))])]);
  await chain.block([
    chain.sign(carol, [order(carol, buy, btc(10), usd(60_000))]),
    chain.sign(carol, [order(carol, buy, eth(0.1), usd(3_000), inEther)]),
    chain.sign(bob, [order(bob, sell, btc(10), usd(60_000), { clientId: 3n })]),
    chain.sign(bob, [order(bob, sell, eth(0.1), usd(3_000), { ...inEther, clientId: 4n })]),
  ]);
}

const ctxOf = (chain: TestChain) => chain.plimsoll.app.queryContext();
const stateOf = (chain: TestChain, id: number) => breakerStore.market(ctxOf(chain), id);
const modeOf = (chain: TestChain, id: number): string =>
  MarketMode[stateOf(chain, id)?.mode ?? 1]!.replace('MARKET_MODE_', '');
const causesOf = (chain: TestChain, id: number): string[] =>
  (stateOf(chain, id)?.active ?? []).map(({ trigger }) => Trigger[trigger]!.replace('TRIGGER_', ''));
const markOf = (chain: TestChain, id: number): bigint =>
  chain.plimsoll.keepers.perps.marketState(ctxOf(chain), id).markPrice;
const positionOf = (chain: TestChain, { address }: SigningKey, id: number): bigint =>
  chain.plimsoll.keepers.perps.position(ctxOf(chain), subaccountKey(fromBech32(address), 0), id)?.quantity ?? 0n;
const haltOf = (chain: TestChain): string => chain.plimsoll.keepers.perps.ledger(ctxOf(chain)).haltedReason;
const fillsOf = (results: Parameters<typeof eventsOf>[0], id: number) =>
  eventsOf(results, 'EventFill').filter((fill) => fill['market_id'] === id);
const assertBalanced = (chain: TestChain): void =>
  assert.deepEqual(audit(ctxOf(chain), chain.plimsoll.perpsDeps).violations, []);

const cancelIn = ({ address: owner }: SigningKey, marketId: number, clientId: bigint): TxMessage =>
  message('MsgCancelOrder', MsgCancelOrder, { owner, subaccountNumber: 0, marketId, clientId });
const resume = (marketId: number): TxMessage => ({
  typeName: 'plimsoll.perps.v1.MsgResumeTrading',
  bytes: MsgResumeTrading.encode({ authority, marketId }).finish(),
});

/** The council decides, and what it decided holds. */
async function decided(chain: TestChain, id: bigint, msg: TxMessage): Promise<void> {
  const [alice, bob] = chain.keys as unknown as Keys;
  await decide(chain, id, msg, [alice, bob]);
  for (let i = 0; i < decisionSeconds; i++) await chain.block();
}

describe('T-A3 work of one market fails', () => {
  test('in the same block the market is frozen without a trace of what failed, and the others match and liquidate', async () => {
    const chain = await started({ breakers: false });
    const [alice, bob, , weak] = chain.keys as unknown as Keys;
    await chain.block([chain.sign(weak, [deposit(weak, usdc(31_000))])]);
    await chain.block([
      chain.sign(weak, [order(weak, buy, btc(10), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(10), usd(60_000), { clientId: 3n })]),
      chain.sign(alice, [order(alice, buy, btc(30), usd(57_300), { clientId: 3n })]),
      chain.sign(alice, [order(alice, buy, eth(1), usd(2_900), { ...inEther, clientId: 4n })]),
    ]);
    assert.equal(positionOf(chain, weak, 1), btc(10));
    const held = [alice, bob].map((key) => positionOf(chain, key, 2));
    broken(chain, noFees);
    chain.prices.set({ 'BTC-USD': '57400', 'ETH-USD': '2990' });
    await chain.block();
    const { height, results } = await chain.block([
      ...trade(chain, btc(0.5), usd(57_400), 1, 5n),
      ...trade(chain, eth(2), usd(3_000), 2, 6n),
    ]);

    assert.deepEqual(eventsOf(results, 'EventMarketFault'), [{ market_id: 2, step: 'end of block: fees' }]);
    const [told] = eventsOf(results, 'EventBreaker').filter((each) => each['market_id'] === 2);
    assert.deepEqual([told!['trigger'], told!['after']], ['TRIGGER_FAULT', 'MARKET_MODE_HALTED']);
    assert.deepEqual([modeOf(chain, 2), causesOf(chain, 2)], ['HALTED', ['FAULT']]);
    const { fault, settlementPrice } = stateOf(chain, 2)!;
    assert.deepEqual([fault!.height, fault!.step], [height, 'end of block: fees']);
    assert.equal(settlementPrice, usd(3_000), 'what it averaged before');
    const query = QueryBreakersRequest.encode(QueryBreakersRequest.fromPartial({ marketId: 2 })).finish();
    const answer = chain.plimsoll.app.router.query(ctxOf(chain), '/plimsoll.perps.v1.Query/Breakers', query);
    const [info] = QueryBreakersResponse.decode(answer).markets;
    assert.deepEqual(info!.exits, ['governance resumes or settles the market']);
    assert.equal(info!.breakers!.fault!.step, fault!.step);
    assert.deepEqual(
      info!.actions.filter(({ verdict }) => verdict !== 'no').map(({ action }) => action),
      ['cash-in', 'resolve', 'withdraw'],
    );
    // Of the failed attempt nothing is left: not its fills, not its orders.
    assert.deepEqual(fillsOf(results, 2), []);
    assert.deepEqual(
      [alice, bob].map((key) => positionOf(chain, key, 2)),
      held,
    );
    assert.deepEqual(
      results.txResults.slice(1).map(({ code }) => code),
      [0, 0, 170, 170],
    );
    assert.match(results.txResults[3]!.log, /ETH-USD since height \d+, when it failed \(end of block: fees\)/);
    // The other market did all of its work.
    const fills = fillsOf(results, 1);
    assert.ok(fills.some((fill) => fill['liquidation'] === true));
    assert.ok(fills.some((fill) => fill['client_id'] === '5'));
    assert.equal(modeOf(chain, 1), 'NORMAL');
    assertBalanced(chain);
    await chain.close();
  });

  test('also when its matching fails; and when the cause is gone governance lets it go on', async () => {
    const chain = await started();
    const mend = broken(chain, noMatching);
    const { results } = await chain.block([
      ...trade(chain, btc(0.5), usd(60_000), 1, 5n),
      ...trade(chain, eth(2), usd(3_000), 2, 6n),
    ]);
    assert.deepEqual(eventsOf(results, 'EventMarketFault'), [{ market_id: 2, step: 'end of block: auction' }]);
    assert.deepEqual([modeOf(chain, 1), modeOf(chain, 2)], ['NORMAL', 'HALTED']);
    assert.ok(fillsOf(results, 1).some((fill) => fill['client_id'] === '5'));
    assert.deepEqual(fillsOf(results, 2), []);
    mend();
    await decided(chain, 1n, resume(2));
    assert.equal(modeOf(chain, 2), 'AUCTION');
    assertBalanced(chain);
    await chain.close();
  });

  test('INV-X1 while it is frozen cash comes in and cancels go through; its mark stands, and nobody hides behind it', async () => {
    const chain = await started({ breakers: false });
    const [alice, bob, carol] = chain.keys as unknown as Keys;
    await hold(chain, carol, bob);
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(30), usd(57_300), { clientId: 3n })]),
      chain.sign(alice, [order(alice, buy, eth(1), usd(2_900), { ...inEther, clientId: 4n })]),
    ]);
    broken(chain, noLosses);
    const { results: failed } = await chain.block();
    assert.deepEqual(eventsOf(failed, 'EventMarketFault'), [
      { market_id: 2, step: 'begin of block: prices and funding' },
    ]);
    const mark = markOf(chain, 2);
    chain.prices.set({ 'BTC-USD': '60000', 'ETH-USD': '2950' });
    for (let i = 0; i < 40; i++) {
      const { results } = await chain.block();
      assert.deepEqual(eventsOf(results, 'EventMarketFault'), [], 'told once');
    }
    assert.equal(markOf(chain, 2), mark);
    const { results } = await chain.block([
      chain.sign(carol, [deposit(carol, usdc(1))]),
      chain.sign(alice, [cancelIn(alice, 2, 4n)]),
      chain.sign(alice, [order(alice, sell, eth(1), usd(3_000), { ...inEther, clientId: 7n, reduceOnly: true })]),
    ]);
    assert.deepEqual(
      results.txResults.slice(1).map(({ code }) => code),
      [0, 0, 170],
    );
    // Its price is 40 s old by now; what carol loses in the other market is closed there all the same.
    chain.prices.set({ 'BTC-USD': '57400', 'ETH-USD': '2950' });
    await chain.block();
    const { results: fallen } = await chain.block();
    const closed = fillsOf(fallen, 1).filter((fill) => fill['liquidation'] === true);
    assert.equal(closed.length, 1);
    assert.ok(positionOf(chain, carol, 1) < btc(10));
    assert.equal(positionOf(chain, carol, 2), eth(0.1));
    assertBalanced(chain);
    await chain.close();
  });

  test('governance lets it go on when the cause is gone: it re-opens by auction', async () => {
    const chain = await started();
    const repair = broken(chain, noLosses);
    await chain.block();
    assert.equal(modeOf(chain, 2), 'HALTED');
    repair();
    for (let i = 0; i < 5; i++) await chain.block();
    assert.equal(modeOf(chain, 2), 'HALTED', 'it does not thaw by itself');
    await decided(chain, 1n, resume(2));
    assert.equal(modeOf(chain, 2), 'AUCTION');
    assert.deepEqual(causesOf(chain, 2), ['REOPEN']);
    for (let i = 0; i < 70 && modeOf(chain, 2) !== 'NORMAL'; i++) await chain.block();
    const { results } = await chain.block(trade(chain, eth(1), usd(3_000), 2, 20n));
    assert.equal(fillsOf(results, 2).length, 2);
    assertBalanced(chain);
    await chain.close();
  });

  test('time in which it was frozen pays no funding, also where no auction re-opens it', async () => {
    const ratePpb = 1_000_000n;
    const chain = await started({
      breakers: false,
      change(state) {
        governed(state);
        const funding = { minute: `${Date.parse('2026-01-01T00:00:00Z') / 60_000}`, rate_ppb: `${ratePpb}` };
        const price = `${usd(3_000)}`;
        const { market_states: states } = state['perps'] as { market_states: unknown[] };
        states.push({ market_id: 2, oracle_price: price, mark_price: price, funding_index: '0', funding });
      },
    });
    const { perps } = chain.plimsoll.keepers;
    const indexOf = (): bigint => perps.marketState(ctxOf(chain), 2).fundingIndex;
    const repair = broken(chain, noLosses);
    await chain.block();
    repair();
    const index = indexOf();
    for (let minute = 0; minute < 10; minute++) await chain.block([], 60_000n);
    await decided(chain, 1n, resume(2));
    for (let i = 0; i < 3; i++) await chain.block();
    assert.equal(modeOf(chain, 2), 'NORMAL');
    const paid = indexOf() - index;
    for (let i = 0; i < 3; i++) await chain.block([], 20_000n);
    const minute = accrue(0n, usd(3_000), ratePpb, 1n);
    assert.ok(minute > 0n && paid <= minute, `${paid} for some seconds; a minute is ${minute}`);
    assert.equal(indexOf() - index - paid, minute);
    await chain.close();
  });

  test('and if the cause is not gone it is frozen again at once', async () => {
    const chain = await started();
    broken(chain, noLosses);
    await chain.block();
    const first = stateOf(chain, 2)!.fault!.height;
    await decided(chain, 1n, resume(2));
    assert.equal(modeOf(chain, 2), 'HALTED');
    assert.ok(stateOf(chain, 2)!.fault!.height > first);
    assert.equal(haltOf(chain), '');
    await chain.close();
  });

  test('a settlement takes it out for ever, at what it averaged before it failed', async () => {
    const chain = await started();
    const [alice, bob] = chain.keys as unknown as Keys;
    broken(chain, noLosses);
    await chain.block();
    chain.prices.set({ 'BTC-USD': '60000', 'ETH-USD': '3600' });
    const settle = MsgSettleMarket.encode({ authority, marketId: 2, onlyWithoutPrice: false }).finish();
    await decided(chain, 1n, { typeName: 'plimsoll.perps.v1.MsgSettleMarket', bytes: settle });
    await chain.block();
    const { settlement, fault, mode } = stateOf(chain, 2)!;
    assert.deepEqual([fault, MarketMode[mode]], [undefined, 'MARKET_MODE_SETTLEMENT']);
    assert.deepEqual([settlement!.price, settlement!.done], [usd(3_000), true]);
    for (const key of [alice, bob]) assert.equal(positionOf(chain, key, 2), 0n);
    assertBalanced(chain);
    await chain.close();
  });

  test('who goes bankrupt by another market is resolved in it too, at its last mark', async () => {
    const chain = await started({ breakers: false });
    const [, bob, carol] = chain.keys as unknown as Keys;
    await hold(chain, carol, bob);
    broken(chain, noBook);
    await chain.block();
    assert.equal(stateOf(chain, 2)!.fault!.step, 'begin of block: prices and funding');
    chain.prices.set({ 'BTC-USD': '50000', 'ETH-USD': '3000' });
    await chain.block();
    const { results } = await chain.block();
    const closed = eventsOf(results, 'EventDeleveraged').filter((each) => each['market_id'] === 2);
    assert.deepEqual([...new Set(closed.map((each) => each['price']))], [`${usd(3_000)}`]);
    assert.deepEqual([positionOf(chain, carol, 1), positionOf(chain, carol, 2)], [0n, 0n]);
    assert.equal(haltOf(chain), '');
    assertBalanced(chain);
    await chain.close();
  });
});

describe('T-A3 what fails is no one market’s, or cannot be left out', () => {
  test('trading halts, blocks go on, cash comes in and cancels go through; governance resumes it', async () => {
    const chain = await started();
    const [alice] = chain.keys as unknown as Keys;
    await chain.block([chain.sign(alice, [order(alice, buy, btc(1), usd(59_000), { clientId: 4n })])]);
    const repair = broken(chain, ({ keepers: { backstop } }, fail) => failing(backstop, 'payable', () => true, fail));
    const { results } = await chain.block(trade(chain, btc(0.5), usd(60_000), 1, 5n));
    assert.equal(haltOf(chain), 'FAULT: end of block failed');
    assert.deepEqual(eventsOf(results, 'EventMarketFault'), [{ market_id: 0, step: 'end of block' }]);
    assert.deepEqual(fillsOf(results, 1), []);
    const tried = await chain.block([
      chain.sign(alice, [deposit(alice, usdc(1))]),
      chain.sign(alice, [cancelIn(alice, 1, 4n)]),
      chain.sign(alice, [order(alice, buy, btc(1), usd(59_000), { clientId: 6n })]),
    ]);
    assert.deepEqual(
      tried.results.txResults.slice(1).map(({ code }) => code),
      [0, 0, 26],
    );
    assert.match(tried.results.txResults[3]!.log, /FAULT: end of block failed; deposits and cancels are accepted/);
    repair();
    await decided(chain, 1n, resume(0));
    assert.equal(haltOf(chain), '');
    assertBalanced(chain);
    await chain.close();
  });

  test('a frozen market that fails again, in a bankruptcy that no block may leave behind, halts the exchange', async () => {
    const chain = await started({ breakers: false });
    const [, bob, carol] = chain.keys as unknown as Keys;
    await hold(chain, carol, bob);
    broken(chain, noBook);
    // A market's deficits are booked to a cover that cannot be read.
    broken(chain, ({ keepers: { insurance } }, fail) => failing(insurance, 'cover', (id) => id === 2, fail));
    await chain.block();
    assert.equal(stateOf(chain, 2)!.fault!.step, 'begin of block: prices and funding');
    chain.prices.set({ 'BTC-USD': '50000', 'ETH-USD': '3000' });
    await chain.block();
    await chain.block();
    assert.equal(haltOf(chain), 'FAULT: end of block: deficits of market 2 failed');
    assertBalanced(chain);
    await chain.close();
  });

  for (const [module, break_] of [
    ['insurance', ({ keepers: { insurance } }, fail) => failing(insurance.store, 'epochDay', () => true, fail)],
    ['backstop', ({ keepers: { backstop } }, fail) => failing(backstop.store, 'epochDay', () => true, fail)],
  ] as const satisfies readonly (readonly [string, Break])[]) {
    test(`exits of ${module} wait, in each block, until they can be worked; all else goes on`, async () => {
      const chain = await started();
      const mend = broken(chain, break_);
      const faults = ({ events }: Parameters<typeof eventsOf>[0]) =>
        events.filter(({ type }) => type === `plimsoll.${module}.v1.EventFault`).length;
      for (const clientId of [5n, 6n]) {
        const { results } = await chain.block(trade(chain, btc(0.5), usd(60_000), 1, clientId));
        assert.equal(faults(results), 1);
        assert.ok(fillsOf(results, 1).some((fill) => fill['client_id'] === `${clientId}`));
      }
      assert.deepEqual([haltOf(chain), modeOf(chain, 1)], ['', 'NORMAL']);
      assertBalanced(chain);
      mend();
      assert.equal(faults((await chain.block()).results), 0);
      await chain.close();
    });
  }

  for (const [what, error] of [
    ['an exhausted stack', () => new RangeError('Maximum call stack size exceeded')],
    ['a store that is damaged', () => new StoreError('corrupt', 'log of version 7 is missing')],
    ['an error of the database', () => Object.assign(new Error('IO error'), { code: 'LEVEL_IO_ERROR' })],
  ] as const) {
    test(`${what} stops the node, and what was restarted executes the same block`, async () => {
      const path = mkdtempSync(join(tmpdir(), 'plimsoll-'));
      const chain = await started({ path });
      broken(chain, noLosses, error);
      const { height } = chain.engine;
      await assert.rejects(chain.block(), error());
      assert.equal(ctxOf(chain).block.height, height);
      await chain.close();

      const again = await testChain({ path, breakers: true, logger: silentLogger, change: governed });
      await again.block();
      assert.ok(ctxOf(again).block.height > height);
      assert.deepEqual([stateOf(again, 2), haltOf(again)], [undefined, '']);
      await again.close();
      rmSync(path, { recursive: true });
    });
  }
});

describe('T-A3 a frozen market is state', () => {
  test('that a restart from disk keeps, with every other account as it was', async () => {
    const path = mkdtempSync(join(tmpdir(), 'plimsoll-'));
    const before = await started({ path });
    broken(before, noLosses);
    for (let i = 0; i < 3; i++) await before.block();
    const state = stateOf(before, 2);
    const mark = markOf(before, 2);
    assert.equal(state!.fault!.step, 'begin of block: prices and funding');
    await before.close();

    const chain = await testChain({ path, breakers: true, logger: silentLogger, change: governed });
    assert.deepEqual(stateOf(chain, 2), state);
    chain.prices.set({ 'BTC-USD': '60100', 'ETH-USD': '3100' });
    for (let i = 0; i < 3; i++) await chain.block();
    assert.deepEqual([markOf(chain, 2), modeOf(chain, 2), modeOf(chain, 1)], [mark, 'HALTED', 'NORMAL']);
    const { results } = await chain.block(trade(chain, btc(1), usd(60_100), 1, 9n));
    assert.equal(fillsOf(results, 1).length, 2);
    assertBalanced(chain);
    await chain.close();
    rmSync(path, { recursive: true });
  });

  test('that an export carries', async () => {
    const chain = await started();
    broken(chain, noLosses);
    await chain.block();
    const ctx = ctxOf(chain);
    const genesis = exportGenesis(chain.plimsoll, ctx, chain.engine.genesis, false);
    const store = await openStore({ mounts });
    const { app, keepers } = createApp({ store, chainId, prices: chain.prices, logger: silentLogger });
    const engine = await EmbeddedEngine.open({
      app,
      genesis: JSON.parse(JSON.stringify(genesis)) as typeof genesis,
      validator: ConsensusKey.fromSeed(Buffer.alloc(32, 7)),
      clock: new VirtualClock(ctx.block.timeMs + 60_000n),
      logger: silentLogger,
    });
    await engine.produceBlock();
    const copy = app.queryContext();
    assert.deepEqual(breakerStore.market(copy, 2), stateOf(chain, 2));
    assert.equal(keepers.perps.marketState(copy, 2).markPrice, markOf(chain, 2));
    await engine.stop();
    await store.close();
    await chain.close();
  });
});
