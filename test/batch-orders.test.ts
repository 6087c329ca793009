import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MsgBatchOrders, MsgBatchOrdersResponse, OrderPlacement } from '../gen/plimsoll/perps/v1/tx.js';
import { TxMsgData } from '../gen/cosmos/base/abci/v1beta1/abci.js';
import { OrderType, Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { usd } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit, message, order } from './support/messages.js';

const btc = 100_000_000n;

async function open(): Promise<TestChain> {
  const chain = await testChain();
  for (let count = 0; count < 3; count++) await chain.block();
  const [alice, bob] = chain.keys as [TestChain['keys'][0], TestChain['keys'][0]];
  await chain.block([
    chain.sign(alice, [deposit(alice, usd(10_000))]),
    chain.sign(bob, [deposit(bob, usd(1_000_000))]),
  ]);
  return chain;
}

const place = (clientId: bigint, price: number, changes: Partial<OrderPlacement> = {}): OrderPlacement => ({
  ...OrderPlacement.fromPartial({}),
  marketId: 1,
  clientId,
  side: Side.SIDE_BUY,
  type: OrderType.ORDER_TYPE_LIMIT,
  quantity: btc / 100n,
  price: usd(price),
  timeInForce: TimeInForce.TIME_IN_FORCE_GTC,
  ...changes,
});

const batch = (chain: TestChain, parts: Partial<MsgBatchOrders>, index = 0): TxMessage =>
  message(
    'MsgBatchOrders',
    MsgBatchOrders,
    MsgBatchOrders.fromPartial({ owner: chain.keys[index]!.address, ...parts }),
  );

/** Sends a batch in a block of its own; its transaction's code and log, and the results when it succeeded. */
async function send(chain: TestChain, parts: Partial<MsgBatchOrders>, index = 0) {
  const { results } = await chain.block([
    chain.sign(chain.keys[index]!, [batch(chain, parts, index)], { gasLimit: 10_000_000n }),
  ]);
  const { code, codespace, log, data } = results.txResults.at(-1)!;
  const [response] = code === 0 ? TxMsgData.decode(data).msgResponses : [];
  return {
    outcome: code === 0 ? 'ok' : `${codespace}/${code}`,
    log,
    results: response === undefined ? undefined : MsgBatchOrdersResponse.decode(response.value),
  };
}

/** Open orders of a demo account: client id, price in USD, what is left. */
function orders(chain: TestChain, index = 0): readonly (readonly [bigint, bigint, bigint])[] {
  const key = subaccountKey(fromBech32(chain.keys[index]!.address), 0);
  const { keepers, app } = chain.plimsoll;
  return [...keepers.perps.ordersOf(app.queryContext(), key)].map(([at, { remaining }]) => [
    at.clientId,
    at.price / 1_000_000n,
    remaining,
  ]);
}

describe('a batch of orders', () => {
  test('cancels, shrinks and places in one message; what leaves makes room for what comes', async () => {
    const chain = await open();
    // 10,000 USDC carry about 3.3 BTC of 60,000 at 5 %.
    const large = { quantity: 3n * btc };
    assert.equal((await send(chain, { places: [place(1n, 59_000, large), place(2n, 58_900)] })).outcome, 'ok');
    assert.equal((await send(chain, { places: [place(3n, 59_100, large)] })).outcome, 'perps/22');
    const { outcome, results } = await send(chain, {
      cancels: [{ marketId: 1, clientId: 1n }],
      amends: [{ marketId: 1, clientId: 2n, remaining: btc / 200n, price: 0n }],
      places: [place(3n, 59_100, large)],
    });
    assert.equal(outcome, 'ok');
    assert.deepEqual(
      [results!.cancels, results!.amends, results!.places].map((list) => list.map(({ code }) => code)),
      [[0], [0], [0]],
    );
    assert.deepEqual(orders(chain), [
      [2n, 58_900n, btc / 200n],
      [3n, 59_100n, 3n * btc],
    ]);
    await chain.close();
  });

  test('fails whole, naming the entry, and leaves no trace', async () => {
    const chain = await open();
    await send(chain, { places: [place(1n, 59_000)] });
    const { outcome, log } = await send(chain, {
      cancels: [{ marketId: 1, clientId: 1n }],
      places: [place(2n, 58_000), place(3n, 58_000, { quantity: 1n })],
    });
    assert.equal(outcome, 'perps/12');
    assert.match(log, /places\[1\]: .*quantity: 1; the step of BTC-USD is/);
    assert.deepEqual(orders(chain), [[1n, 59_000n, btc / 100n]]);
    await chain.close();
  });

  test('by best effort does what can be done and tells of the rest', async () => {
    const chain = await open();
    const { outcome, results } = await send(chain, {
      bestEffort: true,
      cancels: [{ marketId: 1, clientId: 9n }],
      amends: [{ marketId: 1, clientId: 1n, remaining: 1n, price: 0n }],
      places: [place(1n, 59_000), place(1n, 58_000), place(2n, 58_000, { marketId: 77 }), place(3n, 58_000)],
    });
    assert.equal(outcome, 'ok');
    assert.deepEqual(
      [...results!.cancels, ...results!.amends, ...results!.places].map(({ code }) => code),
      [19, 19, 0, 18, 4, 0],
    );
    assert.match(results!.places[1]!.log, /client_id: 1 names an open order/);
    assert.deepEqual(orders(chain), [
      [1n, 59_000n, btc / 100n],
      [3n, 58_000n, btc / 100n],
    ]);
    await chain.close();
  });

  test('keeps the place in the queue of what it shrinks: an earlier block fills first', async () => {
    const chain = await open();
    const [alice, bob] = chain.keys as [TestChain['keys'][0], TestChain['keys'][0]];
    const at = { quantity: btc / 50n };
    await send(chain, { places: [place(1n, 60_000, at)] });
    await chain.block([chain.sign(bob, [order(bob, Side.SIDE_BUY, btc / 100n, usd(60_000))])]);
    await send(chain, { amends: [{ marketId: 1, clientId: 1n, remaining: btc / 100n, price: 0n }] });
    const carol = chain.keys[2]!;
    await chain.block([chain.sign(carol, [deposit(carol, usd(100_000))])]);
    await chain.block([chain.sign(carol, [order(carol, Side.SIDE_SELL, btc / 100n, usd(60_000))])]);
    assert.deepEqual(orders(chain, 0), []);
    assert.deepEqual(orders(chain, 1), [[1n, 60_000n, btc / 100n]]);
    assert.equal(alice.address, chain.keys[0]!.address);
    await chain.close();
  });

  const bad: readonly (readonly [what: string, parts: Partial<MsgBatchOrders>, outcome: string, log: RegExp])[] = [
    ['that is empty', {}, 'perps/10', /all are empty/],
    [
      'with more than 200 entries',
      { places: Array.from({ length: 201 }, (_, index) => place(BigInt(index), 50_000)) },
      'perps/10',
      /201 entries; at most 200/,
    ],
    [
      'that makes an order larger than its margin',
      { amends: [{ marketId: 1, clientId: 1n, remaining: 10n * btc, price: 0n }] },
      'perps/22',
      /amends\[0\]: .*needs \d+ of initial margin/,
    ],
    [
      'that changes nothing of an order',
      { amends: [{ marketId: 1, clientId: 1n, remaining: 0n, price: 0n }] },
      'perps/78',
      /nothing would change; 1000000 are left/,
    ],
    [
      'that makes an order a fraction of a step',
      { amends: [{ marketId: 1, clientId: 1n, remaining: 999n, price: 0n }] },
      'perps/12',
      /remaining: 999; the step/,
    ],
    [
      'that names an order twice',
      { cancels: [1n, 1n].map((clientId) => ({ marketId: 1, clientId })) },
      'perps/19',
      /cancels\[1\]: .*is not open/,
    ],
  ];
  test('is refused with a reason when it is wrong', async () => {
    const chain = await open();
    await send(chain, { places: [place(1n, 59_000)] });
    for (const [what, parts, outcome, log] of bad) {
      const sent = await send(chain, parts);
      assert.equal(sent.outcome, outcome, what);
      assert.match(sent.log, log, what);
    }
    assert.deepEqual(orders(chain), [[1n, 59_000n, btc / 100n]]);
    await chain.close();
  });

  test('leaves the book as the same orders one by one would', async () => {
    const entry = fc.record({
      marketId: fc.constantFrom(1, 2),
      clientId: fc.bigInt({ min: 1n, max: 8n }),
      side: fc.constantFrom(Side.SIDE_BUY, Side.SIDE_SELL),
      offset: fc.integer({ min: 1, max: 40 }),
      lots: fc.integer({ min: 1, max: 60 }),
      reduceOnly: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 12 }), async (entries) => {
        const places = entries.map(({ marketId, clientId, side, offset, lots, reduceOnly }): OrderPlacement => {
          const mark = marketId === 1 ? 60_000 : 3_000;
          const price = side === Side.SIDE_BUY ? mark - offset : mark + offset;
          return place(clientId, price, { marketId, side, quantity: (BigInt(lots) * btc) / 20n, reduceOnly });
        });
        const [together, apart] = [await open(), await open()];
        const { results } = await send(together, { bestEffort: true, places });
        const key = apart.keys[0]!;
        const { results: single } = await apart.block(
          places.map((each) => apart.sign(key, [order(key, each.side, each.quantity, each.price, each)])),
        );
        assert.deepEqual(
          results!.places.map(({ code }) => code),
          single.txResults.slice(-places.length).map(({ code }) => code),
        );
        assert.deepEqual(orders(together), orders(apart));
        await together.close();
        await apart.close();
      }),
      { numRuns: Number(process.env['PLIMSOLL_FC_RUNS'] ?? '15') },
    );
  });
});
