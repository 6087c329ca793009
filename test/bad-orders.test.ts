import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TriggerKind, TriggerSource, type BracketLeg } from '../gen/plimsoll/perps/v1/conditional.js';
import { MsgBatchOrders, MsgBatchOrdersResponse, OrderPlacement } from '../gen/plimsoll/perps/v1/tx.js';
import { TxMsgData } from '../gen/cosmos/base/abci/v1beta1/abci.js';
import { OrderType, Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import type { AppState } from '../app/genesis.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { btc, usd } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit, message, order, withdraw } from './support/messages.js';
import {
  amend,
  cancel,
  conditional,
  eventsOf,
  idsOf,
  peg,
  positionOf,
  scale,
  schedule,
  twap,
} from './support/orders.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;
const {
  TRIGGER_KIND_STOP_LOSS: stop,
  TRIGGER_KIND_TAKE_PROFIT: profit,
  TRIGGER_KIND_TRAILING_STOP: trail,
} = TriggerKind;
const { TIME_IN_FORCE_GTC: gtc, TIME_IN_FORCE_GTT: gtt, TIME_IN_FORCE_GTB: gtb, TIME_IN_FORCE_IOC: ioc } = TimeInForce;
type Key = TestChain['keys'][0];

type PerpsGenesis = {
  readonly params: { readonly orders: Record<string, unknown> };
  readonly markets: { status: string }[];
};
const perpsOf = (state: AppState): PerpsGenesis => state['perps'] as unknown as PerpsGenesis;

/** A chain with prices whose first trader has 10,000 USDC, and 100 in subaccounts of the others. */
async function open(change: (state: PerpsGenesis) => void = () => undefined): Promise<TestChain> {
  const chain = await testChain({ change: (state) => change(perpsOf(state)) });
  for (let count = 0; count < 3; count++) await chain.block();
  await chain.block(
    chain.keys.map((key, index) => chain.sign(key, [deposit(key, index === 0 ? usd(10_000) : usd(1_000_000))])),
  );
  return chain;
}

/** Everything that orders and accounts are, byte for byte: accounts, positions, books and what waits; not marks and statistics, which move in every block. */
function stateOf(chain: TestChain): readonly string[] {
  const store = chain.plimsoll.app.queryContext().committed.store('perps');
  const own = (key: string): boolean => {
    const prefix = key.charCodeAt(0);
    return (prefix >= 0x05 && prefix <= 0x08) || (prefix >= 0x10 && prefix <= 0x27);
  };
  return [...store.range('', undefined)]
    .filter(([key]) => own(key))
    .map(([key, value]) => `${Buffer.from(key, 'latin1').toString('hex')}=${Buffer.from(value).toString('hex')}`);
}

/** All messages in one block, each in a transaction of its own; what became of each. */
async function outcomes(chain: TestChain, key: Key, messages: readonly TxMessage[]) {
  const { results } = await chain.block(messages.map((each) => chain.sign(key, [each], { gasLimit: 2_000_000n })));
  return results.txResults.slice(-messages.length).map(({ code, codespace, log }) => ({
    outcome: code === 0 ? 'ok' : `${codespace}/${code}`,
    log,
  }));
}

const leg = (changes: Partial<BracketLeg>): BracketLeg => ({
  clientId: 91n,
  triggerPrice: usd(58_000),
  triggerSource: TriggerSource.TRIGGER_SOURCE_MARK,
  price: 0n,
  maxSlippagePpm: 10_000,
  trailingPpm: 0,
  trailingDistance: 0n,
  ...changes,
});

const edge = 1n << 63n;
const largest = (1n << 64n) - 1n;
const slow = { slices: 4, intervalMs: 60_000n, maxSlippagePpm: 10_000 };
const range = { firstClientId: 200n, side: buy, quantity: btc(0.1), firstPrice: usd(58_000), lastPrice: usd(59_000) };

type Case = readonly [what: string, code: number, text: RegExp, make: (key: Key, now: bigint) => TxMessage];
const cases: readonly Case[] = [
  // Sizes and prices.
  ['no size', 10, /quantity: must be positive/, (key) => order(key, buy, 0n, usd(59_000))],
  ['a size of 2^63', 10, /not below 2\^62/, (key) => order(key, buy, edge, usd(59_000))],
  ['a size of 2^64 - 1', 10, /not below 2\^62/, (key) => order(key, buy, largest, usd(59_000))],
  ['a price of 2^63', 10, /price below 2\^62/, (key) => order(key, buy, btc(0.1), edge)],
  ['a price off the tick', 11, /the tick of BTC-USD is 100000/, (key) => order(key, buy, btc(0.1), usd(59_000) + 1n)],
  ['a size off the step', 12, /the step of BTC-USD is 1000/, (key) => order(key, buy, btc(0.1) + 1n, usd(59_000))],
  ['dust', 13, /least of BTC-USD is 5000000/, (key) => order(key, buy, 1_000n, usd(59_000), { clientId: 70n })],
  ['a price out of reach', 14, /may pay at most/, (key) => order(key, buy, btc(0.1), usd(80_000))],
  // Expiry.
  [
    'GTT without a time',
    61,
    /good_til_time_ms: TIME_IN_FORCE_GTT needs one/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { timeInForce: gtt }),
  ],
  [
    'GTB without a block',
    61,
    /good_til_block: TIME_IN_FORCE_GTB needs one/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { timeInForce: gtb }),
  ],
  [
    'GTC with a time',
    61,
    /only TIME_IN_FORCE_GTT has one; expected zero/,
    (key, now) => order(key, buy, btc(0.1), usd(59_000), { goodTilTimeMs: now + 60_000n }),
  ],
  [
    'a time that has passed',
    60,
    /good_til_time_ms: 1; the block's time is/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { timeInForce: gtt, goodTilTimeMs: 1n }),
  ],
  [
    'a block that has passed',
    60,
    /good_til_block: 1; this is block/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { timeInForce: gtb, goodTilBlock: 1n }),
  ],
  [
    'a time of 2^64 - 1',
    62,
    /at most \d+ now/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { timeInForce: gtt, goodTilTimeMs: largest }),
  ],
  [
    'a block of 2^63',
    62,
    /at most \d+ now/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { timeInForce: gtb, goodTilBlock: edge }),
  ],
  [
    'a market order that rests',
    10,
    /a market order never rests/,
    (key, now) =>
      order(key, buy, btc(0.1), 0n, {
        type: OrderType.ORDER_TYPE_MARKET,
        maxSlippagePpm: 1_000,
        timeInForce: gtt,
        goodTilTimeMs: now + 60_000n,
      }),
  ],
  // Ids: alice has order 1, conditional order 2, TWAP 3 and pegged order 4.
  ['the id of an open order', 18, /names an open order/, (key) => order(key, buy, btc(0.1), usd(59_000))],
  ...[2n, 3n, 4n].map((clientId): Case => [
    `the id ${clientId} of an order that waits`,
    18,
    /client_id: \d names an (open|algorithmic|conditional)|names a conditional/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { clientId }),
  ]),
  [
    'a conditional order by the id of an open one',
    18,
    /names an open order/,
    (key) => conditional(key, stop, sell, usd(59_000), { clientId: 1n }),
  ],
  ['a cancel of what is not there', 19, /client_id: 77 is not open/, (key) => cancel(key, 77n)],
  // Reduce-only.
  [
    'reduce-only with nothing to reduce',
    20,
    /would not reduce a position of 0/,
    (key) => order(key, sell, btc(0.1), usd(61_000), { clientId: 70n, reduceOnly: true }),
  ],
  // Triggers.
  ['no trigger', 63, /trigger_price: 0; expected a price/, (key) => conditional(key, stop, sell, 0n)],
  ['a trigger of 2^63', 63, /below 2\^62/, (key) => conditional(key, stop, sell, edge)],
  ['a trigger off the tick', 11, /trigger_price/, (key) => conditional(key, stop, sell, usd(59_000) + 1n)],
  ['no kind', 63, /kind: expected STOP_LOSS/, (key) => conditional(key, 0, sell, usd(59_000))],
  [
    'a trailing stop with a trigger price',
    63,
    /a trailing stop has a distance instead/,
    (key) => conditional(key, trail, sell, usd(59_000), { trailingPpm: 1_000 }),
  ],
  [
    'a trailing stop with a limit',
    63,
    /becomes a market order/,
    (key) =>
      conditional(key, trail, sell, 0n, {
        trailingPpm: 1_000,
        type: OrderType.ORDER_TYPE_LIMIT,
        maxSlippagePpm: 0,
        price: usd(59_000),
        timeInForce: gtc,
      }),
  ],
  [
    'a stop that is reached already',
    64,
    /trigger_price: 60000000000; expected less than the price of 60000000000/,
    (key) => conditional(key, stop, sell, usd(60_000)),
  ],
  [
    'a take-profit that is reached already',
    64,
    /expected more than the price/,
    (key) => conditional(key, profit, sell, usd(59_000)),
  ],
  ['no trailing distance', 65, /trailing_distance: 0; expected ticks/, (key) => conditional(key, trail, sell, 0n)],
  [
    'two trailing distances',
    65,
    /both are given/,
    (key) => conditional(key, trail, sell, 0n, { trailingPpm: 1_000, trailingDistance: usd(100) }),
  ],
  [
    'a trailing distance with four digits',
    65,
    /at most 3 significant digits/,
    (key) => conditional(key, trail, sell, 0n, { trailingPpm: 12_340 }),
  ],
  [
    'a trailing distance of more than half the price',
    65,
    /expected 100 to 500000/,
    (key) => conditional(key, trail, sell, 0n, { trailingPpm: 501_000 }),
  ],
  [
    'a trailing distance of 2^63',
    65,
    /trailing_distance/,
    (key) => conditional(key, trail, sell, 0n, { trailingDistance: edge }),
  ],
  [
    'a distance on a stop that does not trail',
    65,
    /only a trailing stop has a distance/,
    (key) => conditional(key, stop, sell, usd(59_000), { trailingPpm: 1_000 }),
  ],
  [
    'a last price in a market that has not traded',
    66,
    /expected MARK/,
    (key) => conditional(key, stop, sell, usd(59_000), { triggerSource: TriggerSource.TRIGGER_SOURCE_LAST }),
  ],
  [
    'a conditional order past its time',
    60,
    /good_til_time_ms: 1/,
    (key) => conditional(key, stop, sell, usd(59_000), { goodTilTimeMs: 1n }),
  ],
  [
    'a conditional order of the whole position that may open one',
    10,
    /only a reduce-only order may close the whole/,
    (key) => conditional(key, stop, sell, usd(59_000), { mayOpen: true }),
  ],
  [
    'a conditional order with too wide a bound',
    14,
    /at most 100000/,
    (key) => conditional(key, stop, sell, usd(59_000), { maxSlippagePpm: 100_001 }),
  ],
  // Links.
  [
    'a pair with nobody',
    69,
    /other_client_id: 55 is no conditional order/,
    (key) => conditional(key, stop, sell, usd(59_000), { otherClientId: 55n }),
  ],
  [
    "a pair with an algorithm's order",
    69,
    /an algorithm's; expected an order of your own/,
    (key) => conditional(key, stop, sell, usd(59_000), { otherClientId: 4n }),
  ],
  [
    'a pair without an id',
    69,
    /client_id: 0 cannot be one of a pair/,
    (key) => conditional(key, stop, sell, usd(59_000), { clientId: 0n, otherClientId: 1n }),
  ],
  // Brackets.
  [
    'a stop above the entry',
    70,
    /stop_loss.trigger_price: 60000000000; expected less than the entry's limit of 59000000000/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { clientId: 90n, stopLoss: leg({ triggerPrice: usd(60_000) }) }),
  ],
  [
    'a profit below the entry',
    70,
    /take_profit.trigger_price: .*expected more/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { clientId: 90n, takeProfit: leg({}) }),
  ],
  [
    'a leg without an id',
    70,
    /client_id: 0; expected a positive one/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { clientId: 90n, stopLoss: leg({ clientId: 0n }) }),
  ],
  [
    'legs of one id',
    70,
    /names both legs/,
    (key) =>
      order(key, buy, btc(0.1), usd(59_000), {
        clientId: 90n,
        stopLoss: leg({}),
        takeProfit: leg({ triggerPrice: usd(61_000) }),
      }),
  ],
  [
    'a leg with two bounds',
    70,
    /expected a limit price or a slippage bound/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { clientId: 90n, stopLoss: leg({ price: usd(57_000) }) }),
  ],
  [
    "a leg of its entry's id",
    18,
    /names another order/,
    (key) => order(key, buy, btc(0.1), usd(59_000), { clientId: 90n, stopLoss: leg({ clientId: 90n }) }),
  ],
  // Algorithms.
  [
    'a TWAP of one slice',
    71,
    /slices: 1; expected 2 to 1000/,
    (key) => twap(key, { clientId: 80n, side: buy, quantity: btc(0.1), ...slow, slices: 1 }),
  ],
  [
    'a TWAP in a hurry',
    71,
    /interval_ms: 999; expected 1000/,
    (key) => twap(key, { clientId: 80n, side: buy, quantity: btc(0.1), ...slow, intervalMs: 999n }),
  ],
  [
    'a TWAP of dust',
    71,
    /a slice is worth \d+; the least of BTC-USD/,
    (key) => twap(key, { clientId: 80n, side: buy, quantity: 4_000n, ...slow }),
  ],
  [
    'a TWAP of less than a step a slice',
    71,
    /4 slices need at least 4000/,
    (key) => twap(key, { clientId: 80n, side: buy, quantity: 3_000n, ...slow }),
  ],
  [
    'a TWAP without a bound',
    10,
    /must bound its slippage/,
    (key) => twap(key, { clientId: 80n, side: buy, quantity: btc(0.1), ...slow, maxSlippagePpm: 0 }),
  ],
  [
    'a TWAP that its account cannot carry',
    22,
    /initial margin/,
    (key) => twap(key, { clientId: 80n, side: buy, quantity: btc(100), ...slow }),
  ],
  ['a scale of one order', 72, /orders: 1; expected 2 to 100/, (key) => scale(key, { ...range, orders: 1 })],
  [
    'a scale with too little room',
    72,
    /need at least/,
    (key) => scale(key, { ...range, orders: 10, lastPrice: usd(58_000.1) }),
  ],
  [
    'a scale with ids beyond 2^64',
    72,
    /first_client_id: 18446744073709551615; expected at most/,
    (key) => scale(key, { ...range, orders: 2, firstClientId: largest }),
  ],
  ['a scale of 2^63', 72, /not below 2\^62/, (key) => scale(key, { ...range, orders: 2, quantity: edge })],
  [
    'a scale of which one order is dust',
    13,
    /order 1 of 100 at 58000000000: /,
    (key) => scale(key, { ...range, orders: 100, quantity: 100_000n }),
  ],
  [
    'a peg below zero',
    73,
    /expected more than -60000000000/,
    (key) => peg(key, { clientId: 80n, side: buy, quantity: btc(0.1), offset: -usd(60_000) }),
  ],
  [
    'a peg of the largest offset',
    10,
    /price below 2\^62/,
    (key) => peg(key, { clientId: 80n, side: sell, quantity: btc(0.1), offset: edge - 1n }),
  ],
  [
    'a peg with a limit off the tick',
    11,
    /limit_price: 1; the tick/,
    (key) => peg(key, { clientId: 80n, side: buy, quantity: btc(0.1), offset: 0n, limitPrice: 1n }),
  ],
  // Amendments and schedules.
  ['an amendment of nobody', 19, /client_id: 77 is not open/, (key) => amend(key, { clientId: 77n, price: usd(1) })],
  ['an amendment of nothing', 78, /nothing would change/, (key) => amend(key, { clientId: 1n })],
  [
    "an amendment of an algorithm's order",
    78,
    /moved by its algorithm/,
    (key) => amend(key, { clientId: 4n, price: usd(1) }),
  ],
  ['an amendment to a size of 2^63', 10, /not below 2\^62/, (key) => amend(key, { clientId: 1n, remaining: edge })],
  ['an amendment off the step', 12, /the step of BTC-USD/, (key) => amend(key, { clientId: 1n, remaining: 999n })],
  [
    'a cancel in less than five seconds',
    76,
    /expected at least \d+ now, or zero/,
    (key, now) => schedule(key, now + 4_999n),
  ],
  ['a cancel in the year 2^64', 77, /expected at most/, (key) => schedule(key, largest)],
];

/** In a halted market whatever could open; what only reduces waits for its auction. */
const halted: readonly (readonly [what: string, make: (key: Key) => TxMessage])[] = [
  ['an order', (key) => order(key, buy, btc(1), usd(2_900), { marketId: 2 })],
  [
    'a conditional order that may open',
    (key) => conditional(key, stop, sell, usd(2_900), { marketId: 2, mayOpen: true }),
  ],
  ['a TWAP', (key) => twap(key, { marketId: 2, side: buy, quantity: btc(100), ...slow })],
  ['a scale', (key) => scale(key, { ...range, marketId: 2, orders: 2, firstPrice: usd(2_800), lastPrice: usd(2_900) })],
  ['a peg', (key) => peg(key, { marketId: 2, side: buy, quantity: btc(1), offset: -usd(100) })],
];

describe('orders that are refused leave state as it was, to the byte, and say what would be accepted', () => {
  test('each with its code', async () => {
    const chain = await open();
    const [alice] = chain.keys as [Key];
    const placed = await outcomes(chain, alice, [
      order(alice, buy, btc(0.01), usd(59_000)),
      conditional(alice, stop, sell, usd(59_000), { clientId: 2n }),
      twap(alice, { clientId: 3n, side: buy, quantity: btc(0.02), ...slow }),
      peg(alice, { clientId: 4n, side: buy, quantity: btc(0.01), offset: -usd(1_000) }),
    ]);
    assert.deepEqual(
      placed.map(({ outcome }) => outcome),
      ['ok', 'ok', 'ok', 'ok'],
      JSON.stringify(placed),
    );
    const before = stateOf(chain);
    const now = chain.engine.timeMs + 1_000n;
    const told = await outcomes(
      chain,
      alice,
      cases.map(([, , , make]) => make(alice, now)),
    );
    for (const [index, [what, code, text]] of cases.entries()) {
      assert.equal(told[index]!.outcome, `perps/${code}`, `${what}: ${told[index]!.log}`);
      assert.match(told[index]!.log, text, what);
    }
    assert.deepEqual(stateOf(chain), before);
    await chain.close();
  });

  test('in a halted market what could open a position', async () => {
    const chain = await open(({ markets }) => {
      markets[1]!.status = 'MARKET_STATUS_HALTED';
    });
    const [alice] = chain.keys as [Key];
    const before = stateOf(chain);
    const told = await outcomes(
      chain,
      alice,
      halted.map(([, make]) => make(alice)),
    );
    for (const [index, [what]] of halted.entries())
      assert.match(`${told[index]!.outcome} ${told[index]!.log}`, /^perps\/9 .*ETH-USD is halted/, what);
    assert.deepEqual(stateOf(chain), before);
    await chain.close();
  });
});

describe('limits on orders', () => {
  const bid = (clientId: bigint, changes: Partial<OrderPlacement> = {}): OrderPlacement =>
    OrderPlacement.fromPartial({
      marketId: 1,
      clientId,
      side: buy,
      type: OrderType.ORDER_TYPE_LIMIT,
      quantity: 10_000n,
      price: usd(55_000),
      timeInForce: gtc,
      ...changes,
    });

  test('ten thousand orders of one account: its equity allows 220, parameters 200, and the rest is told so', async () => {
    const chain = await open();
    const [alice] = chain.keys as [Key];
    let accepted = 0;
    for (let round = 0; round < 50; round++) {
      const places = Array.from({ length: 200 }, (_, index) => bid(BigInt(round * 200 + index)));
      const value = MsgBatchOrders.fromPartial({ owner: alice.address, bestEffort: true, places });
      const { results } = await chain.block([
        chain.sign(alice, [message('MsgBatchOrders', MsgBatchOrders, value)], { gasLimit: 100_000_000n }),
      ]);
      const { code, log, data } = results.txResults.at(-1)!;
      assert.equal(code, 0, log);
      const [response] = TxMsgData.decode(data).msgResponses;
      const told = MsgBatchOrdersResponse.decode(response!.value).places;
      accepted += told.filter((each) => each.code === 0).length;
      for (const each of told) if (each.code !== 0) assert.equal(each.code, 15);
      if (round > 0) assert.match(told[0]!.log, /200 orders are open; at most 200 .*no equity allows more/);
    }
    assert.equal(accepted, 200);
    assert.equal(idsOf(chain, alice).open.length, 200);
    await chain.close();
  });

  test('grow with equity: twenty for everybody, one more for each 50 USDC, and the refusal says what one more needs', async () => {
    const chain = await open();
    const [alice] = chain.keys as [Key];
    await chain.block([chain.sign(alice, [withdraw(alice, usd(9_880))])]);
    // 120 USDC: 22 orders.
    const told = await outcomes(
      chain,
      alice,
      Array.from({ length: 23 }, (_, index) => order(alice, buy, 10_000n, usd(55_000), { clientId: BigInt(index) })),
    );
    assert.deepEqual(
      told.slice(0, 22).filter(({ outcome }) => outcome !== 'ok'),
      [],
    );
    assert.match(
      `${told[22]!.outcome} ${told[22]!.log}`,
      /^perps\/15 .*22 orders are open; at most 22 at an equity of 120000000: 23 need an equity of 150000000, and 200 is the most/,
    );
    const stops = await outcomes(
      chain,
      alice,
      Array.from({ length: 23 }, (_, index) =>
        conditional(alice, stop, sell, usd(58_000), { clientId: BigInt(100 + index) }),
      ),
    );
    assert.match(`${stops[22]!.outcome} ${stops[22]!.log}`, /^perps\/67 .*22 conditional orders wait/);
    assert.equal(stops[21]!.outcome, 'ok');
    await chain.close();
  });

  test('on algorithms and pegged orders of a market', async () => {
    const chain = await open(({ params }) => {
      params.orders['max_algos'] = 2;
      params.orders['max_pegged_per_market'] = 3;
    });
    const [alice, bob] = chain.keys as [Key, Key];
    const pegs = (key: Key, count: number) =>
      Array.from({ length: count }, (_, index) =>
        peg(key, { clientId: BigInt(index), side: buy, quantity: 10_000n, offset: -usd(1_000) }),
      );
    const first = await outcomes(chain, alice, pegs(alice, 3));
    assert.deepEqual(
      first.map(({ outcome }) => outcome),
      ['ok', 'ok', 'perps/74'],
    );
    const second = await outcomes(chain, bob, pegs(bob, 2));
    assert.deepEqual(
      second.map(({ outcome }) => outcome),
      ['ok', 'perps/75'],
    );
    await chain.close();
  });
});

describe('what does not fit into a block', () => {
  test('triggers worst first, and the rest in later blocks, even if the price comes back', async () => {
    const chain = await open(({ params }) => {
      params.orders['max_triggers_per_block'] = 2;
    });
    const [, bob, carol] = chain.keys as [Key, Key, Key];
    await chain.block([
      chain.sign(bob, [order(bob, buy, btc(1), usd(60_000))]),
      chain.sign(carol, [order(carol, sell, btc(1), usd(60_000))]),
    ]);
    // Sized by their place: the highest stop is the worst when the price falls.
    await outcomes(
      chain,
      bob,
      [59_500, 59_900, 59_700, 59_800, 59_600].map((at, index) =>
        conditional(bob, stop, sell, usd(at), { clientId: BigInt(10 + index), quantity: 10_000n }),
      ),
    );
    // One conditional order more below them, which the price does not reach.
    await outcomes(chain, bob, [conditional(bob, stop, sell, usd(50_000), { clientId: 20n, quantity: 10_000n })]);
    const triggered: unknown[][] = [];
    const run = async (price: number) => {
      chain.prices.set({ 'BTC-USD': String(price), 'ETH-USD': '3000' });
      const { results } = await chain.block();
      triggered.push(eventsOf(results, 'EventConditionalTriggered').map(({ client_id }) => client_id));
    };
    await run(59_000);
    await run(60_000);
    const busy = await outcomes(chain, bob, [
      conditional(bob, stop, sell, usd(59_650), { clientId: 30n, quantity: 10_000n }),
    ]);
    assert.match(`${busy[0]!.outcome} ${busy[0]!.log}`, /^perps\/68 .*expected less than that/);
    await run(60_000);
    await run(60_000);
    // The next two, 12 and 14, went in the block whose message was refused.
    assert.deepEqual(triggered.flat(), ['11', '13', '10']);
    assert.deepEqual(idsOf(chain, bob).conditional, [20n]);
    await chain.close();
  });

  test('expires later, and never fills meanwhile', async () => {
    const chain = await open(({ params }) => {
      params.orders['max_expiries_per_block'] = 1;
    });
    const [, bob, carol] = chain.keys as [Key, Key, Key];
    const until = { timeInForce: gtb, goodTilBlock: chain.engine.height + 1n };
    await outcomes(
      chain,
      bob,
      [1n, 2n, 3n].map((clientId) => order(bob, buy, btc(0.1), usd(59_900), { clientId, ...until })),
    );
    assert.equal(idsOf(chain, bob).open.length, 3);
    await chain.block();
    assert.equal(idsOf(chain, bob).open.length, 2);
    // Its seller meets a bid that is not there any more.
    await outcomes(chain, carol, [order(carol, sell, btc(0.1), usd(59_900), { timeInForce: ioc })]);
    assert.equal(positionOf(chain, carol), 0n);
    assert.deepEqual(idsOf(chain, bob).open, []);
    await chain.close();
  });
});

describe('orders that could run in circles', () => {
  test('stops that trigger each other end after one turn each', async () => {
    const chain = await open();
    const [, bob, carol] = chain.keys as [Key, Key, Key];
    const last = { triggerSource: TriggerSource.TRIGGER_SOURCE_LAST, mayOpen: true, quantity: btc(0.1) };
    await chain.block([
      chain.sign(bob, [order(bob, buy, btc(1), usd(60_000))]),
      chain.sign(carol, [order(carol, sell, btc(1), usd(60_000))]),
    ]);
    // Bob buys at 61,000 what falls to 59,500, carol sells at 59,000 what rises to 60,500: each moves the last price to the other's trigger.
    const dave = chain.keys[3]!;
    await outcomes(chain, dave, [
      order(dave, buy, btc(5), usd(59_000), { clientId: 1n }),
      order(dave, sell, btc(5), usd(61_000), { clientId: 2n }),
    ]);
    await outcomes(chain, bob, [
      conditional(bob, profit, buy, usd(59_500), { ...last, clientId: 11n }),
      conditional(bob, profit, buy, usd(59_400), { ...last, clientId: 12n }),
    ]);
    await outcomes(chain, carol, [
      conditional(carol, profit, sell, usd(60_500), { ...last, clientId: 11n }),
      conditional(carol, profit, sell, usd(60_600), { ...last, clientId: 12n }),
      order(carol, sell, btc(0.1), usd(59_000), { clientId: 13n, timeInForce: ioc }),
    ]);
    let count = 0;
    for (let block = 0; block < 8; block++)
      count += eventsOf((await chain.block()).results, 'EventConditionalTriggered').length;
    assert.equal(count, 4);
    assert.deepEqual([idsOf(chain, bob).conditional, idsOf(chain, carol).conditional], [[], []]);
    await chain.close();
  });

  test('a reduce-only stop that is larger than the position closes it and turns nothing over', async () => {
    const chain = await open();
    const [, bob, carol] = chain.keys as [Key, Key, Key];
    await chain.block([
      chain.sign(bob, [order(bob, buy, btc(0.3), usd(60_000))]),
      chain.sign(carol, [
        order(carol, sell, btc(0.3), usd(60_000)),
        order(carol, buy, btc(5), usd(58_500), { clientId: 2n }),
      ]),
    ]);
    await outcomes(chain, bob, [conditional(bob, stop, sell, usd(59_000), { quantity: btc(2) })]);
    chain.prices.set({ 'BTC-USD': '59000', 'ETH-USD': '3000' });
    for (let count = 0; count < 3; count++) await chain.block();
    assert.equal(positionOf(chain, bob), 0n);
    assert.deepEqual(idsOf(chain, bob), { open: [], conditional: [], algo: [] });
    await chain.close();
  });
});
