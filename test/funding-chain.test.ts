import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RequestQuery } from 'cosmjs-types/tendermint/abci/types';
import { QueryFundingHistoryRequest, QueryFundingHistoryResponse } from '../gen/plimsoll/perps/v1/query.js';
import { MarketStatus, Side } from '../gen/plimsoll/perps/v1/types.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { audit } from '../x/perps/block/identities.js';
import { fundingWeight } from '../x/perps/funding/index.js';
import { unsettledFunding } from '../x/perps/margin/index.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { marketFor } from './support/markets.js';
import { deposit, order } from './support/messages.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;

/** Alice long and bob short so many 10^-8 BTC at 60,000. */
async function started(size: bigint): Promise<TestChain> {
  const chain = await testChain({ markets: [marketFor('BTC-USD', 'A', usdc(1_000_000))] });
  const [alice, bob] = chain.keys as [SigningKey, SigningKey];
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block([alice, bob].map((key) => chain.sign(key, [deposit(key, usdc(20_000))])));
  await chain.block([
    chain.sign(alice, [order(alice, buy, size, usdc(60_000))]),
    chain.sign(bob, [order(bob, sell, size, usdc(60_000))]),
  ]);
  return chain;
}

const stateOf = (chain: TestChain) => {
  const ctx = chain.plimsoll.app.queryContext();
  const { perps } = chain.plimsoll.keepers;
  const position = ({ address }: SigningKey) => perps.account(ctx, subaccountKey(fromBech32(address), 0)).positions[0];
  const positions = [...perps.subaccounts(ctx)].flatMap(([key]) => [...perps.account(ctx, key).positions]);
  return { ...perps.marketState(ctx, 1), view: perps.marketView(ctx, 1), position, positions, ctx };
};

/** Advances virtual time, a block a minute. */
async function minutes(chain: TestChain, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await chain.block([], 60_000n);
}

describe('funding on the chain (section 8)', () => {
  test('INV-F1, INV-F2 an hour is decided, accrues, is settled by fills with an event, and what rounding left is swept', async () => {
    const size = 33_333_000n;
    const chain = await started(size);
    const [alice, bob, carol] = chain.keys as [SigningKey, SigningKey, SigningKey];
    await minutes(chain, 125);
    const before = stateOf(chain);
    // No premium: interest of 0.01 % in eight hours.
    assert.equal(before.funding.ratePpb, 12_500n);
    assert.ok(before.fundingIndex > 0n);
    const request = QueryFundingHistoryRequest.encode({ marketId: 1, pagination: undefined }).finish();
    const answer = await chain.plimsoll.app.query(
      RequestQuery.fromPartial({ path: '/plimsoll.perps.v1.Query/FundingHistory', data: request }),
    );
    const { hours } = QueryFundingHistoryResponse.decode(answer.value);
    assert.ok(hours.length >= 2);
    assert.deepEqual(
      hours.map(({ ratePpb, premiumPpb, oraclePrice }) => [ratePpb, premiumPpb, oraclePrice]),
      hours.map(() => [12_500n, 0n, usdc(60_000)]),
    );
    assert.ok(hours.slice(1).every(({ hour }, i) => hour === hours[i]!.hour + 1n));

    // Everybody sells a third to carol and buys it back from her: settlements that round.
    await chain.block([chain.sign(carol, [deposit(carol, usdc(20_000))])]);
    const third = 11_111_000n;
    const { results } = await chain.block([
      chain.sign(alice, [order(alice, sell, third, usdc(60_000), { clientId: 2n })]),
      chain.sign(carol, [order(carol, buy, third, usdc(60_000), { clientId: 2n })]),
    ]);
    const settled = results.events.filter(({ type }) => type === 'plimsoll.perps.v1.EventFundingSettled');
    assert.equal(settled.length, 1, 'carol had no position to settle');
    const paid = BigInt(JSON.parse(settled[0]!.attributes.find(({ key }) => key === 'amount')!.value) as string);
    assert.ok(paid < 0n, 'a long pays interest');
    assert.equal(stateOf(chain).position(alice)!.settledFunding, paid);
    assert.equal(stateOf(chain).position(carol)!.settledFunding ?? 0n, 0n);
    assert.equal(stateOf(chain).position(bob)!.quantity, -size);

    // A day on, several settlements later.
    for (let i = 0; i < 6; i++) {
      await minutes(chain, 7);
      await chain.block([
        chain.sign(alice, [
          order(alice, i % 2 === 0 ? buy : sell, 1_000n * BigInt(i + 1), usdc(60_000), { clientId: 10n + BigInt(i) }),
        ]),
        chain.sign(bob, [
          order(bob, i % 2 === 0 ? sell : buy, 1_000n * BigInt(i + 1), usdc(60_000), { clientId: 10n + BigInt(i) }),
        ]),
      ]);
    }
    const check = () => {
      const { clearingBalance, fundingWeight: kept, positions, view, ctx } = stateOf(chain);
      const weight = positions.reduce((sum, position) => sum + fundingWeight(position), 0n);
      assert.equal(kept, weight, 'the sum over positions is kept by each fill');
      const owed = positions.reduce((sum, position) => sum + unsettledFunding(view, position), 0n);
      assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
      return { left: clearingBalance - owed, positions: BigInt(positions.length) };
    };
    const unswept = check();
    assert.ok(unswept.left >= 0n);
    // The first block of the next day.
    const midnight = 86_400_000n - (stateOf(chain).ctx.block.timeMs % 86_400_000n);
    await chain.block([], midnight);
    const { results: swept } = await chain.block();
    const after = check();
    assert.ok(after.left >= 0n && after.left <= after.positions, `${after.left} left of ${unswept.left}`);
    const [event] = swept.events.filter(({ type }) => type === 'plimsoll.perps.v1.EventFundingSwept');
    assert.equal(event === undefined, unswept.left <= after.positions && after.left === unswept.left);
    await chain.close();
  });

  test('a market that only reduces has neither premium nor interest', async () => {
    const listed = marketFor('BTC-USD', 'A', usdc(1_000_000));
    const chain = await testChain({
      markets: [{ ...listed, market: { ...listed.market, status: MarketStatus.MARKET_STATUS_REDUCE_ONLY } }],
    });
    await minutes(chain, 125);
    const { fundingIndex, funding, ctx } = stateOf(chain);
    assert.equal(fundingIndex, 0n);
    assert.equal(funding.ratePpb, 0n);
    assert.equal(funding.minute, ctx.block.timeMs / 60_000n);
    await chain.close();
  });
});
