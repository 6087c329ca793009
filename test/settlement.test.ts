import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { authority } from '../app/app.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { demoMarkets } from '../cmd/plimsolld/devnet/demo.js';
import { ProposalStatus, VoteOption } from '../gen/cosmos/gov/v1/gov.js';
import { MsgVote } from '../gen/cosmos/gov/v1/tx.js';
import { MsgSettleMarket } from '../gen/plimsoll/perps/v1/breakers.js';
import { TriggerKind } from '../gen/plimsoll/perps/v1/conditional.js';
import { MsgTransfer } from '../gen/plimsoll/perps/v1/tx.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { fromBech32, moduleAddress, toBech32 } from '../runtime/crypto/address.js';
import { audit } from '../x/perps/block/identities.js';
import { breakerStore } from '../x/perps/breakers/store.js';
import { keeperBids } from '../x/perps/keeper-bids/store.js';
import { freeCollateral } from '../x/perps/msgs/common.js';
import { ListedMarkets } from '../x/perps/listed-markets.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { withdrawalStore } from '../x/perps/withdrawals/store.js';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { decide, decisionSeconds, governed } from './support/governance.js';
import { coin, deposit, keeperBid, message, order, withdraw } from './support/messages.js';
import { conditional, eventsOf, idsOf, peg, positionOf, schedule, twap } from './support/orders.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;
const keyOf = ({ address }: SigningKey, number = 0): string => subaccountKey(fromBech32(address), number);

/** Alice is long and bob short 1 BTC at 60,000; one position is closed in a block, so that settling takes some. */
async function traded() {
  const chain = await testChain({
    markets: demoMarkets(usdc(1_000_000)),
    breakers: true,
    change(state) {
      const { params } = state['perps'] as { params: { breakers: Record<string, unknown> } };
      params.breakers['settled_per_block'] = 1;
      governed(state);
    },
  });
  const [alice, bob, carol] = chain.keys as [SigningKey, SigningKey, SigningKey];
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block([alice, bob, carol].map((key) => chain.sign(key, [deposit(key, usdc(100_000))])));
  await chain.block([
    chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
    chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
  ]);
  assert.equal(positionOf(chain, alice), btc(1));
  return { chain, alice, bob, carol };
}

/** Settles market 1 by a proposal; runs until the block that does it, and returns that block. */
async function settle(chain: TestChain) {
  const [proposer, other] = chain.keys as [SigningKey, SigningKey];
  const bytes = MsgSettleMarket.encode({ authority, marketId: 1, onlyWithoutPrice: false }).finish();
  await decide(chain, 1n, { typeName: 'plimsoll.perps.v1.MsgSettleMarket', bytes }, [proposer, other]);
  for (let i = 0; i < decisionSeconds + 5; i++) {
    const block = await chain.block();
    if (breakerStore.market(chain.plimsoll.app.queryContext(), 1)?.settlement !== undefined) return block;
  }
  assert.fail('not settled');
}

const freeOf = (chain: TestChain, key: SigningKey): bigint => {
  const ctx = chain.plimsoll.app.queryContext();
  const { perpsDeps } = chain.plimsoll;
  return freeCollateral(ctx, perpsDeps, perpsDeps.keeper.account(ctx, keyOf(key)));
};

describe('a market that enters SETTLEMENT', () => {
  test('ends what waits in it with that block, says why, and sets free what it reserved; other markets keep theirs', async () => {
    const { chain, alice, carol } = await traded();
    const free = freeOf(chain, carol);
    const { results: placed } = await chain.block([
      chain.sign(
        alice,
        [
          conditional(alice, TriggerKind.TRIGGER_KIND_STOP_LOSS, sell, usd(50_000), { clientId: 2n }),
          conditional(alice, TriggerKind.TRIGGER_KIND_TRAILING_STOP, sell, 0n, { clientId: 3n, trailingPpm: 200_000 }),
          schedule(alice, chain.engine.timeMs + 3_600_000n),
        ],
        { gasLimit: 20_000_000n },
      ),
      chain.sign(
        carol,
        [
          peg(carol, { clientId: 4n, side: buy, quantity: btc(0.1), offset: -usd(9_000) }),
          twap(carol, {
            clientId: 5n,
            side: buy,
            quantity: btc(0.04),
            slices: 4,
            intervalMs: 600_000n,
            maxSlippagePpm: 1_000,
          }),
          keeperBid(carol, buy, usdc(60_000), 10_000, { clientId: 6n }),
          keeperBid(carol, sell, usdc(30_000), 10_000, { clientId: 7n, marketId: 2 }),
          order(carol, buy, btc(0.1), usd(50_000), {
            clientId: 8n,
            stopLoss: {
              clientId: 9n,
              triggerPrice: usd(45_000),
              triggerSource: 0,
              price: 0n,
              maxSlippagePpm: 50_000,
              trailingPpm: 0,
              trailingDistance: 0n,
            },
          }),
          conditional(carol, TriggerKind.TRIGGER_KIND_STOP_LOSS, sell, usd(2_500), { clientId: 10n, marketId: 2 }),
        ],
        { gasLimit: 20_000_000n },
      ),
    ]);
    for (const { code, log } of placed.txResults.slice(1)) assert.equal(code, 0, log);
    assert.deepEqual(idsOf(chain, carol), { open: [4n, 8n], conditional: [9n, 10n], algo: [4n, 5n] });
    const reserved = free - freeOf(chain, carol);
    assert.ok(reserved > usdc(3_000), `${reserved}`);

    const { results } = await settle(chain);
    const endings = (name: string): unknown[] =>
      eventsOf(results, name).map(({ client_id, reason }) => [client_id, reason]);
    assert.deepEqual(endings('EventConditionalEnded').sort(), [
      ['2', 'CONDITIONAL_END_SETTLED'],
      ['3', 'CONDITIONAL_END_SETTLED'],
      ['9', 'CONDITIONAL_END_SETTLED'],
    ]);
    assert.deepEqual(endings('EventAlgoEnded').sort(), [
      ['4', 'ALGO_END_SETTLED'],
      ['5', 'ALGO_END_SETTLED'],
    ]);
    assert.deepEqual(endings('EventKeeperBidEnded'), [['6', 'KEEPER_BID_END_SETTLED']]);
    assert.deepEqual(endings('EventOrderCancelled'), [['4', 'CANCEL_REASON_BREAKER']]);
    assert.deepEqual(idsOf(chain, alice), { open: [], conditional: [], algo: [] });
    assert.deepEqual(idsOf(chain, carol), { open: [8n], conditional: [10n], algo: [] });
    const ctx = chain.plimsoll.app.queryContext();
    assert.deepEqual(
      [...keeperBids.of(ctx, keyOf(carol))].map(([{ clientId }]) => clientId),
      [7n],
    );

    // The next block takes the plain order off; only the bid in the other market still keeps margin.
    await chain.block();
    assert.deepEqual(idsOf(chain, carol).open, []);
    assert.ok(free - freeOf(chain, carol) < usdc(3_000), `${free - freeOf(chain, carol)} of ${reserved}`);
    const refused = await chain.block([
      chain.sign(alice, [conditional(alice, TriggerKind.TRIGGER_KIND_STOP_LOSS, sell, usd(50_000), { clientId: 20n })]),
      chain.sign(alice, [peg(alice, { clientId: 21n, side: buy, quantity: btc(0.1), offset: -usd(9_000) })]),
      chain.sign(alice, [
        twap(alice, {
          clientId: 22n,
          side: buy,
          quantity: btc(0.04),
          slices: 4,
          intervalMs: 600_000n,
          maxSlippagePpm: 1_000,
        }),
      ]),
      chain.sign(alice, [keeperBid(alice, buy, usdc(60_000), 10_000, { clientId: 23n })]),
    ]);
    assert.deepEqual(
      refused.results.txResults.slice(1).map(({ code }) => code),
      [9, 162, 162, 9],
      'nothing new waits there',
    );
    assert.deepEqual(audit(chain.plimsoll.app.queryContext(), chain.plimsoll.perpsDeps).violations, []);
    await chain.close();
  });

  test('lets no money of a position there leave before it is closed: neither to the bank nor to another subaccount', async () => {
    const { chain, alice, bob, carol } = await traded();
    const transfer = ({ address: owner }: SigningKey, from: number, to: number, amount: bigint) =>
      message('MsgTransfer', MsgTransfer, {
        owner,
        fromSubaccountNumber: from,
        toSubaccountNumber: to,
        amount: coin(amount),
      });
    await chain.block([chain.sign(alice, [deposit(alice, usdc(1_000), 1)])]);
    await settle(chain);
    const bank = () =>
      chain.plimsoll.keepers.bank.balance(chain.plimsoll.app.queryContext(), fromBech32(alice.address), 'uusdc');
    const before = bank();
    const { results } = await chain.block([
      chain.sign(alice, [transfer(alice, 0, 1, usdc(1))]),
      chain.sign(alice, [transfer(alice, 1, 0, usdc(1))]),
      chain.sign(alice, [withdraw(alice, usdc(500))]),
      chain.sign(carol, [transfer(carol, 0, 1, usdc(1))]),
    ]);
    const [away, toIt, asked, others] = results.txResults.slice(1);
    assert.equal(away!.code, 186);
    assert.match(away!.log, /a position in BTC-USD, which is being settled; expected one there in the destination/);
    assert.deepEqual([toIt!.code, asked!.code, others!.code], [0, 0, 0], asked!.log);
    const ctx = () => chain.plimsoll.app.queryContext();
    assert.equal(withdrawalStore.queued(ctx(), keyOf(alice), 0)?.amount, usdc(500));
    assert.equal(bank(), before);
    const isCalm = () => new ListedMarkets(chain.plimsoll.keepers.perps).isCalm(ctx(), { kind: 'class', number: 1 });
    assert.equal(isCalm(), false, 'who insures the class stays while positions are open');
    for (let i = 0; i < 10 && positionOf(chain, alice) !== 0n; i++) await chain.block();
    assert.deepEqual([positionOf(chain, alice), positionOf(chain, bob)], [0n, 0n]);
    for (let i = 0; i < 5 && !isCalm(); i++) await chain.block();
    assert.equal(isCalm(), true, 'and leaves when the market is over');
    const settled = await chain.block([chain.sign(alice, [transfer(alice, 0, 1, usdc(1))])]);
    assert.equal(settled.results.txResults[1]!.code, 0, settled.results.txResults[1]!.log);
    await chain.block([], 600_000n);
    await chain.block();
    assert.equal(bank() - before, usdc(500), 'paid in the first epoch after');
    assert.deepEqual(audit(ctx(), chain.plimsoll.perpsDeps).violations, []);
    await chain.close();
  });
});

describe('B3a: six hours without a price', () => {
  const hours = 3_600_000n;

  /** A vote that the chain opened when the price of BTC had been missing for six hours. */
  async function asked() {
    const traders = await traded();
    const { chain } = traders;
    const told: Record<string, unknown>[] = [];
    const pass = async (ms: bigint): Promise<void> => {
      for (const afterMs of [ms, 1_000n])
        told.push(...eventsOf((await chain.block([], afterMs)).results, 'EventSettlementDue'));
    };
    chain.prices.set({ 'ETH-USD': '3000' });
    await pass(1_000n);
    await pass(5n * hours + 3_590_000n);
    assert.deepEqual(told, []);
    await pass(20_000n);
    await pass(7_000n);
    const [due, ...others] = told;
    assert.deepEqual(others, [], 'once in an outage');
    assert.deepEqual(
      [due!['market_id'], due!['settlement_price'], due!['proposal_id']],
      [1, usd(60_000).toString(), '1'],
    );
    assert.ok(BigInt(due!['price_age_ms'] as string) > 6n * hours);
    const { gov } = chain.plimsoll.keepers;
    const proposal = () => gov.proposal(chain.plimsoll.app.queryContext(), 1n)!;
    const { status, expedited, proposer, title, totalDeposit } = proposal();
    assert.deepEqual(
      [status, expedited, proposer, title, totalDeposit],
      [ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD, true, toBech32(moduleAddress('perps')), 'Settle BTC-USD', []],
    );
    const option = VoteOption.VOTE_OPTION_YES;
    const votes = chain.keys.slice(0, 3).map((key) =>
      chain.sign(key, [
        {
          typeName: 'cosmos.gov.v1.MsgVote',
          bytes: MsgVote.encode({ proposalId: 1n, voter: key.address, option, metadata: '' }).finish(),
        },
      ]),
    );
    const { results } = await chain.block(votes);
    for (const { code, log } of results.txResults.slice(1)) assert.equal(code, 0, log);
    return { ...traders, proposal };
  }

  test('the chain itself opens a vote, once; accepted, it settles the market at the price from before', async () => {
    const { chain, alice, bob } = await asked();
    const settlement = () => breakerStore.market(chain.plimsoll.app.queryContext(), 1)?.settlement;
    for (let i = 0; i < decisionSeconds && settlement() === undefined; i++) await chain.block();
    assert.equal(settlement()?.price, usd(60_000));
    for (let i = 0; i < 10 && settlement()?.done !== true; i++) await chain.block();
    assert.deepEqual([positionOf(chain, alice), positionOf(chain, bob)], [0n, 0n]);
    assert.deepEqual(audit(chain.plimsoll.app.queryContext(), chain.plimsoll.perpsDeps).violations, []);
    await chain.close();
  });

  test('what was accepted is refused when the price is back by the time that it would act', async () => {
    const { chain, alice, proposal } = await asked();
    chain.prices.set({ 'BTC-USD': '60000', 'ETH-USD': '3000' });
    for (let i = 0; i < decisionSeconds; i++) await chain.block();
    const { status, failedReason } = proposal();
    assert.equal(status, ProposalStatus.PROPOSAL_STATUS_FAILED);
    assert.match(failedReason, /^perps\/165 messages\[0\]: only_without_price: the price of BTC-USD is \d+ ms old/);
    assert.equal(breakerStore.market(chain.plimsoll.app.queryContext(), 1)?.settlement, undefined);
    assert.equal(positionOf(chain, alice), btc(1));
    await chain.close();
  });
});
