import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BondStatus } from '../../gen/cosmos/staking/v1beta1/staking.js';
import { decFromText, decOfInt } from '../../runtime/baseapp/dec.js';
import { AppError } from '../../runtime/baseapp/errors.js';
import { moduleAddress } from '../../runtime/crypto/address.js';
import { moduleName as distributionAccount } from '../distribution/keeper.js';
import { startDelegation, withdraw, withdrawCommission } from '../distribution/rewards.js';
import { unjail } from '../slashing/unjail.js';
import { redelegate, sharesForAmount, undelegate } from './delegate.js';
import { account, consensusOf, denom, feeCollector, feeDenom, StakingBench } from './testing/bench.js';
import { isBonded, operatorText } from './types.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '40');
const seed = Number(process.env['PLIMSOLL_FC_SEED'] ?? '7');
const plim = 1_000_000n;
const validators = 4;
const people = [0, 1, 2, 3].map((index) => account(40 + index));

/** One thing that happens. Numbers choose among what is there. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('delegate' as const),
      who: fc.nat(3),
      to: fc.nat(3),
      amount: fc.bigInt(1n, 50n * plim),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('undelegate' as const),
      who: fc.nat(3),
      to: fc.nat(3),
      part: fc.bigInt(1n, 100n),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('redelegate' as const),
      who: fc.nat(3),
      from: fc.nat(3),
      to: fc.nat(3),
      part: fc.bigInt(1n, 100n),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('operator leaves' as const), to: fc.nat(3), part: fc.bigInt(1n, 100n) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('slash' as const),
      to: fc.nat(3),
      ppm: fc.bigInt(1n, 1_000_000n),
      back: fc.bigInt(0n, 3n),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('double sign' as const), to: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('jail' as const), to: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unjail' as const), to: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), who: fc.nat(3), to: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('commission' as const), to: fc.nat(3) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('block' as const), fees: fc.bigInt(0n, 10n ** 9n), days: fc.nat(10) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A refusal is an answer; anything else is a bug. */
function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

async function apply(bench: StakingBench, event: Step): Promise<bigint> {
  const { keeper: k, distribution } = bench;
  const ctx = bench.context();
  const shareOf = (who: Uint8Array, to: number, part: bigint): bigint => {
    const delegation = k.delegation(ctx, who, account(to));
    const validator = k.validator(ctx, account(to));
    if (delegation === undefined || validator === undefined) return 1n;
    const worth = (bench.staking.tokensOf(validator, delegation.shares) * part) / (100n * 10n ** 18n);
    return worth > 0n ? worth : 1n;
  };
  switch (event.kind) {
    case 'delegate':
      attempt(() => ctx.atomically(() => bench.delegate(people[event.who]!, event.to, event.amount)));
      return 0n;
    case 'undelegate':
    case 'operator leaves': {
      const who = event.kind === 'undelegate' ? people[event.who]! : account(event.to);
      attempt(() =>
        undelegate(
          ctx,
          k,
          who,
          account(event.to),
          sharesForAmount(ctx, k, who, account(event.to), shareOf(who, event.to, event.part)),
        ),
      );
      return 0n;
    }
    case 'redelegate': {
      const who = people[event.who]!;
      attempt(() => {
        const shares = sharesForAmount(ctx, k, who, account(event.from), shareOf(who, event.from, event.part));
        ctx.atomically((inner) => redelegate(inner, k, who, account(event.from), account(event.to), shares));
      });
      return 0n;
    }
    case 'slash': {
      const supply = bench.bank.supply(ctx, denom);
      const power = bench.valset.power(ctx, consensusOf(event.to));
      const fraction = decFromText(`${event.ppm / 1_000_000n}.${(event.ppm % 1_000_000n).toString().padStart(6, '0')}`);
      const height = ctx.block.height - event.back;
      const burned = bench.staking.slash(ctx, consensusOf(event.to), height, power, fraction);
      assert.ok(burned >= 0n);
      assert.equal(bench.bank.supply(ctx, denom), supply - burned, 'a slash burns what it says and creates nothing');
      return 0n;
    }
    case 'double sign': {
      const evidence = {
        kind: 'duplicate-vote' as const,
        address: consensusOf(event.to),
        power: bench.valset.power(ctx, consensusOf(event.to)),
        height: ctx.block.height,
        timeMs: ctx.block.timeMs,
        totalPower: 0n,
      };
      await bench.next({ changes: { misbehavior: [evidence] } });
      return 0n;
    }
    case 'jail':
      bench.slashing.jail(ctx, consensusOf(event.to), ctx.block.timeMs + 1_000n);
      return 0n;
    case 'unjail':
      attempt(() => unjail(ctx, bench.slashing, { validatorAddr: operatorText(account(event.to)) }));
      return 0n;
    case 'withdraw':
      attempt(() => {
        withdraw(ctx, distribution, account(event.to), people[event.who]!);
        startDelegation(ctx, distribution, account(event.to), people[event.who]!);
      });
      return 0n;
    case 'commission':
      attempt(() => withdrawCommission(ctx, distribution, account(event.to)));
      return 0n;
    case 'block':
      await bench.next({ fees: event.fees, afterMs: BigInt(event.days) * 86_400_000n + 1_000n });
      return event.fees;
  }
}

function checkInvariants(bench: StakingBench, fees: bigint): void {
  const ctx = bench.context();
  const { keeper: k, distribution } = bench;
  let bonded = 0n;
  let notBonded = 0n;
  const all = [...k.validators(ctx)];
  for (const validator of all) {
    const shares = [...k.delegationsTo(ctx, validator.operator)].reduce((sum, each) => sum + each.shares, 0n);
    assert.equal(shares, validator.shares, 'shares of delegations are the shares of their validator');
    assert.ok(validator.tokens >= 0n);
    if (isBonded(validator)) bonded += validator.tokens;
    else notBonded += validator.tokens;
    if (validator.shares === 0n) assert.equal(validator.tokens, 0n);
    if (validator.shares === 0n) assert.notEqual(validator.status, BondStatus.BOND_STATUS_UNBONDED);
  }
  for (const { entries } of k.unbondings(ctx)) {
    for (const { balance, initialBalance } of entries) {
      assert.ok(balance >= 0n && balance <= initialBalance);
      notBonded += balance;
    }
  }
  assert.equal(k.bondedTokens(ctx), bonded, 'the bonded pool is the sum of bonded tokens');
  assert.equal(k.notBondedTokens(ctx), notBonded, 'the other pool is the sum of the rest and what unbonds');

  let owed = 0n;
  for (const [, coins] of distribution.allOutstanding(ctx)) for (const [, amount] of coins) owed += amount;
  for (const [, amount] of distribution.communityPool(ctx)) owed += amount;
  const held = bench.bank.balance(ctx, moduleAddress(distributionAccount), feeDenom);
  assert.equal(decOfInt(held), owed, 'rewards outstanding and the community pool are what the account holds');
  const paid = [...people, ...Array.from({ length: validators }, (_, index) => account(index))].reduce(
    (sum, who) => sum + bench.bank.balance(ctx, who, feeDenom),
    0n,
  );
  const waiting = bench.bank.balance(ctx, moduleAddress(feeCollector), feeDenom);
  assert.equal(paid + held + waiting, fees, 'what was collected is paid, owed or waiting');
  for (const { operator } of all) {
    const commission = distribution.commission(ctx, operator);
    for (const [coin, amount] of commission)
      assert.ok(amount <= (new Map(distribution.outstanding(ctx, operator)).get(coin) ?? 0n));
  }
  const powers = [...k.lastPowers(ctx)].length;
  assert.equal(powers, all.filter(isBonded).length, 'who is bonded has a power, and nobody else');
}

test('whatever happens to stake, pools, shares and rewards add up to the last unit', async () => {
  console.log(`# seed ${seed}`);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const bench = await StakingBench.open();
      for (let index = 0; index < validators; index++)
        bench.create(index, BigInt(index + 1) * 20n * plim, `0.${index}`);
      for (const who of people) bench.mint(who, 1_000n * plim);
      const params = bench.keeper.params(bench.context());
      bench.keeper.setParams(bench.context(), { ...params, maxValidators: 3 });
      await bench.next();
      let fees = 0n;
      for (const event of steps) {
        fees += await apply(bench, event);
        checkInvariants(bench, fees);
      }
    }),
    { numRuns: runs, seed },
  );
});

test('any state exports and imports to itself', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const bench = await StakingBench.open();
      for (let index = 0; index < validators; index++)
        bench.create(index, BigInt(index + 1) * 20n * plim, `0.${index}`);
      for (const who of people) bench.mint(who, 1_000n * plim);
      await bench.next();
      for (const event of steps) await apply(bench, event);
      await bench.next();
      const order = ['distribution', 'staking', 'slashing'] as const;
      const ctx = bench.context();
      const exported = order.map((name) => bench.modules[name].exportGenesis(ctx));
      const copy = await StakingBench.open();
      const target = copy.context();
      copy.valset.setParams(target, bench.valset.params(ctx));
      for (const [[address, coin], amount] of bench.bank.allBalances(ctx))
        copy.bank.mint(target, address, coin, amount);
      for (const [index, name] of order.entries()) copy.modules[name].initGenesis(target, exported[index]);
      for (const [index, name] of order.entries())
        assert.deepEqual(copy.modules[name].exportGenesis(target), exported[index], name);
    }),
    { numRuns: Math.ceil(runs / 4), seed },
  );
});
