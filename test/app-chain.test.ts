import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { RequestQuery, type ExecTxResult } from 'cosmjs-types/tendermint/abci/types';
import { createApp, type PlimsollApp } from '../app/app.js';
import {
  addBalance,
  addMarket,
  defaultAppState,
  exportAppState,
  validateAppState,
  type AppState,
} from '../app/genesis.js';
import { mounts } from '../app/mounts.js';
import { Wallet, type EncodedMessage } from '../cmd/plimsolld/replay/wallet.js';
import { MsgSend } from '../gen/cosmos/bank/v1beta1/tx.js';
import { VoteExtension } from '../gen/plimsoll/oracle/v1/oracle.js';
import { QueryPriceRequest, QueryPriceResponse } from '../gen/plimsoll/oracle/v1/query.js';
import { MsgDeposit, MsgPlaceOrder, MsgWithdraw } from '../gen/plimsoll/perps/v1/tx.js';
import { Market, OrderType, Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import {
  QuerySolvencyRequest,
  QuerySolvencyResponse,
  QuerySubaccountRequest,
  QuerySubaccountResponse,
} from '../gen/plimsoll/perps/v1/query.js';
import { silentLogger } from '../runtime/log.js';
import { openStore } from '../runtime/store/index.js';
import type { PriceSource, QuotedPrice } from '../x/oracle/price-source.js';
import { StaticPriceSource } from '../x/oracle/sources/static.js';
import { marketOfClass } from '../x/perps/params.js';
import { Lockstep, genesisMs } from './support/lockstep.js';

const chainId = 'lockstep-1';
const usdc = 1_000_000n;
const powers = [40n, 30n, 20n, 10n];
const btc = marketOfClass('A', {
  id: 1,
  ticker: 'BTC-USD',
  baseExponent: -8,
  priceExponent: -2,
  tickSize: 100n,
  stepSize: 1_000n,
  oraclePairId: 1,
});
const [alice, bob] = [new Wallet('alice'), new Wallet('bob')];
const accounts = [alice, bob];

/** A source whose prices a test sets. */
class Feed implements PriceSource {
  quoted: readonly QuotedPrice[];
  constructor(price: string) {
    this.quoted = [{ symbol: 'BTC-USD', price }];
  }
  set price(price: string) {
    this.quoted = [{ symbol: 'BTC-USD', price }];
  }
  prices(): readonly QuotedPrice[] {
    return this.quoted;
  }
}

function genesisState({ modules, registry }: PlimsollApp): AppState {
  const state = defaultAppState(modules);
  const json = registry.toJson('plimsoll.perps.v1.Market', Market.encode(btc).finish());
  addMarket(state, btc, json, 10_000n * usdc);
  for (const { bech32 } of accounts) addBalance(state, bech32, 'uusdc', 100_000n * usdc);
  validateAppState(modules, state);
  return state;
}

let feeds: Feed[];
let chain: Lockstep;
let sequences: Map<Wallet, bigint>;

beforeEach(async () => {
  feeds = ['50000', '50010', '49990', '50500'].map((price) => new Feed(price));
  chain = await Lockstep.open(chainId, powers, feeds, genesisState);
  sequences = new Map();
});

async function ask(path: string, data: Uint8Array, of = chain.validators[0]!.app): Promise<Uint8Array> {
  const answer = await of.query(RequestQuery.fromPartial({ path, data }));
  assert.equal(answer.code, 0, answer.log);
  return answer.value;
}

const price = async () => {
  const request = QueryPriceRequest.encode({ pairId: 1 }).finish();
  return QueryPriceResponse.decode(await ask('/plimsoll.oracle.v1.Query/Price', request)).price!;
};

const subaccount = async ({ bech32 }: Wallet) => {
  const request = QuerySubaccountRequest.encode({ owner: bech32, number: 0 }).finish();
  return QuerySubaccountResponse.decode(await ask('/plimsoll.perps.v1.Query/Subaccount', request)).subaccount!;
};

async function assertSolvent(): Promise<void> {
  const request = QuerySolvencyRequest.encode({}).finish();
  const { violations } = QuerySolvencyResponse.decode(await ask('/plimsoll.perps.v1.Query/Solvency', request));
  assert.deepEqual(violations, []);
}

/** A transaction of the next sequence. */
function sign(wallet: Wallet, ...messages: readonly EncodedMessage[]): Uint8Array {
  const { keepers, store } = chain.validators[0]!;
  const number = keepers.auth.account(store.at(), wallet.address)!.number;
  const sequence = sequences.get(wallet) ?? 0n;
  sequences.set(wallet, sequence + 1n);
  return wallet.sign(messages, chainId, { number, sequence });
}

const deposit = ({ bech32 }: Wallet, amount: bigint): EncodedMessage => ({
  typeUrl: '/plimsoll.perps.v1.MsgDeposit',
  value: MsgDeposit.encode({
    owner: bech32,
    subaccountNumber: 0,
    amount: { denom: 'uusdc', amount: amount.toString() },
  }).finish(),
});
const withdraw = ({ bech32 }: Wallet, amount: bigint): EncodedMessage => ({
  typeUrl: '/plimsoll.perps.v1.MsgWithdraw',
  value: MsgWithdraw.encode({
    owner: bech32,
    subaccountNumber: 0,
    amount: { denom: 'uusdc', amount: amount.toString() },
  }).finish(),
});
const order = ({ bech32 }: Wallet, side: Side, quantity: bigint, at: bigint): EncodedMessage => ({
  typeUrl: '/plimsoll.perps.v1.MsgPlaceOrder',
  value: MsgPlaceOrder.encode(
    MsgPlaceOrder.fromPartial({
      owner: bech32,
      marketId: 1,
      clientId: 1n,
      side,
      type: OrderType.ORDER_TYPE_LIMIT,
      quantity,
      price: at,
      timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
    }),
  ).finish(),
});

const codes = (results: readonly ExecTxResult[]): readonly string[] =>
  results.map(({ code, codespace }) => (code === 0 ? 'ok' : `${codespace}/${code}`));

describe('prices by votes', () => {
  test('arrive in the third block: the weighted median of what validators voted in the second', async () => {
    const first = await chain.block();
    const second = await chain.block();
    assert.deepEqual([first.txs.length, second.txs.length], [0, 0]);
    assert.equal((await price()).price, undefined);
    const third = await chain.block();
    assert.equal(third.txs.length, 1);
    assert.deepEqual(codes(third.results.txResults), ['ok']);
    assert.deepEqual((await price()).price, {
      pairId: 1,
      price: 5_000_000n,
      height: 3n,
      timeMs: genesisMs + 3_000n,
      reportingPower: 100n,
      totalPower: 100n,
      rawPrice: 5_000_000n,
      dispersionPpm: 200,
      clampedBlocks: 0,
      variance: 0n,
      perpPrice: 0n,
      depthUsd: 0n,
      sources: 0,
    });
  });

  test('follow the sources one block later, and a third of the power cannot bend them', async () => {
    await chain.blocks(3);
    for (const feed of feeds.slice(0, 3)) feed.price = '48000';
    feeds[3]!.price = '1000000';
    feeds[1]!.price = '0.01';
    await chain.block();
    const path = [(await price()).price!.price];
    for (let count = 0; count < 3; count++) {
      await chain.block();
      path.push((await price()).price!.price);
    }
    // A fall of 4 % comes in steps of 1 % and 2 %.
    assert.deepEqual(path, [5_000_000n, 4_950_000n, 4_851_000n, 4_800_000n]);
  });

  test('lies of a third of the power together move the price by no more than the clamp, whatever they say', async () => {
    await chain.blocks(3);
    for (const lie of ['25000', '75000', '1e308', '-1', 'NaN', '0', '0.0000001', '999999999999999999']) {
      feeds[2]!.price = lie;
      const before = (await price()).price!.price;
      await chain.blocks(2);
      const after = (await price()).price!;
      assert.ok(
        after.price >= (before * 99n) / 100n && after.price <= (before * 101n) / 100n,
        `${lie}: ${after.price}`,
      );
      assert.ok(after.price >= 4_990_000n && after.price <= 5_050_000n, `${lie}: ${after.price}`);
    }
  });

  test('that are held back close the market to orders that open, until they have caught up', async () => {
    const [alice] = accounts as [Wallet];
    await chain.blocks(3);
    await chain.block({ txs: [sign(alice, deposit(alice, 10_000n * usdc))] });
    for (const feed of feeds) feed.price = '49000';
    await chain.block();
    const held = await chain.block({ txs: [sign(alice, order(alice, Side.SIDE_BUY, 1_000_000n, 4_900_000n))] });
    const next = await chain.block({ txs: [sign(alice, order(alice, Side.SIDE_BUY, 1_000_000n, 4_900_000n))] });
    assert.deepEqual(
      [...codes(held.results.txResults), ...codes(next.results.txResults)],
      ['ok', 'perps/27', 'ok', 'ok'],
    );
    assert.match(held.results.txResults[1]!.log, /BTC-USD: validators see a price below/);
  });

  test('go on while no more than a third of the power is silent; beyond it they stay and grow stale', async () => {
    await chain.blocks(3);
    feeds[2]!.quoted = [];
    feeds[3]!.quoted = [];
    feeds[0]!.price = '51000';
    feeds[1]!.price = '51000';
    await chain.blocks(3);
    const partial = await price();
    assert.deepEqual([partial.price!.price, partial.price!.reportingPower, partial.ageMs], [5_100_000n, 70n, 0n]);

    feeds[1]!.quoted = [];
    feeds[0]!.price = '52000';
    await chain.blocks(2, { afterMs: 20_000n });
    const old = await price();
    assert.deepEqual([old.price!.price, old.ageMs, old.stale], [5_100_000n, 20_000n, false]);
    const { results } = await chain.block({ afterMs: 20_000n });
    assert.deepEqual([(await price()).ageMs, (await price()).stale], [40_000n, true]);
    assert.ok(results.events.some(({ type }) => type === 'plimsoll.oracle.v1.EventStale'));
  });

  test('T-D4 go on when a late vote carries what nobody verified', async () => {
    await chain.blocks(3);
    const evil = Buffer.from('ffff', 'hex');
    assert.equal(await chain.accepted(1, evil), false);
    await chain.block({ late: new Map([[1, evil]]) });
    const { txs } = await chain.block();
    assert.equal(txs.length, 1);
    assert.equal((await price()).price!.reportingPower, 70n);
    await chain.block();
    assert.equal((await price()).price!.reportingPower, 100n);
  });

  test('count only votes that arrived', async () => {
    await chain.blocks(3, { absent: [1] });
    await chain.block();
    assert.equal((await price()).price!.reportingPower, 70n);
  });
});

describe('a proposal', () => {
  test('is refused by everybody unless it starts with the votes, whole and once', async () => {
    await chain.blocks(3);
    const [old] = await chain.propose();
    await chain.block();
    const [votes] = await chain.propose();
    const tx = sign(alice, deposit(alice, usdc));
    const garbage = Buffer.from('no transaction');
    const bad: readonly (readonly [what: string, txs: readonly Uint8Array[]])[] = [
      ['nothing', []],
      ['a transaction first', [tx, votes!]],
      ["the last height's votes", [old!]],
      ['the votes cut short', [votes!.subarray(0, -1)]],
      ['the marker alone', [votes!.subarray(0, 17)]],
      ['the votes twice', [votes!, votes!]],
      ['bytes that are no transaction', [votes!, garbage]],
      ['an empty transaction', [votes!, new Uint8Array(0)]],
    ];
    for (const [what, txs] of bad) {
      assert.deepEqual(await chain.judge(txs), [false, false, false, false], what);
    }
    assert.deepEqual(await chain.judge([votes!, tx]), [true, true, true, true]);
    const { results } = await chain.block({ txs: [tx] });
    assert.deepEqual(codes(results.txResults), ['ok', 'ok']);
  });

  test('may not carry votes before they exist', async () => {
    await chain.blocks(3);
    const [votes] = await chain.propose();
    const young = await Lockstep.open(chainId, powers, feeds, genesisState);
    assert.deepEqual(await young.judge([votes!]), [false, false, false, false]);
  });

  test('passes votes over as no user transaction: the mempool refuses them, the proposer leaves them out', async () => {
    await chain.blocks(3);
    const [votes] = await chain.propose();
    const { code, codespace, log } = await chain.validators[0]!.app.checkTx({ tx: votes!, type: 0 });
    assert.deepEqual([codespace, code], ['sdk', 2], log);
    const { txs } = await chain.block({ txs: [votes!, Buffer.from('garbage')] });
    assert.equal(txs.length, 1);
  });

  test('leaves nothing behind when it is made or judged several times', async () => {
    await chain.blocks(3);
    const tx = sign(alice, deposit(alice, usdc));
    const first = await chain.propose(0, { txs: [tx] });
    assert.deepEqual(await chain.propose(0, { txs: [tx] }), first);
    await chain.judge(first);
    await chain.judge(first);
    const { txs, results } = await chain.block({ txs: [tx] });
    assert.equal(txs.length, 2);
    assert.deepEqual(codes(results.txResults), ['ok', 'ok']);
  });
});

describe('trading at application level', () => {
  const lot = 100_000_000n;

  test('deposits, orders that fill, profit by votes, withdrawal: all validators agree and the books balance', async () => {
    await chain.blocks(3);
    await chain.block({
      txs: [sign(alice, deposit(alice, 20_000n * usdc)), sign(bob, deposit(bob, 20_000n * usdc))],
    });
    const { results } = await chain.block({
      txs: [
        sign(alice, order(alice, Side.SIDE_BUY, lot, 5_000_000n)),
        sign(bob, order(bob, Side.SIDE_SELL, lot, 5_000_000n)),
      ],
    });
    assert.deepEqual(codes(results.txResults), ['ok', 'ok', 'ok']);
    const positions = async (): Promise<readonly (bigint | undefined)[]> =>
      Promise.all(accounts.map(async (each) => (await subaccount(each)).positions[0]?.position!.quantity));
    assert.deepEqual(await positions(), [lot, -lot]);
    await assertSolvent();

    const before = BigInt((await subaccount(alice)).equity);
    for (const feed of feeds) feed.price = '50500';
    await chain.blocks(2);
    assert.equal(BigInt((await subaccount(alice)).equity) - before, 500n * usdc);
    await assertSolvent();

    const { results: last } = await chain.block({ txs: [sign(bob, withdraw(bob, 1_000n * usdc))] });
    assert.deepEqual(codes(last.txResults), ['ok', 'ok']);
    const { keepers, store } = chain.validators[3]!;
    assert.equal(keepers.bank.balance(store.at(), bob.address, 'uusdc'), 81_000n * usdc);
    await assertSolvent();
  });

  test('a transaction that fails costs its sequence and nothing else', async () => {
    await chain.blocks(3);
    const tx = sign(alice, deposit(alice, 1_000n * usdc), withdraw(alice, 2_000n * usdc));
    const { results } = await chain.block({ txs: [tx] });
    assert.notEqual(codes(results.txResults)[1], 'ok');
    const { keepers, store } = chain.validators[1]!;
    assert.equal(keepers.bank.balance(store.at(), alice.address, 'uusdc'), 100_000n * usdc);
    assert.equal(keepers.auth.account(store.at(), alice.address)!.sequence, 1n);
    const { txs } = await chain.block({ txs: [tx] });
    assert.equal(txs.length, 1, 'its sequence is used up: no proposer takes it again');
  });

  test('without a price orders are refused and money still moves', async () => {
    const buy = order(alice, Side.SIDE_BUY, lot, 5_000_000n);
    const pay: EncodedMessage = {
      typeUrl: '/cosmos.bank.v1beta1.MsgSend',
      value: MsgSend.encode({
        fromAddress: alice.bech32,
        toAddress: bob.bech32,
        amount: [{ denom: 'uusdc', amount: '5' }],
      }).finish(),
    };
    await chain.block();
    const early = await chain.block({
      txs: [sign(alice, deposit(alice, 20_000n * usdc)), sign(alice, buy), sign(alice, pay)],
    });
    const [deposited, ordered, sent] = codes(early.results.txResults);
    assert.deepEqual([deposited, sent], ['ok', 'ok']);
    assert.match(ordered!, /^perps\//);

    await chain.blocks(3);
    for (const feed of feeds) feed.quoted = [];
    await chain.block();
    await chain.blocks(2, { afterMs: 31_000n });
    const stale = await chain.block({ txs: [sign(alice, buy), sign(alice, withdraw(alice, 10n * usdc))] });
    const [votes, refused, withdrawn] = stale.results.txResults;
    assert.match(refused!.log, /BTC-USD: price is \d+ ms old, at most 30000/);
    assert.deepEqual(codes([votes!, withdrawn!]), ['ok', 'ok']);
  });
});

describe('another node', () => {
  /** A few blocks with everything in them. */
  async function busy(): Promise<void> {
    await chain.blocks(3);
    await chain.block({
      txs: [sign(alice, deposit(alice, 20_000n * usdc)), sign(bob, deposit(bob, 20_000n * usdc))],
      late: new Map([[3, Buffer.from('ff', 'hex')]]),
    });
    await chain.block({
      txs: [
        sign(alice, order(alice, Side.SIDE_BUY, 100_000_000n, 5_000_000n)),
        sign(bob, order(bob, Side.SIDE_SELL, 50_000_000n, 5_000_000n)),
      ],
      absent: [2],
    });
    feeds[0]!.price = '49500';
    await chain.blocks(3);
  }

  const start = async () => {
    const store = await openStore({ mounts });
    return { store, ...createApp({ store, chainId, prices: new StaticPriceSource({}), logger: silentLogger }) };
  };

  test('that only executes decided blocks, without proposals or prices of its own, has the same state', async () => {
    await busy();
    const synced = await start();
    await synced.app.initChain(chain.genesis);
    for (const request of chain.requests) {
      await synced.app.finalizeBlock(request);
      await synced.app.commit();
    }
    assert.deepEqual(synced.store.lastCommit(), chain.validators[0]!.store.lastCommit());
  });

  test('does not execute a decided block without its votes: it stops', async () => {
    await busy();
    const synced = await start();
    await synced.app.initChain(chain.genesis);
    for (const request of chain.requests.slice(0, 3)) {
      await synced.app.finalizeBlock(request);
      await synced.app.commit();
    }
    const fourth = chain.requests[3]!;
    await assert.rejects(
      synced.app.finalizeBlock({ ...fourth, txs: fourth.txs.slice(1) }),
      /block 4 was decided without its price votes/,
    );
  });

  test('that starts from the exported state has the same state to export', async () => {
    await busy();
    const [first] = chain.validators;
    const exported = exportAppState(first!.modules, first!.app.queryContext());
    const copy = await start();
    validateAppState(copy.modules, exported);
    await copy.app.initChain({ ...chain.genesis, appStateBytes: Buffer.from(JSON.stringify(exported), 'utf8') });
    // Nobody votes in the first block, so prices stay as they were exported.
    await copy.app.finalizeBlock({ ...chain.requests[0]!, time: chain.requests.at(-1)!.time });
    await copy.app.commit();
    const expected = structuredClone(exported) as {
      perps: { market_states: { funding: { premium_count: string } }[] };
    };
    const { funding } = expected.perps.market_states[0]!;
    // All that a block without trades adds is its sample of the premium.
    funding.premium_count = (BigInt(funding.premium_count) + 1n).toString();
    assert.deepEqual(exportAppState(copy.modules, copy.app.queryContext()), expected);
  });
});

test('an extension reports what the source says, in the exponent of pair and market alike', async () => {
  await chain.block();
  const { app } = chain.validators[3]!;
  const { voteExtension } = await app.extendVote({
    hash: new Uint8Array(0),
    height: 2n,
    time: { seconds: 0n, nanos: 0 },
    txs: [],
    proposedLastCommit: chain.lastCommit,
    misbehavior: [],
    nextValidatorsHash: new Uint8Array(0),
    proposerAddress: new Uint8Array(0),
  });
  assert.deepEqual(VoteExtension.decode(voteExtension).reports, [
    { pairId: 1, price: 5_050_000n, perpPrice: 0n, depthUsd: 0n, sources: 0 },
  ]);
});

test('a source that throws costs a node its extension, not its vote', async () => {
  const sources: PriceSource[] = feeds.map((feed) => feed);
  sources[3] = {
    prices: () => {
      throw new Error('feed is down');
    },
  };
  chain = await Lockstep.open(chainId, powers, sources, genesisState);
  await chain.blocks(3);
  assert.equal((await price()).price!.reportingPower, 90n);
});
