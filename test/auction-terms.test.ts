import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MsgCancelOrder, type MsgPlaceOrder } from '../gen/plimsoll/perps/v1/tx.js';
import { OrderType, SelfTradePrevention, Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { bookLevels } from '../x/perps/queries/markets.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { usd } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit, message, order } from './support/messages.js';

const btc = 100_000_000n;
const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;
const [alice, bob, carol] = [0, 1, 2];

/** A chain on which three people have money and markets have prices, BTC at 60,000. */
async function open(): Promise<TestChain> {
  const chain = await testChain();
  for (let count = 0; count < 3; count++) await chain.block();
  await chain.block(
    [alice, bob, carol].map((who) => chain.sign(chain.keys[who]!, [deposit(chain.keys[who]!, usd(1_000_000))])),
  );
  return chain;
}

type Entry = readonly [who: number, side: Side, tenths: number, price: number, terms?: Partial<MsgPlaceOrder>];

const placing = (chain: TestChain, [who, side, tenths, price, terms = {}]: Entry): TxMessage =>
  order(chain.keys[who]!, side, (BigInt(tenths) * btc) / 10n, usd(price), terms);

/** Places orders, each in a transaction, in one block; what became of them. */
async function place(chain: TestChain, ...entries: readonly Entry[]) {
  return sent(
    chain,
    entries.map((entry) => [entry[0], [placing(chain, entry)]]),
  );
}

async function sent(chain: TestChain, txs: readonly (readonly [who: number, messages: readonly TxMessage[]])[]) {
  const { results } = await chain.block(txs.map(([who, messages]) => chain.sign(chain.keys[who]!, messages)));
  const events = (name: string) =>
    results.events
      .filter(({ type }) => type === `plimsoll.perps.v1.${name}`)
      .map(({ attributes }) =>
        Object.fromEntries(attributes.map(({ key, value }) => [key, JSON.parse(value) as unknown])),
      );
  const ofOwner = ({ subaccount }: Record<string, unknown>): number =>
    chain.keys.findIndex(({ address }) => address === (subaccount as { owner: string }).owner);
  return {
    codes: results.txResults
      .slice(-txs.length)
      .map(({ code, codespace }) => (code === 0 ? 'ok' : `${codespace}/${code}`)),
    logs: results.txResults.slice(-txs.length).map(({ log }) => log),
    fills: events('EventFill').map((event) => [ofOwner(event), Number(event['quantity']) / 1e7, Number(event['fee'])]),
    cancelled: events('EventOrderCancelled').map((event) => [ofOwner(event), event['reason']]),
  };
}

/** Open orders of somebody: price, tenths left. */
const orders = (chain: TestChain, who: number): readonly (readonly [number, number])[] =>
  [
    ...chain.plimsoll.keepers.perps.ordersOf(
      chain.plimsoll.app.queryContext(),
      subaccountKey(fromBech32(chain.keys[who]!.address), 0),
    ),
  ].map(([at, { remaining }]) => [Number(at.price / 1_000_000n), Number(remaining) / 1e7]);

/** One side of the book as the query shows it: price, tenths. */
const book = (chain: TestChain, side: 'buy' | 'sell'): readonly (readonly [number, number])[] =>
  bookLevels(chain.plimsoll.app.queryContext(), chain.plimsoll.perpsDeps, 1, side, 10).map(({ price, quantity }) => [
    Number(price / 1_000_000n),
    Number(quantity) / 1e7,
  ]);

const fok = { timeInForce: TimeInForce.TIME_IN_FORCE_FOK };
const makerFee = (tenths: number, price: number): number => (tenths * price * 100_000 * 100) / 1_000_000;
const takerFee = (tenths: number, price: number): number => 4 * makerFee(tenths, price);

describe('fill-or-kill and all-or-none', () => {
  test('a fill-or-kill order fills whole in its block, or is cancelled and tells so', async () => {
    const chain = await open();
    await place(chain, [bob, sell, 5, 60_000]);
    const short = await place(chain, [alice, buy, 6, 60_000, fok]);
    assert.deepEqual([short.fills, short.cancelled], [[], [[alice, 'CANCEL_REASON_FOK']]]);
    assert.deepEqual(orders(chain, alice), []);
    const whole = await place(chain, [alice, buy, 5, 60_000, fok]);
    assert.deepEqual(whole.fills, [
      [alice, 5, takerFee(5, 60_000)],
      [bob, 5, makerFee(5, 60_000)],
    ]);
    await chain.close();
  });
  test('a market order may be fill-or-kill', async () => {
    const chain = await open();
    await place(chain, [bob, sell, 5, 60_000]);
    const terms = { ...fok, type: OrderType.ORDER_TYPE_MARKET, price: 0n, maxSlippagePpm: 10_000 };
    assert.deepEqual((await place(chain, [alice, buy, 6, 0, terms])).cancelled, [[alice, 'CANCEL_REASON_FOK']]);
    assert.equal((await place(chain, [alice, buy, 5, 0, terms])).fills.length, 2);
    await chain.close();
  });
  test('an all-or-none order waits until it can fill whole', async () => {
    const chain = await open();
    await place(chain, [alice, buy, 6, 60_000, { allOrNone: true }], [bob, sell, 5, 60_000]);
    assert.deepEqual([orders(chain, alice), orders(chain, bob)], [[[60_000, 6]], [[60_000, 5]]]);
    const { fills } = await place(chain, [carol, sell, 1, 60_000]);
    assert.deepEqual(
      fills.map(([who, tenths]) => [who, tenths]),
      [
        [alice, 6],
        [bob, 5],
        [carol, 1],
      ],
    );
    await chain.close();
  });
  test('a reduce-only order that is larger than the position cannot fill whole', async () => {
    const chain = await open();
    await place(chain, [alice, buy, 3, 60_000], [bob, sell, 3, 60_000]);
    await place(chain, [carol, buy, 9, 59_900]);
    const { fills, cancelled } = await place(chain, [
      alice,
      sell,
      4,
      59_900,
      { ...fok, reduceOnly: true, clientId: 2n },
    ]);
    assert.deepEqual([fills, cancelled], [[], [[alice, 'CANCEL_REASON_FOK']]]);
    await chain.close();
  });
});

describe('post-only', () => {
  const postOnly = { postOnly: true };
  test('is refused when it crosses the book that the last block left, and says the price that rests', async () => {
    const chain = await open();
    await place(chain, [bob, sell, 5, 60_000]);
    const { codes, logs } = await place(chain, [alice, buy, 5, 60_000, postOnly]);
    assert.deepEqual(codes, ['perps/50']);
    assert.match(logs[0]!, /the book has a sell at 60000000000/);
    assert.deepEqual((await place(chain, [alice, buy, 5, 59_999, postOnly])).codes, ['ok']);
    await chain.close();
  });
  test('is cancelled in the auction when only its own order is in the way, unless that goes in the same block', async () => {
    const chain = await open();
    await place(chain, [alice, sell, 5, 60_000]);
    const requote = { ...postOnly, clientId: 2n };
    assert.deepEqual((await place(chain, [alice, buy, 5, 60_001, requote])).cancelled, [
      [alice, 'CANCEL_REASON_POST_ONLY'],
    ]);
    const cancel = message('MsgCancelOrder', MsgCancelOrder, {
      owner: chain.keys[alice]!.address,
      subaccountNumber: 0,
      marketId: 1,
      clientId: 1n,
    });
    await sent(chain, [[alice, [cancel, placing(chain, [alice, buy, 5, 60_001, requote])]]]);
    assert.deepEqual(orders(chain, alice), [[60_001, 5]]);
    await chain.close();
  });
  test('trades with orders of its own block, whatever came first, and pays as a maker', async () => {
    for (const first of [true, false]) {
      const chain = await open();
      const [maker, taker]: Entry[] = [
        [alice, buy, 5, 60_000, postOnly],
        [bob, sell, 5, 60_000],
      ];
      const { fills } = await place(chain, ...(first ? [maker!, taker!] : [taker!, maker!]));
      assert.deepEqual(fills, [
        [alice, 5, makerFee(5, 60_000)],
        [bob, 5, takerFee(5, 60_000)],
      ]);
      await chain.close();
    }
  });
});

describe('self-trade prevention', () => {
  const mode = (selfTradePrevention: SelfTradePrevention) => ({ selfTradePrevention, clientId: 2n });
  const cases = [
    [SelfTradePrevention.SELF_TRADE_PREVENTION_UNSPECIFIED, [[60_000, 3]], []],
    [SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_NEWEST, [[60_000, 3]], []],
    [SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_OLDEST, [[60_100, 5]], []],
    [SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_BOTH, [], []],
    [SelfTradePrevention.SELF_TRADE_PREVENTION_DECREMENT, [[60_100, 2]], []],
  ] as const;
  for (const [selfTrade, left, fills] of cases) {
    test(`${SelfTradePrevention[selfTrade]} keeps ${JSON.stringify(left)} of an older 3 and a newer 5`, async () => {
      const chain = await open();
      await place(chain, [alice, sell, 3, 60_000]);
      const result = await place(chain, [alice, buy, 5, 60_100, mode(selfTrade)]);
      assert.deepEqual(result.fills, fills);
      assert.deepEqual(orders(chain, alice), left);
      assert.ok(result.cancelled.every(([, reason]) => reason === 'CANCEL_REASON_SELF_TRADE'));
      await chain.close();
    });
  }
  test('holds between subaccounts of one owner', async () => {
    const chain = await open();
    const second = message('MsgDeposit', (await import('../gen/plimsoll/perps/v1/tx.js')).MsgDeposit, {
      owner: chain.keys[alice]!.address,
      subaccountNumber: 1,
      amount: { denom: 'uusdc', amount: usd(100_000).toString() },
    });
    await sent(chain, [[alice, [second]]]);
    await place(chain, [alice, sell, 3, 60_000]);
    const { fills, cancelled } = await place(chain, [alice, buy, 3, 60_000, { subaccountNumber: 1 }]);
    assert.deepEqual([fills, cancelled], [[], [[alice, 'CANCEL_REASON_SELF_TRADE']]]);
    await chain.close();
  });
});

describe('an iceberg', () => {
  test('shows a part, hides the rest from the query, and shows the next part behind the others', async () => {
    const chain = await open();
    await place(chain, [alice, sell, 10, 60_000, { displayQuantity: (2n * btc) / 10n }], [bob, sell, 4, 60_000]);
    assert.deepEqual(book(chain, 'sell'), [[60_000, 6]]);
    const first = await place(chain, [carol, buy, 3, 60_000]);
    assert.deepEqual(
      first.fills.map(([who, tenths]) => [who, tenths]),
      [
        [carol, 3],
        [alice, 1],
        [bob, 2],
      ],
    );
    assert.deepEqual(book(chain, 'sell'), [[60_000, 3]]);
    // 1 and 2 are shown; the fourth is hidden behind them, and the next 2 come behind all others.
    await place(chain, [carol, buy, 4, 60_000, { clientId: 2n }]);
    assert.deepEqual(
      [orders(chain, alice), orders(chain, bob), book(chain, 'sell')],
      [[[60_000, 7]], [], [[60_000, 2]]],
    );
    await place(chain, [bob, sell, 2, 60_000, { clientId: 2n }]);
    const last = await place(chain, [carol, buy, 3, 60_000, { clientId: 3n }]);
    assert.deepEqual(
      last.fills.map(([who, tenths]) => [who, tenths]),
      [
        [carol, 3],
        [alice, 3],
      ],
    );
    await chain.close();
  });
});

describe('terms that contradict each other are refused', () => {
  const cases: readonly (readonly [string, Partial<MsgPlaceOrder>, string, RegExp])[] = [
    [
      'post-only and immediate',
      { postOnly: true, timeInForce: TimeInForce.TIME_IN_FORCE_IOC },
      'perps/51',
      /use one that rests/,
    ],
    ['post-only and fill-or-kill', { postOnly: true, ...fok }, 'perps/51', /use one that rests/],
    [
      'all-or-none and immediate',
      { allOrNone: true, timeInForce: TimeInForce.TIME_IN_FORCE_IOC },
      'perps/51',
      /TIME_IN_FORCE_FOK/,
    ],
    ['an iceberg that fills whole', { allOrNone: true, displayQuantity: btc / 10n }, 'perps/51', /may fill in parts/],
    ['an iceberg that ends with its block', { ...fok, displayQuantity: btc / 10n }, 'perps/51', /may fill in parts/],
    ['a display off step', { displayQuantity: 999n }, 'perps/12', /display_quantity: 999; the step/],
    ['a display above the quantity', { displayQuantity: btc }, 'perps/52', /expected 500000 to 50000000/],
    ['a display of too many parts', { displayQuantity: 100_000n }, 'perps/52', /expected 500000 to 50000000/],
  ];
  for (const [name, terms, code, text] of cases) {
    test(name, async () => {
      const chain = await shared;
      const { codes, logs } = await place(chain, [alice, buy, 5, 59_000, terms]);
      assert.deepEqual(codes, [code]);
      assert.match(logs[0]!, text);
      assert.deepEqual(orders(chain, alice), []);
    });
  }
  const shared = open();
  test('and the chain goes on', async () => (await shared).close());
});
