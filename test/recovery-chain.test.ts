import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MsgClaimRecovery } from '../gen/plimsoll/perps/v1/recovery.js';
import { QueryRecoveryClaimsRequest, QueryRecoveryClaimsResponse } from '../gen/plimsoll/perps/v1/query.js';
import { Side } from '../gen/plimsoll/perps/v1/types.js';
import { demoMarkets } from '../cmd/plimsolld/devnet/demo.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { dayMs } from '../runtime/baseapp/time.js';
import { audit } from '../x/perps/block/identities.js';
import { exportGenesis, genesisFromJson, genesisToJson } from '../x/perps/genesis.js';
import { subaccountKey } from '../x/perps/subaccount-key.js';
import { btc, usd, usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit, message, order } from './support/messages.js';
import { eventsOf } from './support/orders.js';

const { SIDE_BUY: buy, SIDE_SELL: sell } = Side;

const claimRecovery = ({ address: owner }: SigningKey, marketId = 0): TxMessage =>
  message('MsgClaimRecovery', MsgClaimRecovery, { owner, subaccountNumber: 0, marketId });

async function claimsOf(chain: TestChain, { address: owner }: SigningKey) {
  const request = QueryRecoveryClaimsRequest.fromPartial({ owner, number: 0 });
  const answer = await chain.plimsoll.app.query({
    path: '/plimsoll.perps.v1.Query/RecoveryClaims',
    data: QueryRecoveryClaimsRequest.encode(request).finish(),
    height: 0n,
    prove: false,
  });
  return QueryRecoveryClaimsResponse.decode(answer.value).claims;
}

const cashOf = (chain: TestChain, { address }: SigningKey): bigint =>
  chain.plimsoll.keepers.perps.account(chain.plimsoll.app.queryContext(), subaccountKey(fromBech32(address), 0)).cash;

function assertSolvent(chain: TestChain): void {
  const ctx = chain.plimsoll.app.queryContext();
  assert.deepEqual(audit(ctx, chain.plimsoll.perpsDeps).violations, []);
  assert.equal(chain.plimsoll.keepers.perps.ledger(ctx).haltedReason, '');
}

/**
 * Bob short 1 BTC against alice, who goes bankrupt at 50,000 with a small
 * fund: bob pays a haircut. Then carol is long against bob again, and a maker
 * buys below the market.
 */
async function withHaircut(): Promise<{ readonly chain: TestChain; readonly haircut: bigint }> {
  const chain = await testChain({ markets: demoMarkets(usdc(1_000)) });
  const [alice, bob, carol, maker] = chain.keys as [SigningKey, SigningKey, SigningKey, SigningKey];
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block([
    chain.sign(alice, [deposit(alice, usdc(3_100))]),
    chain.sign(bob, [deposit(bob, usdc(20_000))]),
    chain.sign(carol, [deposit(carol, usdc(2_600))]),
    chain.sign(maker, [deposit(maker, usdc(100_000))]),
  ]);
  await chain.block([
    chain.sign(alice, [order(alice, buy, btc(1), usd(60_000))]),
    chain.sign(bob, [order(bob, sell, btc(1), usd(60_000))]),
  ]);
  chain.prices.set({ 'BTC-USD': '50000', 'ETH-USD': '3000' });
  await chain.block();
  const { results } = await chain.block();
  const [cut] = eventsOf(results, 'EventHaircut');
  const [granted] = eventsOf(results, 'EventRecoveryGranted');
  assert.equal(granted!['amount'], cut!['amount']);
  return { chain, haircut: BigInt(cut!['amount'] as string) };
}

/** Carol's long is closed against the maker; returns the block's events. */
async function penalty(chain: TestChain) {
  const [, bob, carol, maker] = chain.keys as [SigningKey, SigningKey, SigningKey, SigningKey];
  await chain.block([
    chain.sign(carol, [order(carol, buy, btc(1), usd(50_000), { clientId: 2n })]),
    chain.sign(bob, [order(bob, sell, btc(1), usd(50_000), { clientId: 2n })]),
  ]);
  await chain.block([chain.sign(maker, [order(maker, buy, btc(1), usd(48_300), { clientId: 2n })])]);
  chain.prices.set({ 'BTC-USD': '48400', 'ETH-USD': '3000' });
  await chain.block();
  await chain.block();
  return (await chain.block()).results;
}

describe('recovery claims (section 13.2)', () => {
  test('who paid a haircut gets half of the next penalty of the market, and collects it', async () => {
    const { chain, haircut } = await withHaircut();
    const [, bob] = chain.keys as [SigningKey, SigningKey];
    const [fresh] = await claimsOf(chain, bob);
    assert.deepEqual([fresh!.amount, fresh!.repaid, fresh!.remaining], [`${haircut}`, '0', `${haircut}`]);
    const refused = await chain.block([chain.sign(bob, [claimRecovery(bob)])]);
    assert.match(refused.results.txResults[1]!.log, /no penalty repaid the 1 claims of .*\/0/);

    const results = await penalty(chain);
    const [charged] = eventsOf(results, 'EventLiquidationPenalty');
    const [paid] = eventsOf(results, 'EventRecoveryPaid');
    const whole = BigInt(charged!['penalty'] as string);
    assert.ok(whole > 0n);
    const half = whole / 2n;
    assert.equal(charged!['to_recovery'], `${half}`);
    const split =
      BigInt(charged!['to_insurance'] as string) +
      BigInt(charged!['to_fees'] as string) +
      BigInt(charged!['to_backstop'] as string);
    assert.equal(split, whole - half, 'the rest is split as ever');
    assert.deepEqual(
      [paid!['amount'], paid!['remaining_before'], paid!['remaining']],
      [`${half}`, `${haircut}`, `${haircut - half}`],
    );
    assertSolvent(chain);
    const ledger = chain.plimsoll.keepers.perps.ledger(chain.plimsoll.app.queryContext());
    assert.equal(ledger.recovery, half, 'it waits in the reserve');

    const [open] = await claimsOf(chain, bob);
    // The index counts 10^-18: one quantum may be lost by rounding.
    const due = BigInt(open!.collectable);
    assert.ok(half - due <= 1n && due <= half);
    const before = cashOf(chain, bob);
    const { results: collected } = await chain.block([chain.sign(bob, [claimRecovery(bob, 1)])]);
    assert.equal(collected.txResults[1]!.code, 0, collected.txResults[1]!.log);
    assert.equal(cashOf(chain, bob) - before, due);
    const [after] = await claimsOf(chain, bob);
    assert.deepEqual([after!.collectable, after!.repaid], ['0', `${due}`]);
    assertSolvent(chain);
    const again = await chain.block([chain.sign(bob, [claimRecovery(bob)])]);
    assert.equal(again.results.txResults[1]!.codespace, 'perps');
    assert.equal(again.results.txResults[1]!.code, 180);
    await chain.close();
  });

  test('what is repaid stays collectable after 90 days, what is not is given up; state goes out and in again', async () => {
    const { chain, haircut } = await withHaircut();
    const [alice, bob] = chain.keys as [SigningKey, SigningKey];
    await penalty(chain);
    const { registry, perpsDeps, app } = chain.plimsoll;
    const state = exportGenesis(app.queryContext(), perpsDeps);
    assert.equal(state.recovery!.cohorts.length, 1);
    assert.equal(state.recovery!.claims.length, 1);
    assert.deepEqual(genesisFromJson(registry, genesisToJson(registry, state)).recovery, state.recovery);
    const broken = { ...state, ledger: { ...state.ledger!, recovery: '1' } };
    assert.throws(() => genesisFromJson(registry, genesisToJson(registry, broken)), /perps\.ledger\.recovery: 1; /);

    const [claim] = await claimsOf(chain, bob);
    const due = BigInt(claim!.collectable);
    await chain.block([], 90n * dayMs);
    const none = await chain.block([chain.sign(alice, [claimRecovery(alice)])]);
    assert.match(none.results.txResults[1]!.log, /paid no haircut/);
    const before = cashOf(chain, bob);
    const { results } = await chain.block([chain.sign(bob, [claimRecovery(bob)])]);
    assert.equal(results.txResults[1]!.code, 0, results.txResults[1]!.log);
    assert.equal(cashOf(chain, bob) - before, due);
    const [expired] = eventsOf(results.txResults[1]!, 'EventRecoveryExpired');
    assert.equal(
      expired!['unpaid'],
      claim!.remaining === '0' ? '0' : `${haircut - BigInt(state.recovery!.cohorts[0]!.held)}`,
    );
    assert.deepEqual(await claimsOf(chain, bob), [], 'the claim is closed');
    const ctx = chain.plimsoll.app.queryContext();
    assert.equal(chain.plimsoll.keepers.perps.ledger(ctx).recovery, 0n, 'what rounding left is dust');
    assert.deepEqual(exportGenesis(ctx, perpsDeps).recovery, { cohorts: [], claims: [] });
    assertSolvent(chain);
    await chain.close();
  });
});
