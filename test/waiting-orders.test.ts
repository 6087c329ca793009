import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TriggerKind } from '../gen/plimsoll/perps/v1/conditional.js';
import { Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { btc, usd } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit, order } from './support/messages.js';
import {
  amend,
  cancel,
  cancelAll,
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
type Key = TestChain['keys'][0];

interface Desk {
  readonly chain: TestChain;
  readonly alice: Key;
  readonly bob: Key;
  /** Sends one trader's messages in a block of their own; every one must succeed unless a code is expected. */
  send(
    key: Key,
    messages: readonly TxMessage[],
    expected?: string,
  ): Promise<Awaited<ReturnType<TestChain['block']>>['results']>;
  price(usd: number): Promise<Awaited<ReturnType<TestChain['block']>>['results']>;
  now(): bigint;
}

/** Alice and bob with 100,000 USDC each at a price of 60,000; bob quotes 10 BTC a dollar away on both sides, if asked. */
async function open(): Promise<Desk> {
  const chain = await testChain();
  for (let count = 0; count < 3; count++) await chain.block();
  const [alice, bob] = chain.keys as [Key, Key];
  await chain.block([alice, bob].map((key) => chain.sign(key, [deposit(key, usd(100_000))])));
  return {
    chain,
    alice,
    bob,
    async send(key, messages, expected = 'ok') {
      const { results } = await chain.block([chain.sign(key, messages, { gasLimit: 20_000_000n })]);
      const { code, codespace, log } = results.txResults.at(-1)!;
      assert.equal(code === 0 ? 'ok' : `${codespace}/${code}`, expected, log);
      return results;
    },
    async price(amount) {
      chain.prices.set({ 'BTC-USD': String(amount), 'ETH-USD': '3000' });
      await chain.block();
      return (await chain.block()).results;
    },
    now: () => chain.engine.timeMs,
  };
}

/** Alice long one BTC from bob at 60,000. */
async function long(): Promise<Desk> {
  const desk = await open();
  const { chain, alice, bob } = desk;
  await chain.block([
    chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
    chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
  ]);
  assert.equal(positionOf(chain, alice), btc(1));
  return desk;
}

describe('an order good until a time', () => {
  test('fills in a block of that very time, and not in a later one', async () => {
    const { chain, alice, bob, send, now } = await open();
    const at = { timeInForce: TimeInForce.TIME_IN_FORCE_GTT };
    // The block of this message is at now + 1 s, the next one at now + 2 s.
    await send(alice, [
      order(alice, buy, btc(0.1), usd(60_000), { ...at, clientId: 1n, goodTilTimeMs: now() + 2_000n }),
      order(alice, buy, btc(0.1), usd(59_990), { ...at, clientId: 2n, goodTilTimeMs: now() + 2_000n }),
    ]);
    await send(bob, [order(bob, sell, btc(0.1), usd(60_000))]);
    assert.equal(positionOf(chain, alice), btc(0.1));
    assert.deepEqual(idsOf(chain, alice).open, [2n]);
    const results = await send(bob, [order(bob, sell, btc(0.1), usd(59_990), { clientId: 2n })]);
    assert.equal(positionOf(chain, alice), btc(0.1));
    assert.deepEqual(
      eventsOf(results, 'EventOrderCancelled').map(({ client_id, reason }) => [client_id, reason]),
      [['2', 'CANCEL_REASON_EXPIRED']],
    );
    await chain.close();
  });

  test('or a block: the last one that may fill it', async () => {
    const { chain, alice, bob, send } = await open();
    const next = chain.engine.height + 1n;
    await send(alice, [
      order(alice, buy, btc(0.1), usd(60_000), { timeInForce: TimeInForce.TIME_IN_FORCE_GTB, goodTilBlock: next }),
    ]);
    await send(bob, [order(bob, sell, btc(0.1), usd(60_000))]);
    assert.equal(positionOf(chain, alice), 0n);
    assert.deepEqual(idsOf(chain, alice).open, []);
    await chain.close();
  });
});

describe('a stop-loss', () => {
  test('closes a long when the mark falls to its price, reduce-only and without margin until then', async () => {
    const { chain, alice, bob, send, price } = await long();
    await send(bob, [order(bob, buy, btc(2), usd(58_900), { clientId: 5n })]);
    await send(alice, [conditional(alice, stop, sell, usd(59_000))]);
    await price(59_001);
    assert.deepEqual(idsOf(chain, alice).conditional, [10n]);
    await price(59_000);
    assert.equal(positionOf(chain, alice), 0n);
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [], algo: [] });
    await chain.close();
  });
});

describe('a conditional order', () => {
  test('belongs to a subaccount that exists: what waits for nobody could not be exported', async () => {
    const { chain, alice, send } = await open();
    const nowhere = { clientId: 3n, quantity: btc(0.1), mayOpen: true, subaccountNumber: 7 };
    await send(alice, [conditional(alice, stop, buy, usd(61_000), nowhere)], 'perps/3');
    await send(alice, [conditional(alice, stop, buy, usd(61_000), { ...nowhere, subaccountNumber: 0 })]);
    await chain.close();
  });

  test('waits for its own direction: a take-profit of a long for a rise, a stop of a short for one too', async () => {
    const { chain, alice, bob, send, price } = await long();
    await send(alice, [conditional(alice, profit, sell, usd(61_000), { clientId: 11n })]);
    await send(bob, [
      conditional(bob, stop, buy, usd(61_500), { clientId: 12n }),
      order(bob, buy, btc(0.2), usd(60_900), { clientId: 13n }),
    ]);
    const results = await price(61_000);
    assert.deepEqual(idsOf(chain, alice).conditional, []);
    assert.deepEqual(idsOf(chain, bob).conditional, [12n]);
    assert.equal(positionOf(chain, alice), btc(0.8));
    assert.deepEqual(eventsOf(results, 'EventConditionalEnded'), []);
    await chain.close();
  });

  test('on the last price triggers by an auction that traded, whatever the mark does', async () => {
    const { chain, alice, bob, send, price } = await long();
    const source = { triggerSource: 2 };
    await send(alice, [conditional(alice, stop, sell, usd(59_500), source)]);
    await price(59_000);
    assert.deepEqual(idsOf(chain, alice).conditional, [10n], 'nothing traded down there');
    const carol = chain.keys[2]!;
    await chain.block([chain.sign(carol, [deposit(carol, usd(100_000))])]);
    await send(carol, [order(carol, buy, btc(0.1), usd(59_400))]);
    await send(bob, [order(bob, sell, btc(0.1), usd(59_400), { clientId: 3n })]);
    await chain.block();
    assert.deepEqual(idsOf(chain, alice).conditional, []);
    await chain.close();
  });

  test('of zero quantity closes the whole position, whatever it is by then', async () => {
    const { chain, alice, bob, send, price } = await long();
    await send(alice, [conditional(alice, stop, sell, usd(59_000), { quantity: 0n })]);
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(0.5), usd(60_000), { clientId: 2n })]),
      chain.sign(bob, [order(bob, sell, btc(0.5), usd(60_000), { clientId: 2n })]),
    ]);
    await send(bob, [order(bob, buy, btc(3), usd(58_900), { clientId: 5n })]);
    await price(59_000);
    assert.equal(positionOf(chain, alice), 0n);
    await chain.close();
  });

  test('that is refused when its price comes says why and is not tried again', async () => {
    const { chain, alice, bob, send, price } = await open();
    // A buy stop that opens needs margin when it triggers: 40 BTC are far more than alice can carry.
    await send(alice, [conditional(alice, stop, buy, usd(61_000), { mayOpen: true, quantity: btc(40) })]);
    // And one that reduces finds nothing to reduce.
    await send(bob, [conditional(bob, stop, sell, usd(59_000), { clientId: 11n })]);
    const reasons = (results: Parameters<typeof eventsOf>[0]) =>
      eventsOf(results, 'EventConditionalEnded').map(({ reason, codespace, code }) => [reason, codespace, code]);
    assert.deepEqual(reasons(await price(61_000)), [['CONDITIONAL_END_REJECTED', 'perps', 22]]);
    assert.deepEqual(reasons(await price(59_000)), [['CONDITIONAL_END_REJECTED', 'perps', 20]]);
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [], algo: [] });
    assert.deepEqual(idsOf(chain, bob), { open: [], conditional: [], algo: [] });
    await chain.close();
  });

  test('expires like any other', async () => {
    const { chain, alice, send, now } = await long();
    await send(alice, [conditional(alice, stop, sell, usd(59_000), { goodTilTimeMs: now() + 2_000n })]);
    await chain.block();
    assert.deepEqual(idsOf(chain, alice).conditional, [10n]);
    const { results } = await chain.block();
    assert.deepEqual(idsOf(chain, alice).conditional, []);
    assert.deepEqual(
      eventsOf(results, 'EventConditionalEnded').map(({ reason }) => reason),
      ['CONDITIONAL_END_EXPIRED'],
    );
    await chain.close();
  });
});

describe('a trailing stop', () => {
  test('follows the best price and triggers at its distance from it', async () => {
    const { chain, alice, bob, send, price } = await long();
    await send(
      bob,
      [
        order(bob, buy, btc(2), usd(61_000), { clientId: 5n }),
        order(bob, buy, btc(2), usd(58_000), { clientId: 6n }),
      ].slice(1),
    );
    await send(alice, [conditional(alice, trail, sell, 0n, { trailingDistance: usd(1_000) })]);
    await price(62_000);
    await price(61_001);
    assert.deepEqual(idsOf(chain, alice).conditional, [10n], '999 below the high');
    await price(61_000);
    assert.deepEqual(idsOf(chain, alice).conditional, [], 'a thousand below it');
    await chain.close();
  });

  test('by parts per million, for shorts by lows, each from its own start', async () => {
    const { chain, alice, bob, send, price } = await long();
    const carol = chain.keys[2]!;
    await chain.block([chain.sign(carol, [deposit(carol, usd(100_000))])]);
    // 1 % from 60,000 and its lows.
    await send(bob, [conditional(bob, trail, buy, 0n, { trailingPpm: 10_000 })]);
    await price(59_000);
    // This one never saw a price under 59,000; a stop at 0.5 % of that is at 59,295.
    await send(bob, [conditional(bob, trail, buy, 0n, { clientId: 11n, trailingPpm: 5_000 })]);
    await price(59_294);
    assert.deepEqual(idsOf(chain, bob).conditional, [10n, 11n]);
    await price(59_295);
    assert.deepEqual(idsOf(chain, bob).conditional, [10n]);
    // 59,000 and 1 %: 59,590.
    await price(59_589);
    assert.deepEqual(idsOf(chain, bob).conditional, [10n]);
    await price(59_590);
    assert.deepEqual(idsOf(chain, bob).conditional, []);
    assert.equal(alice.address, chain.keys[0]!.address);
    await chain.close();
  });
});

describe('one cancels the other', () => {
  const pair = async () => {
    const desk = await long();
    await desk.send(desk.alice, [
      conditional(desk.alice, stop, sell, usd(59_000), { clientId: 11n }),
      conditional(desk.alice, profit, sell, usd(61_000), { clientId: 12n, otherClientId: 11n }),
    ]);
    return desk;
  };

  test('when it triggers', async () => {
    const { chain, alice, bob, send, price } = await pair();
    await send(bob, [order(bob, buy, btc(2), usd(60_900), { clientId: 5n })]);
    await price(61_000);
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [], algo: [] });
    assert.equal(positionOf(chain, alice), 0n);
    await chain.close();
  });

  test('but not when it is cancelled: the other goes on alone', async () => {
    const { chain, alice, send } = await pair();
    await send(alice, [cancel(alice, 12n)]);
    assert.deepEqual(idsOf(chain, alice).conditional, [11n]);
    // Alone, it can be paired again, with an order on the book this time.
    await send(alice, [
      order(alice, sell, btc(1), usd(61_000), { clientId: 13n, reduceOnly: true, otherClientId: 11n }),
    ]);
    await chain.close();
  });

  test('an order on the book and a stop: its fill ends the stop, the trigger cancels the order', async () => {
    for (const rises of [true, false]) {
      const { chain, alice, bob, send, price } = await long();
      await send(alice, [
        order(alice, sell, btc(1), usd(61_000), { clientId: 13n, reduceOnly: true }),
        conditional(alice, stop, sell, usd(59_000), { clientId: 11n, otherClientId: 13n }),
      ]);
      assert.deepEqual(idsOf(chain, alice), { open: [13n], conditional: [11n], algo: [] });
      if (rises) await send(bob, [order(bob, buy, btc(0.1), usd(61_000), { clientId: 5n })]);
      else await price(59_000);
      assert.deepEqual(idsOf(chain, alice), { open: rises ? [13n] : [], conditional: [], algo: [] });
      await chain.close();
    }
  });
});

describe('a bracket', () => {
  const leg = { triggerSource: 0, price: 0n, maxSlippagePpm: 50_000, trailingPpm: 0, trailingDistance: 0n };
  const bracket = {
    takeProfit: { ...leg, clientId: 21n, triggerPrice: usd(61_000) },
    stopLoss: { ...leg, clientId: 22n, triggerPrice: usd(59_000) },
  };

  test('sleeps until its entry fills, has the size that filled, and one leg cancels the other', async () => {
    const { chain, alice, bob, send, price } = await open();
    await send(alice, [order(alice, buy, btc(1), usd(59_900), { clientId: 20n, ...bracket })]);
    assert.deepEqual(idsOf(chain, alice), { open: [20n], conditional: [21n, 22n], algo: [] });
    await send(bob, [order(bob, sell, btc(0.25), usd(59_900))]);
    assert.equal(positionOf(chain, alice), btc(0.25));
    // Down to the stop: it closes what filled, and the rest of the entry goes with the bracket.
    await send(bob, [order(bob, buy, btc(2), usd(58_500), { clientId: 5n })]);
    await price(59_000);
    assert.equal(positionOf(chain, alice), 0n);
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [], algo: [] });
    await chain.close();
  });

  test('goes with an entry that never filled, and stays with a position whose entry was cut short', async () => {
    const { chain, alice, bob, send } = await open();
    await send(alice, [order(alice, buy, btc(1), usd(59_900), { clientId: 20n, ...bracket })]);
    const gone = await send(alice, [cancel(alice, 20n)]);
    assert.deepEqual(
      eventsOf(gone.txResults.at(-1)!, 'EventConditionalEnded').map(({ reason }) => reason),
      ['CONDITIONAL_END_ENTRY', 'CONDITIONAL_END_ENTRY'],
    );
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [], algo: [] });
    await send(alice, [order(alice, buy, btc(1), usd(59_900), { clientId: 20n, ...bracket })]);
    await send(bob, [order(bob, sell, btc(0.25), usd(59_900))]);
    await send(alice, [cancel(alice, 20n)]);
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [21n, 22n], algo: [] });
    await chain.close();
  });
});

describe('a TWAP order', () => {
  test('sends even slices at fixed times, catches up, and ends', async () => {
    const { chain, alice, bob, send } = await open();
    await send(bob, [order(bob, sell, btc(0.1), usd(60_010))]);
    // Four slices of 0.1 BTC, two seconds apart; the first one at once.
    await send(alice, [
      twap(alice, {
        clientId: 30n,
        side: buy,
        quantity: btc(0.4),
        slices: 4,
        intervalMs: 2_000n,
        maxSlippagePpm: 10_000,
      }),
    ]);
    assert.equal(positionOf(chain, alice), btc(0.1));
    await chain.block();
    assert.equal(positionOf(chain, alice), btc(0.1));
    await chain.block();
    assert.equal(positionOf(chain, alice), btc(0.1), 'nobody sells');
    await send(bob, [order(bob, sell, btc(1), usd(60_010), { clientId: 2n })]);
    await chain.block();
    assert.equal(positionOf(chain, alice), btc(0.3), 'two slices at once');
    await chain.block();
    await chain.block();
    assert.equal(positionOf(chain, alice), btc(0.4));
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [], algo: [] });
    await chain.close();
  });

  test('is cancelled like any order', async () => {
    const { chain, alice, send } = await open();
    await send(alice, [
      twap(alice, {
        clientId: 30n,
        side: buy,
        quantity: btc(0.4),
        slices: 4,
        intervalMs: 2_000n,
        maxSlippagePpm: 10_000,
      }),
    ]);
    assert.deepEqual(idsOf(chain, alice).algo, [30n]);
    await send(alice, [cancel(alice, 30n)]);
    for (let count = 0; count < 3; count++) await chain.block();
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [], algo: [] });
    await chain.close();
  });
});

test('a scale order spreads limit orders over a range, in even or rising parts', async () => {
  const { chain, alice, send } = await open();
  await send(alice, [
    scale(alice, {
      firstClientId: 40n,
      side: buy,
      quantity: btc(0.3),
      orders: 3,
      firstPrice: usd(59_000),
      lastPrice: usd(58_000),
    }),
    scale(alice, {
      firstClientId: 50n,
      side: buy,
      quantity: btc(0.6),
      orders: 3,
      firstPrice: usd(59_000),
      lastPrice: usd(58_000),
      shape: 2,
    }),
  ]);
  const { keepers, app } = chain.plimsoll;
  const { subaccountKey } = await import('../x/perps/subaccount-key.js');
  const { fromBech32 } = await import('../runtime/crypto/address.js');
  const key = subaccountKey(fromBech32(alice.address), 0);
  assert.deepEqual(
    [...keepers.perps.ordersOf(app.queryContext(), key)].map(([at, { remaining }]) => [
      at.clientId,
      at.price,
      remaining,
    ]),
    [
      [40n, usd(59_000), btc(0.1)],
      [41n, usd(58_500), btc(0.1)],
      [42n, usd(58_000), btc(0.1)],
      [50n, usd(59_000), btc(0.1)],
      [51n, usd(58_500), btc(0.2)],
      [52n, usd(58_000), btc(0.3)],
    ],
  );
  await chain.close();
});

describe('a pegged order', () => {
  test('moves with the oracle price up to its limit, and enters anew where it goes', async () => {
    const { chain, alice, bob, send, price } = await open();
    await send(alice, [
      peg(alice, { clientId: 60n, side: buy, quantity: btc(0.1), offset: -usd(100), limitPrice: usd(60_500) }),
    ]);
    await price(60_200);
    // The bid is at 60,100 now.
    await send(bob, [order(bob, sell, btc(0.05), usd(60_100))]);
    assert.equal(positionOf(chain, alice), btc(0.05));
    await price(61_000);
    await send(bob, [order(bob, sell, btc(0.05), usd(60_501), { clientId: 2n })]);
    assert.equal(positionOf(chain, alice), btc(0.05), 'it pays 60,500 at most');
    await send(bob, [order(bob, sell, btc(0.05), usd(60_500), { clientId: 3n })]);
    assert.equal(positionOf(chain, alice), btc(0.1));
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [], algo: [] });
    await chain.close();
  });
});

describe('a scheduled cancel', () => {
  test('ends orders of every kind at its time, unless it is moved or cleared', async () => {
    const { chain, alice, send, now } = await long();
    await send(alice, [
      order(alice, buy, btc(0.1), usd(59_000), { clientId: 2n }),
      conditional(alice, stop, sell, usd(58_000)),
      peg(alice, { clientId: 60n, side: buy, quantity: btc(0.1), offset: -usd(2_000) }),
      twap(alice, {
        clientId: 30n,
        side: buy,
        quantity: btc(0.4),
        slices: 4,
        intervalMs: 3_600_000n,
        maxSlippagePpm: 1_000,
      }),
      schedule(alice, now() + 1_000n + 5_000n),
    ]);
    assert.deepEqual(idsOf(chain, alice), { open: [2n, 60n], conditional: [10n], algo: [30n, 60n] });
    await send(alice, [schedule(alice, now() + 1_000n + 6_000n)]);
    for (let count = 0; count < 5; count++) await chain.block();
    assert.equal(idsOf(chain, alice).open.length, 2);
    await chain.block();
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [], algo: [] });
    await chain.close();
  });
});

describe('an amended order', () => {
  test('keeps its place when it only shrinks, and goes to the end with a new price or a larger size', async () => {
    const { chain, alice, bob, send } = await open();
    const carol = chain.keys[2]!;
    await chain.block([chain.sign(carol, [deposit(carol, usd(100_000))])]);
    await send(alice, [order(alice, buy, btc(0.2), usd(59_900))]);
    await send(bob, [order(bob, buy, btc(0.1), usd(59_900))]);
    await send(alice, [amend(alice, { clientId: 1n, remaining: btc(0.1) })]);
    await send(carol, [order(carol, sell, btc(0.05), usd(59_900))]);
    assert.deepEqual([positionOf(chain, alice), positionOf(chain, bob)], [btc(0.05), 0n]);
    await send(alice, [amend(alice, { clientId: 1n, remaining: btc(0.3) })]);
    await send(carol, [order(carol, sell, btc(0.05), usd(59_900), { clientId: 2n })]);
    assert.deepEqual([positionOf(chain, alice), positionOf(chain, bob)], [btc(0.05), btc(0.05)]);
    await send(alice, [amend(alice, { clientId: 1n, price: usd(59_950) })]);
    await send(carol, [order(carol, sell, btc(0.05), usd(59_900), { clientId: 3n })]);
    assert.deepEqual([positionOf(chain, alice), positionOf(chain, bob)], [btc(0.1), btc(0.05)]);
    await chain.close();
  });

  test('that cannot go there stays where it was', async () => {
    const { chain, alice, send } = await open();
    await send(alice, [order(alice, buy, btc(0.2), usd(59_900))]);
    await send(alice, [amend(alice, { clientId: 1n, remaining: btc(300) })], 'perps/22');
    await send(alice, [amend(alice, { clientId: 1n, price: usd(100_000) })], 'perps/14');
    assert.deepEqual(idsOf(chain, alice).open, [1n]);
    await send(alice, [cancelAll(alice)]);
    assert.deepEqual(idsOf(chain, alice).open, []);
    await chain.close();
  });
});
