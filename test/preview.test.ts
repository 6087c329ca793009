import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { QueryPreviewRequest, QueryPreviewResponse } from '../gen/plimsoll/perps/v1/query.js';
import { MsgBatchOrders, MsgCancelOrder, MsgTransfer } from '../gen/plimsoll/perps/v1/tx.js';
import { Side, TimeInForce } from '../gen/plimsoll/perps/v1/types.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { RequestQuery } from 'cosmjs-types/tendermint/abci/types';
import type { TxMessage } from '../runtime/codec/tx.js';
import { btc, usdc } from './support/amounts.js';
import { marketFor } from './support/markets.js';
import { testChain, type TestChain } from './support/chain.js';
import { coin, deposit, keeperBid, message, order, withdraw } from './support/messages.js';

const usd = usdc;
const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;

/** Asks the node as any client does. */
async function ask(
  chain: TestChain,
  { address: owner }: SigningKey,
  messages: readonly TxMessage[],
  changes: Partial<QueryPreviewRequest> = {},
): Promise<QueryPreviewResponse> {
  const request = QueryPreviewRequest.fromPartial({
    owner,
    number: 0,
    messages: messages.map(({ typeName, bytes }) => ({ typeUrl: `/${typeName}`, value: bytes })),
    ...changes,
  });
  const response = await chain.plimsoll.app.query(
    RequestQuery.fromPartial({
      path: '/plimsoll.perps.v1.Query/Preview',
      data: QueryPreviewRequest.encode(request).finish(),
    }),
  );
  assert.equal(response.code, 0, response.log);
  return QueryPreviewResponse.decode(response.value);
}

/** Alice long and bob short 1 BTC at 60,000 with 10,000 USDC each. */
async function started(): Promise<TestChain> {
  const chain = await testChain({ markets: [marketFor('BTC-USD', 'A', usdc(1_000_000))] });
  const [alice, bob] = chain.keys as [SigningKey, SigningKey];
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block([chain.sign(alice, [deposit(alice, usdc(10_000))]), chain.sign(bob, [deposit(bob, usdc(10_000))])]);
  await chain.block([
    chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
    chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
  ]);
  return chain;
}

describe('preview', () => {
  test('shows what a keeper bid would keep free, and what is free with one', async () => {
    const chain = await started();
    const keeper = chain.keys[2]!;
    await chain.block([chain.sign(keeper, [deposit(keeper, usdc(10_000))])]);
    const bid = keeperBid(keeper, buy, usdc(60_000), 1_000);
    // 5 % of 60,000, the fee of 4 basis points that an order would pay, and two quanta of rounding.
    const reserved = usdc(3_024) + 2n;
    const { accepted, after, filled } = await ask(chain, keeper, [bid]);
    assert.equal(accepted, true);
    assert.equal(after!.initialMargin, reserved.toString());
    assert.equal(after!.freeCollateral, (usdc(10_000) - reserved).toString());
    assert.equal(filled, undefined);
    await chain.block([chain.sign(keeper, [bid])]);
    const tooMuch = await ask(chain, keeper, [withdraw(keeper, usdc(10_000) - reserved + 1n)]);
    assert.equal(tooMuch.refusal!.code, 6);
    const opening = await ask(chain, keeper, [order(keeper, buy, btc(3), usd(60_000))]);
    assert.equal(opening.refusal!.code, 22);
    await chain.close();
  });

  test('without messages it tells how the account stands', async () => {
    const chain = await started();
    const [alice] = chain.keys as [SigningKey];
    const { accepted, before, after, filled, height } = await ask(chain, alice, []);
    assert.equal(accepted, true);
    assert.equal(height, chain.engine.height);
    assert.deepEqual(after, before);
    assert.equal(filled, undefined);
    // 10,000 less a fee of 24; margin 2.5 % and 5 % of 60,000.
    assert.equal(before!.equity, usdc(9_976).toString());
    assert.equal(before!.usableEquity, usdc(9_976).toString());
    assert.equal(before!.maintenanceMargin, usdc(1_500).toString());
    assert.equal(before!.initialMargin, usdc(3_000).toString());
    assert.equal(before!.freeCollateral, usdc(6_976).toString());
    // (60,000 - 9,976) / (1 - 2.5 %)
    assert.equal(before!.positions[0]!.liquidationPrice, 51_306_666_666n);
    await chain.close();
  });

  test('a withdrawal: what is left of it, or the very error of the message', async () => {
    const chain = await started();
    const [alice] = chain.keys as [SigningKey];
    const { accepted, after } = await ask(chain, alice, [withdraw(alice, usdc(6_000))]);
    assert.equal(accepted, true);
    assert.equal(after!.equity, usdc(3_976).toString());
    assert.equal(after!.freeCollateral, usdc(976).toString());
    assert.equal(after!.positions[0]!.liquidationPrice, 57_460_512_820n);

    const tooMuch = await ask(chain, alice, [withdraw(alice, usdc(6_976) + 1n)]);
    assert.deepEqual(tooMuch.refusal, {
      message: 0,
      codespace: 'perps',
      code: 6,
      log: 'amount: 6976000001; free are 6976000000: insufficient free collateral',
    });
    assert.deepEqual(tooMuch.after, tooMuch.before, 'a refusal changes nothing');
    await chain.close();
  });

  test('an order: margin while it rests, and the liquidation price when it filled', async () => {
    const chain = await started();
    const [alice] = chain.keys as [SigningKey];
    const { accepted, after, filled } = await ask(chain, alice, [
      order(alice, buy, btc(1), usd(60_000), { clientId: 7n }),
    ]);
    assert.equal(accepted, true);
    assert.equal(after!.equity, usdc(9_976).toString());
    // Margin of 2 BTC, the fee of the order, and two units of rounding.
    assert.equal(after!.initialMargin, (usdc(6_000) + usdc(24) + 2n).toString());
    assert.equal(filled!.positions[0]!.position!.quantity, btc(2));
    assert.equal(filled!.equity, usdc(9_952).toString());
    // (120,000 - 9,952) / (2 * (1 - 2.5 %))
    assert.equal(filled!.positions[0]!.liquidationPrice, 56_434_871_794n);
    await chain.close();
  });

  test('a price move, and what could be done then', async () => {
    const chain = await started();
    const [alice] = chain.keys as [SigningKey];
    const prices = [{ marketId: 1, price: usd(52_000) }];
    const { before, after } = await ask(chain, alice, [], { prices });
    assert.equal(before!.equity, usdc(9_976).toString());
    assert.equal(after!.equity, usdc(1_976).toString());
    // 1,976 of equity over 1,300 of margin.
    assert.equal(after!.healthPpm, '1520000');
    // A gain does not leave before the 30-minute average follows it.
    const risen = await ask(chain, alice, [withdraw(alice, usdc(8_000))], {
      prices: [{ marketId: 1, price: usd(70_000) }],
    });
    assert.equal(risen.after!.equity, usdc(19_976).toString());
    assert.equal(risen.after!.usableEquity, usdc(9_976).toString());
    assert.equal(risen.refusal!.log, `amount: ${usdc(8_000)}; free are ${usdc(6_476)}: insufficient free collateral`);
    await chain.close();
  });

  test('messages are one unit: one that fails takes the others with it; deposits make room for what follows', async () => {
    const chain = await started();
    const [alice] = chain.keys as [SigningKey];
    const big = order(alice, buy, btc(5), usd(60_000), { clientId: 7n });
    assert.equal((await ask(chain, alice, [big])).refusal!.code, 22);
    const both = await ask(chain, alice, [deposit(alice, usdc(20_000)), big]);
    assert.equal(both.accepted, true);
    assert.equal(both.filled!.positions[0]!.position!.quantity, btc(6));
    const reversed = await ask(chain, alice, [deposit(alice, usdc(1)), order(alice, buy, btc(50), usd(60_000))]);
    assert.equal(reversed.refusal!.message, 1);
    assert.deepEqual(reversed.after, reversed.before);
    await chain.close();
  });

  test('what no preview can be is an error of the query', async () => {
    const chain = await started();
    const [alice] = chain.keys as [SigningKey];
    const refused = async (changes: Partial<QueryPreviewRequest>): Promise<string> => {
      const request = QueryPreviewRequest.fromPartial({ owner: alice.address, ...changes });
      const { code, log } = await chain.plimsoll.app.query(
        RequestQuery.fromPartial({
          path: '/plimsoll.perps.v1.Query/Preview',
          data: QueryPreviewRequest.encode(request).finish(),
        }),
      );
      assert.notEqual(code, 0);
      return log;
    };
    assert.match(await refused({ owner: 'nobody' }), /owner/);
    assert.match(await refused({ prices: [{ marketId: 9, price: 1n }] }), /prices\[0\]\.market_id: 9 is not listed/);
    assert.match(
      await refused({ prices: [{ marketId: 1, price: 0n }] }),
      /prices\[0\]\.price: 0; expected 60000000 to 60000000000000/,
    );
    assert.match(
      await refused({ messages: [{ typeUrl: '/cosmos.bank.v1beta1.MsgSend', value: new Uint8Array(0) }] }),
      /expected a message of this package/,
    );
    assert.match(
      await refused({ messages: [{ typeUrl: '/plimsoll.perps.v1.MsgDeposit', value: Buffer.of(255) }] }),
      /does not decode/,
    );
    const many = { typeUrl: '/plimsoll.perps.v1.MsgDeposit', value: new Uint8Array(0) };
    assert.match(await refused({ messages: new Array(21).fill(many) }), /21; at most 20/);
    // Somebody without a subaccount gets an answer: that is who deposits first.
    const dave = chain.keys.at(-1)!;
    const first = await ask(chain, dave, [deposit(dave, usdc(5))]);
    assert.equal(first.before, undefined);
    assert.equal(first.after!.equity, usdc(5).toString());
    await chain.close();
  });
});

test('preview says accepted exactly when the chain accepts in the next block, and with the same words when not', async () => {
  const chain = await started();
  const [alice, bob] = chain.keys as [SigningKey, SigningKey];
  const amounts = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n * usdc(10_000) }),
    fc.constantFrom(0n, 1n, usdc(6_976), 1n << 63n),
  );
  const sizes = fc.oneof(
    fc.bigInt({ min: 0n, max: 1_000n }).map((steps) => steps * 100_000n),
    fc.constantFrom(1n, 1_000n, 1n << 62n),
  );
  const prices = fc.oneof(
    fc.bigInt({ min: 45_000n, max: 75_000n }).map((dollars) => dollars * 1_000_000n),
    fc.constant(1n),
  );
  const sides = fc.constantFrom(buy, sell, Side.SIDE_UNSPECIFIED);
  const clients = fc.bigInt({ min: 1n, max: 4n });
  const one = (who: SigningKey): fc.Arbitrary<TxMessage> =>
    fc.oneof(
      amounts.map((amount) => deposit(who, amount)),
      amounts.map((amount) => withdraw(who, amount)),
      fc
        .record({
          side: sides,
          size: sizes,
          limit: prices,
          clientId: clients,
          reduceOnly: fc.boolean(),
          ioc: fc.boolean(),
        })
        .map(({ side, size, limit, clientId, reduceOnly, ioc }) =>
          order(who, side, size, limit, {
            clientId,
            reduceOnly,
            timeInForce: ioc ? TimeInForce.TIME_IN_FORCE_IOC : TimeInForce.TIME_IN_FORCE_GTC,
          }),
        ),
      clients.map((clientId) =>
        message('MsgCancelOrder', MsgCancelOrder, { owner: who.address, subaccountNumber: 0, marketId: 1, clientId }),
      ),
      fc.tuple(amounts, fc.constantFrom(0, 1, 128)).map(([amount, to]) =>
        message('MsgTransfer', MsgTransfer, {
          owner: who.address,
          fromSubaccountNumber: 0,
          toSubaccountNumber: to,
          amount: coin(amount),
        }),
      ),
      fc.tuple(clients, sizes, fc.boolean()).map(([clientId, remaining, bestEffort]) =>
        message(
          'MsgBatchOrders',
          MsgBatchOrders,
          MsgBatchOrders.fromPartial({
            owner: who.address,
            amends: [{ marketId: 1, clientId, remaining }],
            bestEffort,
          }),
        ),
      ),
    );
  const seen = { accepted: 0, refused: new Set<string>() };
  await fc.assert(
    fc.asyncProperty(
      fc
        .constantFrom(alice, bob)
        .chain((who) => fc.tuple(fc.constant(who), fc.array(one(who), { minLength: 1, maxLength: 2 }))),
      async ([who, messages]) => {
        const { accepted, refusal, after } = await ask(chain, who, messages);
        const { results } = await chain.block([chain.sign(who, messages)]);
        // The first transaction of a block carries the votes.
        const { code, codespace, log } = results.txResults[1]!;
        assert.equal(accepted, code === 0, log);
        if (refusal !== undefined) {
          seen.refused.add(`${codespace}/${code}`);
          assert.deepEqual([refusal.codespace, refusal.code], [codespace, code]);
          assert.equal(log, `failed to execute message; message index: ${refusal.message}: ${refusal.log}`);
        } else {
          seen.accepted++;
          assert.ok(after !== undefined);
        }
      },
    ),
    { numRuns: Number(process.env['PLIMSOLL_FC_RUNS'] ?? 120), seed: 20_260_101 },
  );
  assert.ok(seen.accepted > 15, `${seen.accepted} accepted`);
  assert.ok(seen.refused.size > 5, `${[...seen.refused].join(' ')}`);
  await chain.close();
});
