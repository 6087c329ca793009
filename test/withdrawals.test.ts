import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RequestQuery } from 'cosmjs-types/tendermint/abci/types';
import { exportGenesis } from '../app/export.js';
import { demoMarkets } from '../cmd/plimsolld/devnet/demo.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import type { GenesisMarket } from '../cmd/plimsolld/node/init.js';
import {
  QueryQueuedWithdrawalsRequest,
  QueryQueuedWithdrawalsResponse,
  QueryWithdrawalBucketsRequest,
  QueryWithdrawalBucketsResponse,
} from '../gen/plimsoll/perps/v1/query.js';
import { MsgCancelWithdrawal, MsgTransfer, MsgWithdraw, MsgWithdrawResponse } from '../gen/plimsoll/perps/v1/tx.js';
import { MarketStatus, Side, SolvencyClass } from '../gen/plimsoll/perps/v1/types.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { audit } from '../x/perps/block/identities.js';
import { PerpsClaims } from '../x/perps/claims.js';
import { freeCollateral } from '../x/perps/msgs/common.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { withdrawalStore } from '../x/perps/withdrawals/store.js';
import { TxMsgData } from 'cosmjs-types/cosmos/base/abci/v1beta1/abci';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain, type TestChainOptions } from './support/chain.js';
import { marketFor } from './support/markets.js';
import { coin, deposit, message, order, withdraw } from './support/messages.js';
import { eventsOf } from './support/orders.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;

const keyOf = ({ address }: SigningKey, number = 0): string => subaccountKey(fromBech32(address), number);
const bankOf = (chain: TestChain, { address }: SigningKey): bigint =>
  chain.plimsoll.keepers.bank.balance(chain.plimsoll.app.queryContext(), fromBech32(address), 'uusdc');
const freeOf = (chain: TestChain, key: SigningKey): bigint => {
  const ctx = chain.plimsoll.app.queryContext();
  const { perpsDeps } = chain.plimsoll;
  return freeCollateral(ctx, perpsDeps, perpsDeps.keeper.account(ctx, keyOf(key)));
};
const queuedOf = (chain: TestChain, key: SigningKey): bigint =>
  withdrawalStore.queued(chain.plimsoll.app.queryContext(), keyOf(key), 0)?.amount ?? 0n;
const cancelWithdrawal = ({ address: owner }: SigningKey): TxMessage =>
  message('MsgCancelWithdrawal', MsgCancelWithdrawal, { owner, subaccountNumber: 0, denom: '' });

/** ID-1 to ID-4 and custody, counted anew. */
function assertBalanced(chain: TestChain): void {
  assert.deepEqual(audit(chain.plimsoll.app.queryContext(), chain.plimsoll.perpsDeps).violations, []);
}

/** A block's time is that of the votes for the one before: two blocks until the chain has the time. */
async function later(chain: TestChain, ms: bigint): Promise<void> {
  await chain.block([], ms);
  await chain.block();
}

/** Runs the transactions of one block, all of which must be accepted; returns what each last message answered. */
async function accepted(chain: TestChain, txs: readonly Uint8Array[], afterMs?: bigint) {
  const block = await chain.block(txs, afterMs);
  const results = block.results.txResults.slice(1);
  for (const { code, log } of results) assert.equal(code, 0, log);
  return { block, responses: results.map(({ data }) => TxMsgData.decode(data).msgResponses.at(-1)!.value) };
}

async function ask<Q, R>(
  chain: TestChain,
  name: string,
  request: { encode(value: Q): { finish(): Uint8Array } },
  response: { decode(bytes: Uint8Array): R },
  value: Q,
): Promise<R> {
  const answer = await chain.plimsoll.app.query(
    RequestQuery.fromPartial({ path: `/plimsoll.perps.v1.Query/${name}`, data: request.encode(value).finish() }),
  );
  assert.equal(answer.code, 0, answer.log);
  return response.decode(answer.value);
}

/** Alice, bob and carol with so many USDC each, no positions. */
async function funded(amount: number, options: TestChainOptions = {}) {
  const chain = await testChain({ markets: [marketFor('BTC-USD', 'A', usdc(1_000_000))], ...options });
  const [alice, bob, carol] = chain.keys as [SigningKey, SigningKey, SigningKey];
  for (let i = 0; i < 3; i++) await chain.block();
  await chain.block([alice, bob, carol].map((key) => chain.sign(key, [deposit(key, usdc(amount))])));
  return { chain, alice, bob, carol };
}

describe('withdrawals', () => {
  test('what the buckets hold is paid at the end of the block that asks', async () => {
    const { chain, alice } = await funded(3_000_000);
    const before = bankOf(chain, alice);
    const { block, responses } = await accepted(chain, [chain.sign(alice, [withdraw(alice, usdc(400_000))])]);
    const { instant, queued, expectedTimeMs } = MsgWithdrawResponse.decode(responses[0]!);
    assert.deepEqual([instant, queued], [usdc(400_000).toString(), '0']);
    assert.equal(expectedTimeMs, chain.engine.timeMs);
    assert.equal(bankOf(chain, alice) - before, usdc(400_000));
    assert.deepEqual(
      eventsOf(block.results, 'EventWithdrawalReleased').map(({ amount, queued: waited }) => [amount, waited]),
      [[usdc(400_000).toString(), false]],
    );
    assertBalanced(chain);
    await chain.close();
  });

  test('what one block asks for beyond the buckets is shared pro rata, and the rest waits for epochs', async () => {
    // 9 M USDC held: the bucket of all holds 1 M.
    const { chain, alice, bob } = await funded(3_000_000);
    const before = [bankOf(chain, alice), bankOf(chain, bob)] as const;
    const { responses } = await accepted(chain, [
      chain.sign(alice, [withdraw(alice, usdc(3_000_000))]),
      chain.sign(bob, [withdraw(bob, usdc(1_000_000))]),
    ]);
    const first = MsgWithdrawResponse.decode(responses[0]!);
    assert.deepEqual([first.instant, first.queued], [usdc(1_000_000).toString(), usdc(2_000_000).toString()]);
    // Both get their 10,000 of the day, and of the other 980,000 a share of what they ask: 2,990,000 and 990,000.
    const shares = [
      usdc(10_000) + (usdc(980_000) * 2_990n) / 3_980n,
      usdc(10_000) + (usdc(980_000) * 990n) / 3_980n,
    ] as const;
    assert.equal(bankOf(chain, alice) - before[0], shares[0]);
    assert.equal(bankOf(chain, bob) - before[1], shares[1]);
    assert.equal(queuedOf(chain, alice), usdc(3_000_000) - shares[0]);
    assertBalanced(chain);

    const buckets = await ask(
      chain,
      'WithdrawalBuckets',
      QueryWithdrawalBucketsRequest,
      QueryWithdrawalBucketsResponse,
      {},
    );
    const [all] = buckets.buckets;
    assert.equal(all!.class, SolvencyClass.SOLVENCY_CLASS_UNSPECIFIED);
    assert.equal(all!.capacity, usdc(1_000_000).toString());
    assert.equal(BigInt(all!.level), 1n, 'a quantum of rounding stays');
    assert.equal(all!.queued, (usdc(4_000_000) - shares[0] - shares[1]).toString());

    // What waits is still owed: the proof of liabilities counts it.
    const ctx = chain.plimsoll.app.queryContext();
    const owed = [...new PerpsClaims(chain.plimsoll.perpsDeps).claims(ctx)].map(({ amounts }) => amounts[0]!);
    assert.equal(
      owed.reduce((sum, each) => sum + each, 0n),
      usdc(9_000_000) - shares[0] - shares[1],
    );

    // An epoch of ten minutes later the bucket has filled by a sixth of an hour: everybody gets the same share.
    const waiting = [queuedOf(chain, alice), queuedOf(chain, bob)] as const;
    await later(chain, 599_000n);
    const paid = [waiting[0] - queuedOf(chain, alice), waiting[1] - queuedOf(chain, bob)] as const;
    const sixth = usdc(1_000_000) / 6n + 1n;
    assert.ok(paid[0] + paid[1] <= sixth && paid[0] + paid[1] >= sixth - 3n, `${paid[0] + paid[1]} of ${sixth}`);
    const difference = paid[0] * waiting[1] - paid[1] * waiting[0];
    assert.ok((difference < 0n ? -difference : difference) <= waiting[0] + waiting[1], 'equal shares but for rounding');
    assertBalanced(chain);
    await chain.close();
  });

  test('a newcomer does not overtake who waits, but has the allowance of the day at once', async () => {
    const { chain, alice, bob } = await funded(3_000_000);
    await accepted(chain, [chain.sign(alice, [withdraw(alice, usdc(2_500_000))])]);
    // Half an hour later half a million is there again; alice waits for more than that.
    await later(chain, 500_000n);
    const before = bankOf(chain, bob);
    const { responses } = await accepted(chain, [chain.sign(bob, [withdraw(bob, usdc(50_000))])]);
    assert.equal(bankOf(chain, bob) - before, usdc(10_000));
    const { instant, queued, expectedTimeMs } = MsgWithdrawResponse.decode(responses[0]!);
    assert.deepEqual([instant, queued], [usdc(10_000).toString(), usdc(40_000).toString()]);
    assert.ok(expectedTimeMs > chain.engine.timeMs);
    const { withdrawals, allowanceLeft } = await ask(
      chain,
      'QueuedWithdrawals',
      QueryQueuedWithdrawalsRequest,
      QueryQueuedWithdrawalsResponse,
      { owner: bob.address, pagination: undefined },
    );
    assert.equal(withdrawals.length, 1);
    assert.equal(withdrawals[0]!.withdrawal!.amount, usdc(40_000).toString());
    assert.equal(withdrawals[0]!.denom, 'uusdc');
    assert.equal(allowanceLeft, '0');
    await chain.close();
  });

  test('subaccounts of an owner share the allowance; the next UTC day gives a new one', async () => {
    const { chain, alice, bob } = await funded(3_000_000);
    const { address: owner } = alice;
    await accepted(chain, [
      chain.sign(alice, [
        message('MsgTransfer', MsgTransfer, {
          owner,
          fromSubaccountNumber: 0,
          toSubaccountNumber: 1,
          amount: coin(usdc(100_000)),
        }),
      ]),
    ]);
    await accepted(chain, [chain.sign(bob, [withdraw(bob, usdc(3_000_000))])]);
    const before = bankOf(chain, alice);
    const fromOther = message('MsgWithdraw', MsgWithdraw, { owner, subaccountNumber: 1, amount: coin(usdc(8_000)) });
    await accepted(chain, [chain.sign(alice, [withdraw(alice, usdc(8_000)), fromOther])]);
    assert.equal(bankOf(chain, alice) - before, usdc(10_000), 'not 16,000');
    await chain.close();
  });

  test('INV-X1 what waits can be taken back', async () => {
    const { chain, alice } = await funded(3_000_000);
    await accepted(chain, [chain.sign(alice, [withdraw(alice, usdc(3_000_000))])]);
    assert.equal(freeOf(chain, alice), 0n);
    const { block } = await accepted(chain, [chain.sign(alice, [cancelWithdrawal(alice)])]);
    assert.equal(freeOf(chain, alice), usdc(2_000_000));
    assert.equal(queuedOf(chain, alice), 0n);
    assert.equal(eventsOf(block.results.txResults[1]!, 'EventWithdrawalCancelled').length, 1);
    assertBalanced(chain);
    const again = await chain.block([chain.sign(alice, [cancelWithdrawal(alice)])]);
    assert.match(again.results.txResults[1]!.log, /no uusdc of subaccount 0 waits/);
    await chain.close();
  });

  test('what waits is exported, and the books of the new chain balance', async () => {
    const { chain, alice } = await funded(3_000_000);
    await accepted(chain, [chain.sign(alice, [withdraw(alice, usdc(3_000_000))])]);
    const ctx = chain.plimsoll.app.queryContext();
    const { app_state: state } = exportGenesis(chain.plimsoll, ctx, chain.engine.genesis, true);
    const next = await testChain({
      change(genesis) {
        for (const name of Object.keys(genesis)) delete genesis[name];
        Object.assign(genesis, structuredClone(state));
      },
      clamp: true,
    });
    for (let i = 0; i < 3; i++) await next.block();
    assert.equal(queuedOf(next, alice), usdc(2_000_000));
    assertBalanced(next);
    const before = bankOf(next, alice);
    await later(next, 3_600_000n);
    assert.ok(bankOf(next, alice) > before, 'and is paid there');
    assertBalanced(next);
    await next.close();
    await chain.close();
  });
});

describe('gains and withdrawals (section 13)', () => {
  /** Alice long and bob short 10 BTC at 60,000 with 200,000 USDC each. */
  async function traded(name: 'A' | 'C' | 'D' = 'A') {
    const chain = await testChain({ markets: [marketFor('BTC-USD', name, usdc(1_000_000))] });
    const [alice, bob] = chain.keys as [SigningKey, SigningKey];
    for (let i = 0; i < 3; i++) await chain.block();
    await chain.block([alice, bob].map((key) => chain.sign(key, [deposit(key, usdc(200_000))])));
    await accepted(chain, [
      chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
    ]);
    return { chain, alice, bob };
  }

  test('a gain of this block leaves from the next block on, when the block has paid its losses', async () => {
    const { chain, alice, bob } = await traded();
    // Half an hour at 60,000, a dip to 40,000 for a minute, and back: the average stays above the mark.
    for (let i = 0; i < 31; i++) await chain.block([], 60_000n);
    chain.prices.set({ 'BTC-USD': '40000' });
    for (let i = 0; i < 3; i++) await chain.block();
    const dipped = freeOf(chain, alice);
    chain.prices.set({ 'BTC-USD': '58000' });
    await chain.block();
    // The vote for 58,000 is in: the next block marks at it before its transactions.
    const asked = await chain.block([chain.sign(alice, [withdraw(alice, usdc(195_000))])]);
    assert.match(asked.results.txResults[1]!.log, /free are (\d+)/);
    const free = BigInt(/free are (\d+)/.exec(asked.results.txResults[1]!.log)![1]!);
    assert.ok(free > dipped, 'the gain carries margin');
    assert.ok(free < usdc(181_000), `equity at the last block's mark is 180,000: ${free}`);
    const later = freeOf(chain, alice);
    assert.ok(later > usdc(190_000), `${later}`);
    await accepted(chain, [chain.sign(alice, [withdraw(alice, usdc(190_000))])]);
    assert.ok(freeOf(chain, bob) >= 0n);
    assertBalanced(chain);
    await chain.close();
  });

  for (const name of ['A', 'C', 'D'] as const)
    test(`profit realised in a class ${name} market leaves ${name === 'A' ? 'at once' : 'after ten minutes'}`, async () => {
      const { chain, alice, bob } = await traded(name);
      for (let i = 0; i < 40; i++) {
        if (i < 20) chain.prices.set({ 'BTC-USD': String(60_000 + 250 * (i + 1)) });
        await chain.block([], 120_000n);
      }
      await accepted(chain, [
        chain.sign(alice, [order(alice, sell, btc(1), usd(65_000), { clientId: 2n, reduceOnly: true })]),
        chain.sign(bob, [order(bob, buy, btc(1), usd(65_000), { clientId: 2n, reduceOnly: true })]),
      ]);
      const profit = usdc(5_000);
      const cash = chain.plimsoll.keepers.perps.account(chain.plimsoll.app.queryContext(), keyOf(alice)).cash;
      assert.ok(cash > usdc(200_000) + profit - usdc(300), 'profit less fees and funding');
      assert.equal(freeOf(chain, alice), name === 'A' ? cash : cash - profit);
      // To another subaccount it does not go either.
      const moved = await chain.block([
        chain.sign(alice, [
          message('MsgTransfer', MsgTransfer, {
            owner: alice.address,
            fromSubaccountNumber: 0,
            toSubaccountNumber: 1,
            amount: coin(cash - profit + 1n),
          }),
          ...(name === 'A'
            ? [
                message('MsgTransfer', MsgTransfer, {
                  owner: alice.address,
                  fromSubaccountNumber: 1,
                  toSubaccountNumber: 0,
                  amount: coin(cash - profit + 1n),
                }),
              ]
            : []),
        ]),
      ]);
      assert.equal(moved.results.txResults[1]!.code, name === 'A' ? 0 : 6);
      await later(chain, 540_000n);
      if (name !== 'A') assert.equal(freeOf(chain, alice), cash - profit, 'nine minutes later');
      await later(chain, 120_000n);
      assert.equal(freeOf(chain, alice), cash);
      await accepted(chain, [chain.sign(alice, [withdraw(alice, cash)])]);
      assertBalanced(chain);
      await chain.close();
    });

  test('a bankrupt account gates its class for 60 blocks: who has a position there waits, others do not', async () => {
    const { chain, bob } = await traded();
    const carol = chain.keys[2]!;
    await accepted(chain, [chain.sign(carol, [deposit(carol, usdc(20_000))])]);
    // Alice has 200,000 behind one bitcoin; carol little behind a third of one.
    await accepted(chain, [
      chain.sign(carol, [order(carol, buy, btc(0.3), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(0.3), usd(60_000), { clientId: 2n })]),
    ]);
    await accepted(chain, [chain.sign(carol, [withdraw(carol, usdc(15_000))])]);
    chain.prices.set({ 'BTC-USD': '30000' });
    await chain.block();
    const { results } = await chain.block();
    assert.equal(eventsOf(results, 'EventBankruptcy').length, 1);
    assert.equal(eventsOf(results, 'EventWithdrawalsGated').length, 1);
    assertBalanced(chain);

    const { responses } = await accepted(chain, [
      chain.sign(bob, [withdraw(bob, usdc(1_000))]),
      chain.sign(carol, [deposit(carol, usdc(500)), withdraw(carol, usdc(500))]),
    ]);
    assert.equal(MsgWithdrawResponse.decode(responses[0]!).instant, '0', 'not even the allowance');
    assert.equal(MsgWithdrawResponse.decode(responses[1]!).queued, '0', 'carol has no position any more');
    assert.equal(queuedOf(chain, bob), usdc(1_000));
    for (let i = 0; i < 58; i++) await chain.block();
    const gates = await ask(
      chain,
      'WithdrawalBuckets',
      QueryWithdrawalBucketsRequest,
      QueryWithdrawalBucketsResponse,
      {},
    );
    assert.notEqual(gates.buckets[1]!.gatedUntilHeight, 0n);
    await later(chain, 1_200_000n);
    assert.equal(queuedOf(chain, bob), 0n, 'paid in the first epoch after the gate');
    assertBalanced(chain);
    await chain.close();
  });
});

describe('withdrawals while markets are in trouble (section 14.1)', () => {
  for (const [status, atOnce] of [
    [MarketStatus.MARKET_STATUS_NORMAL, 990_000],
    [MarketStatus.MARKET_STATUS_REDUCE_ONLY, 990_000],
    [MarketStatus.MARKET_STATUS_HALTED, 250_000],
  ] as const)
    test(`INV-X1 ${MarketStatus[status]}: of its class ${atOnce} USDC leave at once; deposits and cancels are accepted`, async () => {
      const [btcMarket, ethMarket] = demoMarkets(usdc(1_000_000)) as [GenesisMarket, GenesisMarket];
      const chain = await testChain({
        markets: [{ ...btcMarket, market: { ...btcMarket.market, status } }, ethMarket],
      });
      const [alice, bob, carol] = chain.keys as [SigningKey, SigningKey, SigningKey];
      for (let i = 0; i < 3; i++) await chain.block();
      await accepted(
        chain,
        [alice, bob, carol].map((key) => chain.sign(key, [deposit(key, usdc(3_000_000))])),
      );
      // Alice has a position in the other market of the class.
      await accepted(chain, [
        chain.sign(alice, [order(alice, buy, btc(1), usd(3_000), { marketId: 2 })]),
        chain.sign(bob, [order(bob, sell, btc(1), usd(3_000), { marketId: 2 })]),
      ]);
      const before = [alice, carol].map((key) => bankOf(chain, key));
      await accepted(chain, [chain.sign(alice, [withdraw(alice, usdc(990_000))])]);
      assert.equal(bankOf(chain, alice) - before[0]!, usdc(atOnce));
      await accepted(chain, [chain.sign(carol, [withdraw(carol, usdc(9_000))])]);
      assert.equal(bankOf(chain, carol) - before[1]!, usdc(9_000), 'the allowance, whatever happens elsewhere');
      await accepted(chain, [chain.sign(alice, [deposit(alice, usdc(1))])]);
      if (queuedOf(chain, alice) > 0n) await accepted(chain, [chain.sign(alice, [cancelWithdrawal(alice)])]);
      assert.equal(queuedOf(chain, alice), 0n);
      assertBalanced(chain);
      await chain.close();
    });

  test('INV-O3 a push of 10 % makes no more of the move withdrawable than its share of half an hour', async () => {
    // Rates that stay: else the push itself would raise the margin and hide what it adds.
    const listed = marketFor('BTC-USD', 'A', usdc(1_000_000));
    const chain = await testChain({ markets: [{ ...listed, market: { ...listed.market, fixedRates: true } }] });
    const [alice, bob] = chain.keys as [SigningKey, SigningKey];
    for (let i = 0; i < 3; i++) await chain.block();
    await accepted(
      chain,
      [alice, bob].map((key) => chain.sign(key, [deposit(key, usdc(50_000))])),
    );
    await accepted(chain, [
      chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
      chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
    ]);
    for (let i = 0; i < 31; i++) await chain.block([], 60_000n);
    await chain.block();
    const before = freeOf(chain, alice);
    chain.prices.set({ 'BTC-USD': '66000' });
    await chain.block();
    const pushed = chain.engine.timeMs;
    const full = usdc(6_000);
    let rose = 0n;
    for (let i = 0; i < 33; i++) {
      await chain.block([], 60_000n);
      const spanMs = chain.engine.timeMs - pushed;
      const share = spanMs > 1_800_000n ? 1_800_000n : spanMs;
      rose = freeOf(chain, alice) - before;
      assert.ok(rose <= (full * share) / 1_800_000n, `${rose} after ${spanMs} ms`);
    }
    assert.ok(rose > usdc(5_000), `the whole move in the end, less what it adds to margin: ${rose}`);
    await chain.close();
  });
});
