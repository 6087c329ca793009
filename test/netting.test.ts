import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { authority, createApp } from '../app/app.js';
import { exportGenesis } from '../app/export.js';
import type { AppState } from '../app/genesis.js';
import { mounts } from '../app/mounts.js';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic, type SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { MarketMode, MsgSettleMarket } from '../gen/plimsoll/perps/v1/breakers.js';
import {
  QueryNettingBookRequest,
  QueryNettingBookResponse,
  QueryNettingRequestsRequest,
  QueryNettingRequestsResponse,
} from '../gen/plimsoll/perps/v1/query.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { fromBech32, toBech32 } from '../runtime/crypto/address.js';
import { VirtualClock } from '../runtime/engine/clock.js';
import { ConsensusKey } from '../runtime/engine/consensus-key.js';
import { EmbeddedEngine } from '../runtime/engine/engine.js';
import type { GenesisDoc } from '../runtime/engine/genesis-doc.js';
import { silentLogger } from '../runtime/log.js';
import { openStore } from '../runtime/store/index.js';
import { audit } from '../x/perps/block/identities.js';
import { breakerStore } from '../x/perps/breakers/store.js';
import { equity } from '../x/perps/margin/index.js';
import { nettings } from '../x/perps/netting/store.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { btc, usd, usdc } from './support/amounts.js';
import { chainId, SetPrices, strictLogger, testChain, type TestChain, type TestChainOptions } from './support/chain.js';
import { decide, decisionSeconds, governed } from './support/governance.js';
import { cancelNetting, order, requestNetting } from './support/messages.js';
import { cancelAll, eventsOf, positionOf, schedule } from './support/orders.js';
import { openPositions, type OpeningPosition } from './support/positions.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;
const keys = demoAccounts.map(({ mnemonic }) => keyFromMnemonic(mnemonic));
const [alice, bob, carol, dave] = keys as [SigningKey, SigningKey, SigningKey, SigningKey];

/** Alice is long 2 BTC from 60,000, bob and carol are short one each, all with 50,000 USDC. */
const threePositions: readonly OpeningPosition[] = [
  { owner: alice.address, quantity: btc(2), equity: usdc(50_000) },
  { owner: bob.address, quantity: -btc(1), equity: usdc(50_000) },
  { owner: carol.address, quantity: -btc(1), equity: usdc(50_000) },
];

/** Gives market 1 a status, as governance would. */
const setStatus = (state: AppState, status: string): void => {
  const { markets } = state['perps'] as { markets: { status: string }[] };
  markets[0]!.status = status;
};

interface Setting extends Pick<TestChainOptions, 'clamp' | 'logger'> {
  readonly positions?: readonly OpeningPosition[];
  readonly status?: 'MARKET_STATUS_REDUCE_ONLY';
  readonly change?: (state: AppState) => void;
}

/** A chain with breakers and these positions, at 60,000. */
async function started({
  positions = threePositions,
  status,
  change,
  clamp = false,
  logger = strictLogger,
}: Setting = {}) {
  const chain = await testChain({
    breakers: true,
    clamp,
    logger,
    change(state) {
      openPositions(state, positions);
      if (status !== undefined) setStatus(state, status);
      change?.(state);
    },
  });
  for (let i = 0; i < 3; i++) await chain.block();
  return chain;
}

const keyOf = ({ address }: SigningKey): string => subaccountKey(fromBech32(address), 0);
const modeOf = (chain: TestChain): string =>
  MarketMode[breakerStore.market(chain.plimsoll.app.queryContext(), 1)?.mode ?? 1]!.replace('MARKET_MODE_', '');

function equityOf(chain: TestChain, key: SigningKey): bigint {
  const ctx = chain.plimsoll.app.queryContext();
  const { perps } = chain.plimsoll.keepers;
  return equity(perps.account(ctx, keyOf(key)), perps.markets(ctx));
}

/** Who asks for how much, zero for all, in key order. */
const openRequests = (chain: TestChain): bigint[] =>
  Array.from(nettings.of(chain.plimsoll.app.queryContext(), ''), ({ quantity }) => quantity);
const isOpen = (chain: TestChain, key: SigningKey): boolean =>
  nettings.get(chain.plimsoll.app.queryContext(), { account: keyOf(key), marketId: 1 }) !== undefined;

/** ID-1 to ID-4 and INV-L1 by full recount. */
function assertSolvent(chain: TestChain): void {
  assert.deepEqual(audit(chain.plimsoll.app.queryContext(), chain.plimsoll.perpsDeps).violations, []);
}

type Results = Awaited<ReturnType<TestChain['block']>>['results'];

/** Who closed what at which price, with what profit. */
const netted = (results: Results) =>
  eventsOf(results, 'EventNetted').map((event) => ({
    who: keys.findIndex(({ address }) => address === (event['subaccount'] as { owner: string }).owner),
    side: event['side'],
    quantity: BigInt(event['quantity'] as string),
    price: BigInt(event['price'] as string),
    profit: BigInt(event['realised_profit'] as string),
  }));
const endings = (results: Parameters<typeof eventsOf>[0]): unknown[] =>
  eventsOf(results, 'EventNettingEnded').map(({ reason }) => reason);
const allEndings = (results: Results): unknown[] => [
  ...endings(results),
  ...results.txResults.flatMap((result) => endings(result)),
];
const byWho = <T extends { readonly who: number }>(all: readonly T[]): T[] => [...all].sort((a, b) => a.who - b.who);

/** Lets time pass before the next block; a block's time is that at which the one before was signed. */
async function pass(chain: TestChain, ms: bigint): Promise<void> {
  await chain.block([], ms);
  await chain.block();
}

/** Blocks of a second each until the market is in a mode. */
async function until(chain: TestChain, mode: string, most: number): Promise<Results[]> {
  const all: Results[] = [];
  while (modeOf(chain) !== mode) {
    assert.ok(all.length < most, `not ${mode} after ${most} blocks`);
    all.push((await chain.block()).results);
  }
  return all;
}

describe('REDUCE_ONLY: longs and shorts who want out close against each other', () => {
  test('at the price of the block after, the smaller side in full, the larger pro rata, without a fee', async () => {
    const chain = await started({ status: 'MARKET_STATUS_REDUCE_ONLY' });
    chain.prices.set({ 'BTC-USD': '60600', 'ETH-USD': '3000' });
    const asked = await chain.block([
      chain.sign(alice, [requestNetting(alice, btc(1))]),
      chain.sign(bob, [requestNetting(bob)]),
      chain.sign(carol, [requestNetting(carol)]),
    ]);
    assert.deepEqual(
      asked.results.txResults.slice(1).map(({ code }) => code),
      [0, 0, 0],
    );
    // Whoever asks does not know the price that he gets: the votes on this block tell it.
    assert.deepEqual(netted(asked.results), []);
    const { results } = await chain.block();
    const at = usd(60_600);
    assert.deepEqual(byWho(netted(results)), [
      { who: 0, side: 'SIDE_SELL', quantity: btc(1), price: at, profit: usdc(600) },
      { who: 1, side: 'SIDE_BUY', quantity: btc(0.5), price: at, profit: -usdc(300) },
      { who: 2, side: 'SIDE_BUY', quantity: btc(0.5), price: at, profit: -usdc(300) },
    ]);
    assert.deepEqual(endings(results), ['NETTING_END_FILLED']);
    assert.deepEqual([isOpen(chain, alice), isOpen(chain, bob), isOpen(chain, carol)], [false, true, true]);
    assert.deepEqual(
      [alice, bob, carol].map((key) => positionOf(chain, key)),
      [btc(1), -btc(0.5), -btc(0.5)],
    );
    // Mark is the oracle price here: what closed was worth as much before.
    assert.deepEqual(
      [alice, bob, carol].map((key) => equityOf(chain, key)),
      [usdc(51_200), usdc(49_400), usdc(49_400)],
    );
    assert.deepEqual(eventsOf(results, 'EventFill'), []);
    assertSolvent(chain);

    await chain.block([chain.sign(alice, [requestNetting(alice)])]);
    const last = await chain.block();
    assert.deepEqual(endings(last.results), Array(3).fill('NETTING_END_FILLED'));
    assert.deepEqual(
      [alice, bob, carol].map((key) => positionOf(chain, key)),
      [0n, 0n, 0n],
    );
    assert.deepEqual(openRequests(chain), []);
    assertSolvent(chain);
    await chain.close();
  });

  test('a request stands until somebody wants out on the other side; a later one takes its place', async () => {
    const chain = await started({ status: 'MARKET_STATUS_REDUCE_ONLY' });
    await chain.block([chain.sign(bob, [requestNetting(bob, btc(0.7))])]);
    await chain.block([chain.sign(bob, [requestNetting(bob, btc(0.2))])]);
    for (let i = 0; i < 5; i++) assert.deepEqual(netted((await chain.block()).results), []);
    await chain.block([chain.sign(alice, [requestNetting(alice)])]);
    const { results } = await chain.block();
    assert.deepEqual(
      byWho(netted(results)).map(({ quantity }) => quantity),
      [btc(0.2), btc(0.2)],
    );
    assert.deepEqual([isOpen(chain, alice), isOpen(chain, bob)], [true, false]);
    await chain.close();
  });

  test('a price that is held back closes nothing until it is where the votes see it', async () => {
    const chain = await started({ status: 'MARKET_STATUS_REDUCE_ONLY', clamp: true });
    chain.prices.set({ 'BTC-USD': '66000', 'ETH-USD': '3000' });
    await chain.block([chain.sign(alice, [requestNetting(alice)]), chain.sign(bob, [requestNetting(bob)])]);
    const oracle = (): bigint =>
      chain.plimsoll.keepers.perps.marketState(chain.plimsoll.app.queryContext(), 1).oraclePrice;
    const prices: bigint[] = [];
    for (let closed: unknown[] = []; closed.length === 0 && prices.length < 20;) {
      closed = netted((await chain.block()).results);
      prices.push(oracle());
    }
    assert.ok(prices.length > 1, 'the move takes several blocks');
    assert.ok(prices.slice(0, -1).every((price) => price > usd(60_000) && price < usd(66_000)));
    assert.equal(prices.at(-1), usd(66_000));
    assert.equal(positionOf(chain, bob), 0n);
    await chain.close();
  });

  test('a request ends with its position, whatever closes that', async () => {
    const chain = await started({ status: 'MARKET_STATUS_REDUCE_ONLY' });
    await chain.block([chain.sign(alice, [requestNetting(alice)])]);
    const terms = { reduceOnly: true };
    const { results } = await chain.block([
      chain.sign(alice, [order(alice, sell, btc(2), usd(60_000), terms)]),
      chain.sign(bob, [order(bob, buy, btc(1), usd(60_000), terms)]),
      chain.sign(carol, [order(carol, buy, btc(1), usd(60_000), terms)]),
    ]);
    assert.equal(positionOf(chain, alice), 0n);
    assert.deepEqual(endings(results), ['NETTING_END_POSITION']);
    await chain.close();
  });

  test('its owner takes it back: alone, with all orders, or at a time', async () => {
    const chain = await started({ status: 'MARKET_STATUS_REDUCE_ONLY' });
    const ask = async (): Promise<void> => {
      await chain.block([chain.sign(alice, [requestNetting(alice)])]);
      assert.equal(isOpen(chain, alice), true);
    };
    await ask();
    const alone = await chain.block([chain.sign(alice, [cancelNetting(alice)])]);
    assert.deepEqual(allEndings(alone.results), ['NETTING_END_USER']);
    await ask();
    const all = await chain.block([chain.sign(alice, [cancelAll(alice)])]);
    assert.deepEqual(allEndings(all.results), ['NETTING_END_USER']);
    await ask();
    await chain.block([chain.sign(alice, [schedule(alice, chain.engine.timeMs + 8_000n)])]);
    const scheduled: unknown[] = [];
    for (let i = 0; i < 10; i++) scheduled.push(...allEndings((await chain.block()).results));
    assert.deepEqual(scheduled, ['NETTING_END_SCHEDULED']);
    assert.equal(isOpen(chain, alice), false);
    await chain.close();
  });

  test('of more than 500 on a side the oldest close first', async () => {
    const small = Array.from({ length: 501 }, (_, index): OpeningPosition => {
      const bytes = Buffer.alloc(20, 1);
      // The last in time is the first by key.
      bytes.writeUInt32BE(600 - index);
      return { owner: toBech32(bytes), quantity: btc(0.001), equity: usdc(10) };
    });
    const chain = await started({
      positions: [...small, { owner: bob.address, quantity: -btc(0.501), equity: usdc(50_000) }],
      status: 'MARKET_STATUS_REDUCE_ONLY',
      change(state) {
        const perps = state['perps'] as { netting: unknown };
        perps.netting = {
          requests: [...small.map(({ owner }) => owner), bob.address].map((owner, index) => ({
            subaccount: { owner, number: 0 },
            market_id: 1,
            side: owner === bob.address ? 'SIDE_BUY' : 'SIDE_SELL',
            quantity: '0',
            placed_height: index === 500 ? '1' : '0',
          })),
        };
      },
    });
    // The third block has a price, and closed what the first 500 asked for.
    assert.equal(positionOf(chain, bob), -btc(0.001));
    assert.deepEqual(
      Array.from(nettings.onSide(chain.plimsoll.app.queryContext(), 1, 'sell'), ({ placedHeight }) => placedHeight),
      [1n],
    );
    await chain.block();
    assert.equal(positionOf(chain, bob), 0n);
    assertSolvent(chain);
    await chain.close();
  });
});

describe('AUCTION', () => {
  /** 0.6 % above the oracle price and coming back: what a book left that collects orders now. */
  const markAbove = (state: AppState): void => {
    const since = `${Date.parse('2026-01-01T00:00:00Z')}`;
    (state['perps'] as { mark: unknown }).mark = {
      states: [{ market_id: 1, basis_ppb: '6000000', basis_time_ms: since, current: { market_id: 1 } }],
    };
  };

  test('closes at the oracle price while orders collect; what mark says more goes from long to short', async () => {
    const chain = await started({ change: markAbove });
    chain.prices.set({ 'BTC-USD': '58000', 'ETH-USD': '3000' });
    await until(chain, 'AUCTION', 3);
    await chain.block([alice, bob, carol].map((key) => chain.sign(key, [requestNetting(key)])));
    const { results } = await chain.block();
    assert.equal(modeOf(chain), 'AUCTION');
    assert.deepEqual(byWho(netted(results)), [
      { who: 0, side: 'SIDE_SELL', quantity: btc(2), price: usd(58_000), profit: -usdc(4_000) },
      { who: 1, side: 'SIDE_BUY', quantity: btc(1), price: usd(58_000), profit: usdc(2_000) },
      { who: 2, side: 'SIDE_BUY', quantity: btc(1), price: usd(58_000), profit: usdc(2_000) },
    ]);
    const { markPrice } = chain.plimsoll.keepers.perps.marketState(chain.plimsoll.app.queryContext(), 1);
    assert.ok(markPrice > usd(58_300), `mark ${markPrice}`);
    assert.deepEqual(
      [alice, bob, carol].map((key) => equityOf(chain, key)),
      [usdc(46_000), usdc(52_000), usdc(52_000)],
      'nobody got anything of a book that does not trade',
    );
    assertSolvent(chain);
    await chain.close();
  });

  test('INV-L1 who could not pay the close at that price is left to the waterfall', async () => {
    // At 58,000 dave owes 150 USDC; at the mark, 340 higher, he still has something.
    const chain = await started({
      positions: [
        { owner: alice.address, quantity: btc(1), equity: usdc(50_000) },
        { owner: dave.address, quantity: btc(1), equity: usdc(1_850) },
        { owner: bob.address, quantity: -btc(2), equity: usdc(50_000) },
      ],
      change: markAbove,
    });
    chain.prices.set({ 'BTC-USD': '58000', 'ETH-USD': '3000' });
    await until(chain, 'AUCTION', 3);
    await chain.block([alice, bob, dave].map((key) => chain.sign(key, [requestNetting(key)])));
    const { results } = await chain.block();
    const left = equityOf(chain, dave);
    assert.ok(left > 0n && left < usdc(200), `${left}`);
    assert.deepEqual(
      byWho(netted(results)).map(({ who, quantity }) => [who, quantity]),
      [
        [0, btc(1)],
        [1, btc(1)],
      ],
    );
    assert.deepEqual([isOpen(chain, dave), isOpen(chain, bob)], [true, true]);
    // 300 less and he is bankrupt at the mark too: his position closes there, and the request with it.
    chain.prices.set({ 'BTC-USD': '57700', 'ETH-USD': '3000' });
    const rest = [await chain.block(), await chain.block()].map((block) => block.results);
    assert.equal(modeOf(chain), 'AUCTION');
    assert.equal(rest.flatMap((block) => eventsOf(block, 'EventBankruptcy')).length, 1);
    assert.ok(!rest.flatMap(netted).some(({ who }) => who === 3));
    assert.ok(rest.flatMap(endings).includes('NETTING_END_POSITION'));
    assert.equal(positionOf(chain, dave), 0n);
    assertSolvent(chain);
    await chain.close();
  });

  test('requests end when the market trades normally again', async () => {
    const chain = await started();
    chain.prices.set({ 'BTC-USD': '58000', 'ETH-USD': '3000' });
    await until(chain, 'AUCTION', 3);
    await chain.block([chain.sign(alice, [requestNetting(alice)])]);
    const blocks = await until(chain, 'NORMAL', 110);
    assert.deepEqual(blocks.slice(0, -1).flatMap(endings), []);
    assert.deepEqual(endings(blocks.at(-1)!), ['NETTING_END_NORMAL']);
    await chain.close();
  });
});

describe('HALTED', () => {
  test('INV-X1 requests are taken without a price, and close nothing until one comes', async () => {
    const chain = await started();
    chain.prices.set({});
    await chain.block();
    await pass(chain, 121_000n);
    assert.equal(modeOf(chain), 'HALTED');
    const { results: asked } = await chain.block(
      [alice, bob, carol].map((key) => chain.sign(key, [requestNetting(key)])),
    );
    assert.ok(asked.txResults.every(({ code }) => code === 0));
    for (let i = 0; i < 5; i++) assert.deepEqual(netted((await chain.block()).results), []);
    chain.prices.set({ 'BTC-USD': '59000', 'ETH-USD': '3000' });
    await chain.block();
    assert.equal(positionOf(chain, alice), btc(2), 'its votes carry the price');
    const { results } = await chain.block();
    assert.equal(modeOf(chain), 'HALTED');
    assert.deepEqual(byWho(netted(results)), [
      { who: 0, side: 'SIDE_SELL', quantity: btc(2), price: usd(59_000), profit: -usdc(2_000) },
      { who: 1, side: 'SIDE_BUY', quantity: btc(1), price: usd(59_000), profit: usdc(1_000) },
      { who: 2, side: 'SIDE_BUY', quantity: btc(1), price: usd(59_000), profit: usdc(1_000) },
    ]);
    assert.deepEqual(
      [alice, bob, carol].map((key) => positionOf(chain, key)),
      [0n, 0n, 0n],
    );
    assertSolvent(chain);
    await chain.close();
  });
});

test('when netting itself fails the market is frozen, and keeps its positions and requests', async () => {
  const chain = await started({ status: 'MARKET_STATUS_REDUCE_ONLY', logger: silentLogger });
  await chain.block([alice, bob].map((key) => chain.sign(key, [requestNetting(key)])));
  for (const { keepers } of chain.apps) {
    const { perps } = keepers;
    const ordersOf = perps.ordersOf.bind(perps);
    perps.ordersOf = (from, key, market) => {
      if (key === keyOf(alice)) throw new Error('out of order');
      return ordersOf(from, key, market);
    };
  }
  const { results } = await chain.block();
  assert.deepEqual(
    eventsOf(results, 'EventMarketFault').map(({ step }) => step),
    ['end of block: netting'],
  );
  assert.deepEqual([...netted(results), ...endings(results)], []);
  assert.deepEqual([positionOf(chain, alice), positionOf(chain, bob)], [btc(2), -btc(1)]);
  const asked = await chain.block([chain.sign(bob, [requestNetting(bob, btc(0.5))])]);
  assert.equal(asked.results.txResults[1]!.code, 170);
  const later = await chain.block([chain.sign(bob, [cancelNetting(bob)])]);
  assert.equal(later.results.txResults[1]!.code, 0, 'cancels go through');
  assert.deepEqual([isOpen(chain, alice), isOpen(chain, bob)], [true, false]);
  assertSolvent(chain);
  await chain.close();
});

describe('SETTLEMENT', () => {
  test('ends all requests, and closes the positions at its own price', async () => {
    const chain = await started({ status: 'MARKET_STATUS_REDUCE_ONLY', change: governed });
    await chain.block([chain.sign(alice, [requestNetting(alice)])]);
    const settle = MsgSettleMarket.encode({ authority, marketId: 1, onlyWithoutPrice: false }).finish();
    await decide(chain, 1n, { typeName: 'plimsoll.perps.v1.MsgSettleMarket', bytes: settle }, [alice, bob]);
    const blocks = await until(chain, 'SETTLEMENT', decisionSeconds + 2);
    // A proposal acts after the block's markets.
    blocks.push((await chain.block()).results);
    assert.deepEqual(blocks.flatMap(endings), ['NETTING_END_SETTLEMENT']);
    assert.equal(positionOf(chain, alice), 0n);
    const { results } = await chain.block([chain.sign(alice, [requestNetting(alice)])]);
    assert.equal(results.txResults[1]!.code, 196);
    assert.match(results.txResults[1]!.log, /BTC-USD is being settled: all positions are closed at its final price/);
    await chain.close();
  });
});

describe('a request is refused', () => {
  const refusals: readonly (readonly [
    what: string,
    setting: Setting,
    message: ReturnType<typeof requestNetting>,
    code: number,
    log: RegExp,
  ])[] = [
    [
      'while the market trades normally',
      {},
      requestNetting(alice),
      196,
      /BTC-USD trades normally: a reduce-only order closes a position; requests are accepted in REDUCE_ONLY, AUCTION and HALTED/,
    ],
    [
      'without a position',
      { status: 'MARKET_STATUS_REDUCE_ONLY' },
      requestNetting(dave),
      197,
      /market_id: 1; the subaccount has no position in it/,
    ],
    [
      'for no whole number of steps',
      { status: 'MARKET_STATUS_REDUCE_ONLY' },
      requestNetting(alice, 1n),
      12,
      /quantity: 1; expected a multiple of \d+, or 0 for all of the position/,
    ],
    ['in a market that is not listed', {}, requestNetting(alice, 0n, 9), 4, /market_id: 9/],
    [
      'while the books are broken',
      {
        status: 'MARKET_STATUS_REDUCE_ONLY',
        change(state) {
          (state['perps'] as { ledger: { halted_reason: string } }).ledger.halted_reason = 'ID-1: found by somebody';
        },
      },
      requestNetting(alice),
      26,
      /deposits and cancels are accepted/,
    ],
    [
      'to be taken back when there is none',
      { status: 'MARKET_STATUS_REDUCE_ONLY' },
      cancelNetting(alice),
      198,
      /market_id: 1; the subaccount has no request in it/,
    ],
  ];
  for (const [what, setting, message, code, log] of refusals)
    test(what, async () => {
      const chain = await started(setting);
      const signer = code === 197 ? dave : alice;
      const { results } = await chain.block([chain.sign(signer, [message])]);
      const answer = results.txResults.at(-1)!;
      assert.deepEqual([answer.code, log.test(answer.log)], [code, true], answer.log);
      await chain.close();
    });
});

test('queries tell an account its requests and everybody those of a market, page by page', async () => {
  const chain = await started({ status: 'MARKET_STATUS_REDUCE_ONLY' });
  await chain.block([chain.sign(carol, [requestNetting(carol, btc(0.25))])]);
  await chain.block([chain.sign(bob, [requestNetting(bob)])]);
  const ask = async (name: string, data: Uint8Array): Promise<Uint8Array> => {
    const path = `/plimsoll.perps.v1.Query/${name}`;
    const { code, log, value } = await chain.plimsoll.app.query({ path, data, height: 0n, prove: false });
    assert.equal(code, 0, log);
    return value;
  };
  const own = QueryNettingRequestsRequest.fromPartial({ owner: carol.address });
  const { requests } = QueryNettingRequestsResponse.decode(
    await ask('NettingRequests', QueryNettingRequestsRequest.encode(own).finish()),
  );
  assert.deepEqual(
    requests.map(({ marketId, side, quantity, placedHeight }) => [marketId, side, quantity, placedHeight]),
    [[1, buy, btc(0.25), 4n]],
  );
  const owners: string[] = [];
  for (let key = new Uint8Array(0), pages = 0; pages === 0 || key.length > 0; pages++) {
    const page = QueryNettingBookRequest.fromPartial({ marketId: 1, pagination: { limit: 1n, key } });
    const answer = QueryNettingBookResponse.decode(
      await ask('NettingBook', QueryNettingBookRequest.encode(page).finish()),
    );
    owners.push(...answer.requests.map(({ subaccount }) => subaccount!.owner));
    key = new Uint8Array(answer.pagination!.nextKey);
  }
  assert.deepEqual(owners, [carol.address, bob.address], 'the oldest first');
  await chain.close();
});

for (const forZeroHeight of [false, true])
  test(`requests go on in a chain that begins ${forZeroHeight ? 'anew' : 'where this one was'} from an export`, async () => {
    const chain = await started({ status: 'MARKET_STATUS_REDUCE_ONLY' });
    chain.prices.set({});
    await chain.block([chain.sign(alice, [requestNetting(alice, btc(1))]), chain.sign(bob, [requestNetting(bob)])]);
    const ctx = chain.plimsoll.app.queryContext();
    const genesis = JSON.parse(
      JSON.stringify(exportGenesis(chain.plimsoll, ctx, chain.engine.genesis, forZeroHeight)),
    ) as GenesisDoc;
    const store = await openStore({ mounts });
    const prices = new SetPrices({});
    const next = createApp({ store, chainId, prices, logger: silentLogger });
    const clock = new VirtualClock(chain.engine.timeMs);
    const engine = await EmbeddedEngine.open({
      app: next.app,
      genesis,
      validator: ConsensusKey.fromSeed(Buffer.alloc(32, 7)),
      clock,
      logger: silentLogger,
    });
    const block = async (): Promise<Results> => {
      clock.set(clock.nowMs() + 1_000n);
      return (await engine.produceBlock()).results;
    };
    await block();
    const all = (app: typeof next): unknown[] => [...nettings.of(app.app.queryContext(), '')];
    const placedHeight = forZeroHeight ? 0n : 4n;
    assert.deepEqual(
      all(next),
      [...nettings.of(ctx, '')].map((request) => ({ ...request, placedHeight })),
    );
    prices.set({ 'BTC-USD': '60300', 'ETH-USD': '3000' });
    const closed = [...netted(await block()), ...netted(await block())];
    assert.deepEqual(
      byWho(closed).map(({ who, quantity, profit }) => [who, quantity, profit]),
      [
        [0, btc(1), usdc(300)],
        [1, btc(1), -usdc(300)],
      ],
    );
    assert.deepEqual(all(next), []);
    await engine.stop();
    await store.close();
    await chain.close();
  });
