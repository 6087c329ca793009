import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { BondStatus } from '../../gen/cosmos/staking/v1beta1/staking.js';
import { decFromText, decOfInt } from '../../runtime/baseapp/dec.js';
import { maxCompletedPerBlock } from './complete.js';
import { cancelUnbonding, redelegate, sharesForAmount, undelegate } from './delegate.js';
import { account, consensusOf, denom, StakingBench } from './testing/bench.js';

const plim = 1_000_000n;
const day = 86_400_000n;
const dave = account(50);
const erin = account(51);

let bench: StakingBench;
beforeEach(async () => {
  bench = await StakingBench.open();
  bench.create(0, 100n * plim);
  bench.create(1, 50n * plim);
  bench.mint(dave, 1_000n * plim);
  bench.mint(erin, 1_000n * plim);
});

const balance = (of: Uint8Array): bigint => bench.bank.balance(bench.context(), of, denom);
const undelegateAmount = (who: Uint8Array, index: number, amount: bigint) => {
  const ctx = bench.context();
  return undelegate(
    ctx,
    bench.keeper,
    who,
    account(index),
    sharesForAmount(ctx, bench.keeper, who, account(index), amount),
  );
};
const redelegateAmount = (who: Uint8Array, from: number, to: number, amount: bigint) => {
  const ctx = bench.context();
  const shares = sharesForAmount(ctx, bench.keeper, who, account(from), amount);
  return redelegate(ctx, bench.keeper, who, account(from), account(to), shares);
};
const slash = (index: number, fraction: string, height?: bigint): bigint => {
  const ctx = bench.context();
  const power = bench.validator(index)!.tokens / plim;
  return bench.staking.slash(ctx, consensusOf(index), height ?? ctx.block.height, power, decFromText(fraction));
};

describe('the set', () => {
  test('is told once, and then only what changes', async () => {
    const first = await bench.next();
    assert.deepEqual(first.map(({ power }) => power).sort(), [100n, 50n].sort());
    assert.deepEqual(await bench.next(), []);
    bench.delegate(dave, 1, 7n * plim);
    assert.deepEqual(
      (await bench.next()).map(({ power }) => power),
      [57n],
    );
  });

  test('has the most powerful when places are few; who falls out begins to unbond', async () => {
    const params = bench.keeper.params(bench.context());
    bench.keeper.setParams(bench.context(), { ...params, maxValidators: 1 });
    await bench.next();
    assert.equal(bench.validator(1)!.status, BondStatus.BOND_STATUS_UNBONDED);
    bench.delegate(dave, 1, 60n * plim);
    await bench.next();
    assert.equal(bench.validator(1)!.status, BondStatus.BOND_STATUS_BONDED);
    const fallen = bench.validator(0)!;
    assert.equal(fallen.status, BondStatus.BOND_STATUS_UNBONDING);
    assert.equal(bench.keeper.bondedTokens(bench.context()), 110n * plim);
    assert.equal(bench.keeper.notBondedTokens(bench.context()), 100n * plim);
    await bench.next({ afterMs: 21n * day });
    await bench.next();
    assert.equal(bench.validator(0)!.status, BondStatus.BOND_STATUS_UNBONDED);
  });

  test('of equal power, the smaller operator address is in front', async () => {
    bench.delegate(dave, 1, 50n * plim);
    bench.keeper.setParams(bench.context(), { ...bench.keeper.params(bench.context()), maxValidators: 1 });
    await bench.next();
    assert.equal(bench.validator(0)!.status, BondStatus.BOND_STATUS_BONDED);
    assert.equal(bench.validator(1)!.status, BondStatus.BOND_STATUS_UNBONDED);
  });

  test('never becomes empty: the last validator votes on, jailed as it is, until another one can', async () => {
    await bench.next();
    bench.staking.jail(bench.context(), consensusOf(0));
    assert.equal((await bench.next()).length, 1);
    bench.staking.jail(bench.context(), consensusOf(1));
    assert.deepEqual(await bench.next(), []);
    assert.equal(bench.valset.power(bench.context(), consensusOf(1)), 50n);
    bench.create(2, 10n * plim);
    const updates = await bench.next();
    assert.deepEqual(updates.map(({ power }) => power).sort(), [0n, 10n].sort());
  });

  test('loses who stakes less of its own than it promised', async () => {
    bench.create(2, 30n * plim, '0', 20n * plim);
    await bench.next();
    undelegateAmount(account(2), 2, 11n * plim);
    assert.equal(bench.validator(2)!.jailed, true);
    await bench.next();
    assert.equal(bench.validator(2)!.status, BondStatus.BOND_STATUS_UNBONDING);
  });
});

describe('unbonding', () => {
  beforeEach(async () => {
    bench.delegate(dave, 0, 100n * plim);
    await bench.next();
  });

  test('pays back exactly, after its time, what was not slashed meanwhile', async () => {
    undelegateAmount(dave, 0, 40n * plim);
    const before = balance(dave);
    await bench.next({ afterMs: 21n * day - 1_000n });
    await bench.next();
    assert.equal(balance(dave), before);
    await bench.next();
    assert.equal(balance(dave), before + 40n * plim);
    assert.equal(bench.keeper.unbonding(bench.context(), dave, account(0)), undefined);
  });

  test('of one block is one entry; of more blocks at most max_entries', async () => {
    for (let i = 0; i < 7; i++) {
      undelegateAmount(dave, 0, plim);
      undelegateAmount(dave, 0, plim);
      await bench.next();
    }
    assert.equal(bench.keeper.unbonding(bench.context(), dave, account(0))!.entries.length, 7);
    assert.throws(() => undelegateAmount(dave, 0, plim), /entries: 7 are open; at most 7: too many unbonding/);
  });

  test('can be cancelled in part, by the height it began', async () => {
    const { height } = bench.context().block;
    undelegateAmount(dave, 0, 40n * plim);
    await bench.next();
    const ctx = bench.context();
    cancelUnbonding(ctx, bench.keeper, dave, account(0), 15n * plim, height);
    assert.equal(bench.keeper.unbonding(ctx, dave, account(0))!.entries[0]!.balance, 25n * plim);
    assert.equal(bench.validator(0)!.tokens, 175n * plim);
    assert.throws(
      () => cancelUnbonding(ctx, bench.keeper, dave, account(0), 26n * plim, height),
      /amount: 26000000; the entry has 25000000/,
    );
    assert.throws(
      () => cancelUnbonding(ctx, bench.keeper, dave, account(0), 1n, height + 1n),
      /no entry of that block/,
    );
  });

  test('of more than the delegation is worth is refused', () => {
    assert.throws(() => undelegateAmount(dave, 0, 100n * plim + 1n), /the delegation is worth 100000000/);
    assert.throws(() => undelegateAmount(erin, 0, 1n), /no delegation for \(address, validator\) tuple/);
  });

  test('many at one time are paid over several blocks, all of them, in order', async () => {
    const people = Array.from({ length: maxCompletedPerBlock + 5 }, (_, index) => {
      const who = new Uint8Array(20).fill(200);
      who[0] = index >>> 8;
      who[1] = index & 255;
      return who;
    });
    for (const who of people) {
      bench.mint(who, plim);
      bench.delegate(who, 0, plim);
      undelegateAmount(who, 0, plim);
    }
    const paid = (): number => people.filter((who) => balance(who) === plim).length;
    await bench.next({ afterMs: 21n * day });
    assert.equal(paid(), 0);
    await bench.next();
    assert.equal(paid(), maxCompletedPerBlock);
    await bench.next();
    assert.equal(paid(), people.length);
  });
});

describe('redelegation', () => {
  beforeEach(async () => {
    bench.delegate(dave, 0, 100n * plim);
    bench.create(2, 10n * plim);
    await bench.next();
  });

  test('moves stake at once', () => {
    redelegateAmount(dave, 0, 1, 60n * plim);
    assert.equal(bench.validator(0)!.tokens, 140n * plim);
    assert.equal(bench.validator(1)!.tokens, 110n * plim);
  });

  test('does not hop on while it answers for the first validator', async () => {
    redelegateAmount(dave, 0, 1, 60n * plim);
    assert.throws(() => redelegateAmount(dave, 1, 2, 1n * plim), /redelegation to this validator already in progress/);
    await bench.next({ afterMs: 21n * day });
    await bench.next();
    redelegateAmount(dave, 1, 2, 1n * plim);
  });

  test('to oneself, to nobody or of nothing is refused', () => {
    assert.throws(() => redelegateAmount(dave, 0, 0, plim), /cannot redelegate to the same validator/);
    assert.throws(() => redelegateAmount(dave, 0, 9, plim), /redelegation destination validator not found/);
    assert.throws(() => redelegateAmount(erin, 0, 1, plim), /no delegation/);
  });
});

describe('a slash', () => {
  beforeEach(async () => {
    bench.delegate(dave, 0, 100n * plim);
    await bench.next();
  });

  test('takes tokens and leaves shares; who joins later gets more shares for a token', () => {
    assert.equal(slash(0, '0.1'), 20n * plim);
    const { tokens, shares } = bench.validator(0)!;
    assert.deepEqual([tokens, shares], [180n * plim, decOfInt(200n * plim)]);
    assert.equal(bench.delegate(erin, 0, 90n * plim), decOfInt(100n * plim));
  });

  test('reaches what left since the infraction, not what left before, and no later stake', async () => {
    undelegateAmount(dave, 0, 10n * plim);
    await bench.next();
    const infraction = bench.context().block.height;
    undelegateAmount(dave, 0, 40n * plim);
    await bench.next();
    bench.delegate(erin, 0, 300n * plim);
    await bench.next();
    const ctx = bench.context();
    // At the infraction the validator had 190: 5 % are 9.5, of which the unbonding 40 pay 2.
    const burned = bench.staking.slash(ctx, consensusOf(0), infraction, 190n, decFromText('0.05'));
    assert.equal(burned, 9_500_000n);
    const { entries } = bench.keeper.unbonding(ctx, dave, account(0))!;
    assert.deepEqual(
      entries.map(({ balance: left }) => left),
      [10n * plim, 38n * plim],
    );
    assert.equal(bench.validator(0)!.tokens, (150n + 300n) * plim - 7_500_000n);
  });

  test('reaches stake that moved to another validator since, where it is now', async () => {
    const infraction = bench.context().block.height;
    redelegateAmount(dave, 0, 1, 40n * plim);
    await bench.next();
    const ctx = bench.context();
    const burned = bench.staking.slash(ctx, consensusOf(0), infraction, 200n, decFromText('0.05'));
    assert.equal(burned, 10n * plim);
    assert.equal(bench.validator(1)!.tokens, 88n * plim);
    assert.equal(bench.validator(0)!.tokens, 152n * plim);
  });

  test('reaches it also when it is leaving the other one', async () => {
    const infraction = bench.context().block.height;
    redelegateAmount(dave, 0, 1, 40n * plim);
    await bench.next();
    undelegateAmount(dave, 1, 40n * plim);
    await bench.next();
    const ctx = bench.context();
    assert.equal(bench.staking.slash(ctx, consensusOf(0), infraction, 200n, decFromText('0.05')), 10n * plim);
    assert.equal(bench.keeper.unbonding(ctx, dave, account(1))!.entries[0]!.balance, 38n * plim);
  });

  test('of everything leaves a validator that nobody can join', () => {
    assert.equal(slash(0, '1'), 200n * plim);
    assert.throws(() => bench.delegate(erin, 0, plim), /invalid \(zero\) ex-rate/);
  });

  test('burns supply', () => {
    const before = bench.bank.supply(bench.context(), denom);
    const burned = slash(0, '0.25');
    assert.equal(bench.bank.supply(bench.context(), denom), before - burned);
  });
});
