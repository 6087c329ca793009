import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explain } from '../client/index.js';
import { QueryAdlRankRequest, QueryAdlRankResponse } from '../gen/plimsoll/perps/v1/query.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import type { Trace } from '../gen/plimsoll/perps/v1/trace.js';
import { fundVault } from '../app/genesis.js';
import { demoAccounts, demoMarkets } from '../cmd/plimsolld/devnet/demo.js';
import { keyFromMnemonic, type SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit, keeperBid, order } from './support/messages.js';
import { openPositions } from './support/positions.js';
import { shapeOf, why } from './support/why.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;
type Keys = [SigningKey, SigningKey, SigningKey, SigningKey];

/** Alice long and bob short 1 BTC at 60,000. */
async function withPositions(tranche: bigint, aliceCash: bigint): Promise<TestChain> {
  const chain = await testChain({ markets: demoMarkets(tranche) });
  for (let i = 0; i < 4; i++) await chain.block();
  const [alice, bob] = chain.keys as Keys;
  await chain.block([chain.sign(alice, [deposit(alice, aliceCash)]), chain.sign(bob, [deposit(bob, usdc(20_000))])]);
  await chain.block([
    chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
    chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
  ]);
  return chain;
}

/** Every number of a trace is what the client computes from the trace alone. */
function assertExplained(trace: Trace): number {
  const { steps, holds } = explain(trace);
  const wrong = steps.flatMap(({ checks }) => checks.filter((check) => !check.holds));
  assert.deepEqual(wrong, []);
  assert.equal(holds, true);
  for (const { text } of steps) assert.match(text, /\d.*\.$/);
  return steps.reduce((sum, { checks }) => sum + checks.length, 0);
}

describe('the chain says why', () => {
  test('a liquidation: how the account stood, what was closed at which limit, and what it cost', async () => {
    const chain = await withPositions(usdc(1_000_000), usdc(3_100));
    const [alice, , carol] = chain.keys as Keys;
    await chain.block([
      chain.sign(carol, [deposit(carol, usdc(100_000)), order(carol, buy, btc(1), usd(58_200))]),
      chain.sign(alice, [order(alice, buy, btc(0.001), usd(50_000), { clientId: 7n })]),
    ]);
    chain.prices.set({ 'BTC-USD': '58300', 'ETH-USD': '3000' });
    for (let i = 0; i < 3; i++) await chain.block();
    const { traces, firstBlock } = await why(chain, { owner: alice.address });
    assert.equal(firstBlock, 1n);
    assert.equal(traces.length, 1);
    const [trace] = traces;
    assert.equal(trace!.block, chain.engine.height);
    assert.deepEqual(shapeOf(trace!), [
      'L0 started',
      'L0 cancelled',
      'L1 close',
      'L1 auction',
      'L1 fill',
      'L1 penalty',
    ]);
    // 3,100 less 1,700 of loss and 24 of fee against 2.5 % of 58,300.
    assert.equal(
      trace!.steps[0]!.text,
      'Equity 1,376 USDC against a maintenance margin of 1,457.5 USDC is a health of 0.944082: below 1 for the second block in a row, so liquidation begins; open orders are cancelled.',
    );
    assert.ok(assertExplained(trace!) >= 20);
    assert.deepEqual((await why(chain, { marketId: 1 })).traces.length, 1);
    assert.deepEqual((await why(chain, { marketId: 2 })).traces, []);
    assert.deepEqual((await why(chain, { owner: carol.address })).traces, [], 'who only traded was not liquidated');
    await chain.close();
  });

  test('a bankruptcy, a deleveraging and a haircut, each with every number', async () => {
    const chain = await withPositions(usdc(1_000), usdc(3_100));
    const [alice, bob] = chain.keys as Keys;
    chain.prices.set({ 'BTC-USD': '50000', 'ETH-USD': '3000' });
    await chain.block();
    await chain.block();
    const block = chain.engine.height;
    const [ofAlice] = (await why(chain, { owner: alice.address, block })).traces;
    assert.deepEqual(shapeOf(ofAlice!), ['L0 started', 'L1 close', 'L4 bankruptcy', 'L4 deficit', 'L5 deleveraged']);
    const [ofBob] = (await why(chain, { owner: bob.address, block })).traces;
    assert.deepEqual(shapeOf(ofBob!), ['L4 deficit', 'L5 deleveraged', 'L6 haircut', 'L6 recovery']);
    assert.match(
      ofBob!.steps[1]!.text,
      /^Deleveraged: 1 BTC-USD of 1 BTC-USD closed at mark 50,000, because 1 BTC-USD of the other side were bankrupt/,
    );
    assert.match(ofBob!.steps[2]!.text, /^Haircut of 6,423\.592 USDC on the open profit in BTC-USD/);
    assert.ok(assertExplained(ofAlice!) + assertExplained(ofBob!) >= 25);
    // A number that is not what its formula says is found.
    const forged = structuredClone(ofBob!);
    forged.steps[2]!.haircut!.amount = (BigInt(forged.steps[2]!.haircut!.amount) + 1n).toString();
    const found = explain(forged);
    assert.equal(found.holds, false);
    assert.deepEqual(
      found.steps.flatMap(({ checks }) => checks.filter(({ holds }) => !holds).map(({ what }) => what)),
      ['haircut', 'claim'],
    );
    const page = await why(chain, {
      block,
      pagination: { key: new Uint8Array(0), offset: 0n, limit: 1n, countTotal: true, reverse: false },
    });
    assert.deepEqual([page.traces.length, page.pagination!.total], [1, 2n]);
    await assert.rejects(why(chain, { block: 0n, owner: 'nobody' }), /owner/);
    await chain.close();
  });

  test('a position that a keeper and a vault took over, with the discount, the payment and the penalty', async () => {
    const long = keyFromMnemonic(demoAccounts[0].mnemonic).address;
    const [short, third] = [demoAccounts[1], demoAccounts[2]].map(({ mnemonic }) => keyFromMnemonic(mnemonic).address);
    const chain = await testChain({
      change: (state) => {
        openPositions(state, [
          { owner: long, quantity: btc(1), equity: usdc(3_000) },
          { owner: third!, quantity: btc(99), equity: usdc(1_000_000) },
          { owner: short!, quantity: -btc(100), equity: usdc(1_000_000) },
        ]);
        fundVault(state, 1, usdc(1_000_000));
      },
    });
    const maker = chain.keys[3]!;
    for (let i = 0; i < 4; i++) await chain.block();
    const { results } = await chain.block([
      chain.sign(maker, [deposit(maker, usdc(20_000)), keeperBid(maker, buy, usdc(15_000), 500)]),
    ]);
    assert.equal(results.txResults[1]!.code, 0, results.txResults[1]!.log);
    chain.prices.set({ 'BTC-USD': '57600', 'ETH-USD': '3000' });
    for (let i = 0; i < 3; i++) await chain.block();
    const { traces } = await why(chain, { owner: long });
    const shapes = traces.flatMap(shapeOf);
    for (const stage of ['L2 keeperFill', 'L2 penalty', 'L3 takeover'])
      assert.ok(shapes.includes(stage), shapes.join());
    assert.ok(traces.reduce((sum, trace) => sum + assertExplained(trace), 0) >= 20);
    for (const trace of (await why(chain, { owner: maker.address })).traces) assertExplained(trace);
    await chain.close();
  });

  test('INV-A7 no haircut while a tranche below its cap could still pay, and the trace shows it', async () => {
    for (const tranche of [0n, usdc(1_000), usdc(13_000), usdc(1_000_000)]) {
      const chain = await withPositions(tranche, usdc(3_100));
      const [, bob] = chain.keys as Keys;
      chain.prices.set({ 'BTC-USD': '50000', 'ETH-USD': '3000' });
      await chain.block();
      await chain.block();
      const [trace] = (await why(chain, { owner: bob.address })).traces;
      const deficit = trace!.steps.find((step) => step.deficit !== undefined)!.deficit!;
      const could = deficit.tranches.reduce((sum, { available }) => sum + BigInt(available), 0n);
      const owed = BigInt(deficit.deficit);
      assert.equal(BigInt(deficit.paidByInsurance), could < owed ? could : owed);
      if (deficit.paidByHaircut !== '0')
        for (const { available, paid, tranche: name } of deficit.tranches) assert.equal(paid, available, name);
      assert.equal(deficit.paidByHaircut === '0', could >= owed);
      assertExplained(trace!);
      await chain.close();
    }
  });
});

describe('the line of those who are closed against the bankrupt', () => {
  const rank = async (chain: TestChain, { address: owner }: SigningKey) => {
    const answer = await chain.plimsoll.app.query({
      path: '/plimsoll.perps.v1.Query/AdlRank',
      data: QueryAdlRankRequest.encode({ owner, number: 0, marketId: 1 }).finish(),
      height: 0n,
      prove: false,
    });
    if (answer.code !== 0) throw new Error(answer.log);
    return QueryAdlRankResponse.decode(answer.value);
  };

  test('13.1: the one with the most margin for its equity is first; what must go bankrupt before the next is said', async () => {
    const chain = await testChain({ markets: demoMarkets(usdc(1_000_000)) });
    for (let i = 0; i < 4; i++) await chain.block();
    const [alice, bob, carol] = chain.keys as Keys;
    await chain.block([
      chain.sign(alice, [deposit(alice, usdc(6_000))]),
      chain.sign(bob, [deposit(bob, usdc(4_000))]),
      chain.sign(carol, [deposit(carol, usdc(50_000))]),
    ]);
    await chain.block([
      chain.sign(alice, [order(alice, buy, btc(1.5), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
      chain.sign(carol, [order(carol, sell, btc(0.5), usd(60_000))]),
    ]);
    const [first, second] = [await rank(chain, bob), await rank(chain, carol)];
    assert.deepEqual([first.rank, first.holders, first.percentilePpm, first.quantityBefore], [1n, 2n, 0, '0']);
    assert.deepEqual([second.rank, second.holders, second.percentilePpm], [2n, 2n, 500_000]);
    assert.ok(BigInt(first.ratioPpm) > BigInt(second.ratioPpm));
    assert.deepEqual([first.hedgeQuantity, second.quantity], [0n, -btc(0.5)]);
    // Bob at R = 1,500/3,976 is cut down to carol's 750/49,988 before she is touched: to 0.04 BTC.
    const before = BigInt(second.quantityBefore);
    assert.ok(before > btc(0.95) && before < btc(0.97), `${before}`);
    assert.equal(second.openInterestBeforePpm, Number((before * 1_000_000n) / btc(1.5)));
    await assert.rejects(rank(chain, chain.keys[3]!), /has no position in market 1/);
    await chain.close();
  });
});
