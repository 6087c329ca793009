import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Mode } from '../../gen/plimsoll/valset/v1/valset.js';
import {
  QueryDelegationTotalRewardsRequest,
  QueryDelegationTotalRewardsResponse,
} from '../../gen/cosmos/distribution/v1beta1/query.js';
import type { MsgDefinition } from '../../gen/cosmos/distribution/v1beta1/tx.js';
import { decFromText, decToText } from '../../runtime/baseapp/dec.js';
import type { Handlers } from '../../runtime/baseapp/module.js';
import { Router } from '../../runtime/baseapp/router.js';
import { moduleAddress, toBech32 } from '../../runtime/crypto/address.js';
import { account, authority, consensusOf, feeDenom, StakingBench } from '../staking/testing/bench.js';
import { operatorText } from '../staking/types.js';
import type { DecCoins } from './dec-coins.js';
import { messages } from './msgs.js';
import { defaultParams } from './params.js';

const plim = 1_000_000n;
const dave = account(50);
const erin = account(51);

let bench: StakingBench;
let handle: Handlers<typeof MsgDefinition>;
beforeEach(async () => {
  bench = await StakingBench.open();
  // No tax: round numbers.
  bench.distribution.setParams(bench.context(), { ...defaultParams, communityTax: '0' });
  handle = messages(bench.distribution, authority);
  bench.create(0, 100n * plim, '0.1');
  bench.create(1, 100n * plim);
  bench.mint(dave, 1_000n * plim);
  bench.mint(erin, 1_000n * plim);
  await bench.next();
});

const withdraw = (who: Uint8Array, index: number): string => {
  const { amount } = handle.withdrawDelegatorReward(bench.context(), {
    delegatorAddress: toBech32(who),
    validatorAddress: operatorText(account(index)),
  });
  return amount.map((coin) => `${coin.amount}${coin.denom}`).join(',');
};
const text = (coins: DecCoins): string => coins.map(([, amount]) => decToText(amount)).join(',');

describe('rewards', () => {
  test('go by power, commission first, then by stake', async () => {
    bench.delegate(dave, 0, 200n * plim);
    await bench.next();
    await bench.next();
    await bench.next({ fees: 4_000n });
    // Validator 0 has 300 of 400: 3,000, of which 300 are commission; dave has two thirds of the rest.
    assert.equal(text(bench.distribution.commission(bench.context(), account(0))), '300.000000000000000000');
    assert.equal(withdraw(dave, 0), '1800uusdc');
    assert.equal(withdraw(account(0), 0), '900uusdc');
    assert.equal(withdraw(account(1), 1), '1000uusdc');
    assert.equal(withdraw(dave, 0), '');
  });

  test('of a block go to who had stake in it, not to who came after', async () => {
    await bench.next({ fees: 2_000n });
    bench.delegate(dave, 1, 900n * plim);
    await bench.next();
    assert.equal(withdraw(account(1), 1), '1000uusdc');
    assert.equal(withdraw(dave, 1), '');
  });

  test('after a slash go by the stake that is left', async () => {
    bench.delegate(dave, 1, 200n * plim);
    await bench.next();
    await bench.next({ fees: 4_000n });
    const ctx = bench.context();
    bench.staking.slash(ctx, consensusOf(1), ctx.block.height, 300n, decFromText('0.5'));
    bench.delegate(erin, 1, 150n * plim);
    await bench.next();
    await bench.next({ fees: 4_000n });
    // Before, dave has two thirds of 3,000. After it he has 100 of 300 there, and erin 150.
    assert.equal(withdraw(dave, 1), '3000uusdc');
    assert.equal(withdraw(erin, 1), '1500uusdc');
  });

  test('are paid when stake changes, and to the address that was named', async () => {
    bench.delegate(dave, 1, 200n * plim);
    await bench.next();
    await bench.next({ fees: 4_000n });
    handle.setWithdrawAddress(bench.context(), { delegatorAddress: toBech32(dave), withdrawAddress: toBech32(erin) });
    bench.delegate(dave, 1, 1n * plim);
    assert.equal(bench.bank.balance(bench.context(), erin, feeDenom), 2_000n);
  });

  test('leave nothing behind: fractions go to the community pool', async () => {
    bench.delegate(dave, 1, 33n * plim);
    await bench.next();
    await bench.next({ fees: 1_000n });
    withdraw(dave, 1);
    withdraw(account(1), 1);
    const ctx = bench.context();
    const held = bench.bank.balance(ctx, moduleAddress('distribution'), feeDenom);
    let owed = 0n;
    for (const [, coins] of bench.distribution.allOutstanding(ctx)) for (const [, amount] of coins) owed += amount;
    for (const [, amount] of bench.distribution.communityPool(ctx)) owed += amount;
    assert.equal(owed, held * 10n ** 18n);
  });

  test('shrink by the weight another module gives; the rest goes to the community pool', async () => {
    bench.distribution.addRewardWeight({
      rewardWeight: (_ctx, address) => (Buffer.compare(address, consensusOf(1)) === 0 ? 250_000n : 1_000_000n),
    });
    await bench.next({ fees: 2_000n });
    assert.equal(withdraw(account(1), 1), '250uusdc');
    assert.equal(text(bench.distribution.communityPool(bench.context())), '750.000000000000000000');
  });

  test('under authority go to the community pool: nobody has stake that votes', async () => {
    bench.valset.setParams(bench.context(), { mode: Mode.MODE_AUTHORITY });
    await bench.next({ fees: 2_000n });
    assert.equal(text(bench.distribution.communityPool(bench.context())), '2000.000000000000000000');
  });
});

describe('commission', () => {
  test('is withdrawn by the operator, once', async () => {
    await bench.next({ fees: 2_001n });
    const msg = { validatorAddress: operatorText(account(0)) };
    assert.deepEqual(handle.withdrawValidatorCommission(bench.context(), msg).amount, [
      { denom: feeDenom, amount: '100' },
    ]);
    assert.equal(text(bench.distribution.commission(bench.context(), account(0))), '0.050000000000000000');
    assert.throws(
      () => handle.withdrawValidatorCommission(bench.context(), msg),
      /no validator commission to withdraw/,
    );
  });
});

describe('the community pool', () => {
  test('takes the tax and gifts, and pays by governance only what it has', async () => {
    bench.distribution.setParams(bench.context(), { ...defaultParams, communityTax: decFromText('0.02').toString() });
    await bench.next({ fees: 2_000n });
    bench.mint(dave, 10n, feeDenom);
    const gift = { depositor: toBech32(dave), amount: [{ denom: feeDenom, amount: '10' }] };
    handle.fundCommunityPool(bench.context(), gift);
    assert.equal(text(bench.distribution.communityPool(bench.context())), '50.000000000000000000');
    const spend = { authority, recipient: toBech32(erin), amount: [{ denom: feeDenom, amount: '50' }] };
    assert.throws(
      () => handle.communityPoolSpend(bench.context(), { ...spend, authority: toBech32(dave) }),
      /unauthorized/,
    );
    handle.communityPoolSpend(bench.context(), spend);
    assert.equal(bench.bank.balance(bench.context(), erin, feeDenom), 50n);
    assert.throws(() => handle.communityPoolSpend(bench.context(), spend), /does not have sufficient coins/);
  });
});

test('a query of all rewards changes nothing and names each validator', async () => {
  bench.delegate(dave, 0, 100n * plim);
  bench.delegate(dave, 1, 100n * plim);
  await bench.next();
  await bench.next({ fees: 4_000n });
  const router = new Router(bench.bench.registry);
  bench.modules.distribution.register(router);
  const path = '/cosmos.distribution.v1beta1.Query/DelegationTotalRewards';
  const request = QueryDelegationTotalRewardsRequest.encode({ delegatorAddress: toBech32(dave) }).finish();
  let answer: QueryDelegationTotalRewardsResponse | undefined;
  assert.throws(
    () =>
      bench.context().atomically((ctx) => {
        answer = QueryDelegationTotalRewardsResponse.decode(router.query(ctx, path, request));
        throw new Error('forget it');
      }),
    /forget it/,
  );
  assert.deepEqual(
    answer!.rewards.map(({ reward }) => reward.map(({ amount }) => amount)),
    [['900000000000000000000'], ['1000000000000000000000']],
  );
  assert.deepEqual(answer!.total, [{ denom: feeDenom, amount: '1900000000000000000000' }]);
  assert.equal(withdraw(dave, 0), '900uusdc');
});
