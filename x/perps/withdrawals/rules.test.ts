import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { availableIn, dayOutflow, drawn, expectedMs, limitsOf, refilled, type Bucket } from './buckets.js';
import { bucketRules, defaultWithdrawalParams } from './params.js';
import { grant, partOf, unitsOf } from './shares.js';
import { fundClasses, type FundClass } from './types.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 200);
const usdc = 1_000_000n;
const million = 1_000_000n;
const hourMs = 3_600_000n;
const rules = bucketRules(defaultWithdrawalParams);

describe('a bucket (risk-model section 14.5)', () => {
  for (const [held, open, capacity, day] of [
    [2n, million, 1_000_000n, 4_000_000n],
    [20_000_000n, million, 1_000_000n, 4_000_000n],
    [100_000_000n, million, 5_000_000n, 20_000_000n],
    [100_000_000n, 500_000n, 2_500_000n, 10_000_000n],
    [100_000_000n, 250_000n, 1_250_000n, 5_000_000n],
  ] as const)
    test(`${held} USDC held, ${open} ppm open: ${capacity} in an hour, ${day} in a day`, () => {
      const limits = limitsOf(rules, held * usdc, 0n, open);
      assert.deepEqual(limits, { capacity: capacity * usdc, dayLimit: day * usdc });
    });

  test('fills evenly and not beyond its capacity; one never used is full', () => {
    const capacity = 6_000n;
    const full = refilled(undefined, capacity, hourMs, 0n);
    assert.equal(full.level, 6_000n);
    const half = drawn(full, 6_000n);
    assert.equal(refilled(half, capacity, hourMs, 600_000n).level, 1_000n);
    assert.equal(refilled(half, capacity, hourMs, 9n * hourMs).level, 6_000n);
    assert.equal(refilled(full, 1_500n, hourMs, 1n).level, 1_500n, 'a breaker shrinks what is there too');
  });

  test('an allowance beyond the level is owed to the bucket: others wait until it is filled again', () => {
    const limits = { capacity: 6_000n, dayLimit: 1n << 60n };
    const over = drawn(refilled(undefined, 6_000n, hourMs, 0n), 7_000n);
    assert.equal(over.level, -1_000n);
    assert.equal(availableIn(refilled(over, 6_000n, hourMs, 600_000n), limits), 0n);
    assert.equal(availableIn(refilled(over, 6_000n, hourMs, 1_200_000n), limits), 1_000n);
  });

  test('what left 24 hours ago does not count against the day any more', () => {
    let bucket = drawn(refilled(undefined, 6_000n, hourMs, 0n), 5_000n);
    assert.equal(dayOutflow(bucket, 24n * hourMs), 5_000n);
    bucket = refilled(bucket, 6_000n, hourMs, 25n * hourMs);
    assert.equal(dayOutflow(bucket, 25n * hourMs), 0n);
  });

  test('the expected time is the epoch in which the bucket has paid', () => {
    const bucket: Bucket = { level: 0n, timeMs: 100_000n, outflows: [] };
    const limits = { capacity: 6_000n, dayLimit: 1n << 60n };
    const at = (wanted: bigint): bigint => expectedMs(bucket, limits, hourMs, wanted, 600_000n, 600_000n);
    assert.equal(at(100n), 600_000n);
    assert.equal(at(900n), 1_200_000n);
    assert.equal(at(6_000n), 4_200_000n);
  });

  test('INV-W1 in no window leaves more than the bucket holds and what fills it meanwhile, and no day passes its limit', () => {
    const step = fc.record({
      afterMs: fc.bigInt({ min: 0n, max: 2n * hourMs }),
      asked: fc.bigInt({ min: 0n, max: 3_000_000n * usdc }),
      allowance: fc.oneof({ weight: 3, arbitrary: fc.constant(0n) }, fc.bigInt({ min: 0n, max: 10_000n * usdc })),
    });
    const held = 30_000_000n * usdc;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        let bucket: Bucket | undefined;
        let timeMs = 0n;
        const paid: { timeMs: bigint; ordinary: bigint; allowance: bigint }[] = [];
        for (const { afterMs, asked, allowance } of steps) {
          timeMs += afterMs;
          const left = bucket === undefined ? 0n : dayOutflow(bucket, timeMs);
          // The exchange shrinks by what leaves, and is measured as if it had not in the last day.
          const gone = paid.reduce((sum, each) => sum + each.ordinary + each.allowance, 0n);
          const limits = limitsOf(rules, held - gone > 0n ? held - gone : 0n, left, million);
          bucket = drawn(refilled(bucket, limits.capacity, rules.refillMs, timeMs), allowance);
          const available = availableIn(bucket, limits);
          const ordinary = asked < available ? asked : available;
          bucket = drawn(bucket, ordinary);
          paid.push({ timeMs, ordinary, allowance });
        }
        const { capacity, dayLimit } = limitsOf(rules, held, 0n, million);
        for (const [from, first] of paid.entries()) {
          let ordinary = 0n;
          let allowances = 0n;
          for (const last of paid.slice(from)) {
            ordinary += last.ordinary;
            allowances += last.allowance;
            const span = last.timeMs - first.timeMs;
            assert.ok(ordinary <= capacity + (capacity * span) / hourMs, 'more than the bucket');
            if (span < 24n * hourMs) assert.ok(ordinary <= dayLimit, 'more than the day allows');
            // Allowances are paid whatever the bucket holds, and count: only they come on top.
            assert.ok(ordinary + allowances <= capacity + (capacity * span) / hourMs + allowances);
          }
        }
      }),
      { numRuns },
    );
  });
});

describe('who is paid', () => {
  const amounts = (a: bigint, b: bigint, c: bigint): Map<FundClass, bigint> =>
    new Map([
      ['none', a],
      ['A', b],
      ['D', c],
    ]);
  for (const [what, wanted, classes, all, granted] of [
    ['all of it when buckets hold it', [100n, 50n, 10n], [60n, 10n], 200n, [100n, 50n, 10n]],
    ['a class no more than its bucket', [100n, 50n, 10n], [20n, 0n], 200n, [100n, 20n, 0n]],
    ['pro rata of what all hold', [100n, 50n, 50n], [50n, 50n], 100n, [50n, 25n, 25n]],
    ['nothing when nothing is there', [100n, 50n, 50n], [50n, 50n], 0n, [0n, 0n, 0n]],
  ] as const)
    test(what, () => {
      const available = new Map<FundClass, bigint>([
        ['A', classes[0]],
        ['D', classes[1]],
      ]);
      const found = grant(amounts(...(wanted as [bigint, bigint, bigint])), available, all);
      assert.deepEqual([found.get('none'), found.get('A'), found.get('D')], granted);
    });

  test('INV-W2 the queue conserves what is in it, entries only shrink, and no order of them changes a part', () => {
    const entry = fc.record({
      fund: fc.constantFrom(...fundClasses),
      amount: fc.bigInt({ min: 1n, max: 10n ** 15n }),
      worth: fc.integer({ min: 1, max: 1_000_000 }),
    });
    const level = fc.bigInt({ min: 0n, max: 3n * 10n ** 15n });
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 20 }),
        fc.array(level, { minLength: 1, maxLength: 10 }),
        fc.array(level, { minLength: 4, maxLength: 4 }),
        (entries, epochs, classLevels) => {
          const queue = entries.map(({ fund, amount, worth }) => ({
            fund,
            amount,
            value: (amount * BigInt(worth)) / 10n ** 6n,
          }));
          const asked = queue.map(({ amount }) => amount);
          const got = queue.map(() => 0n);
          for (const all of epochs) {
            const wanted = new Map<FundClass, bigint>();
            for (const { fund, value } of queue) wanted.set(fund, (wanted.get(fund) ?? 0n) + value);
            const classes = new Map(fundClasses.slice(1).map((fund, index) => [fund, classLevels[index]!]));
            const granted = grant(wanted, classes, all);
            const parts = queue.map(({ fund, value }) => partOf(value, granted.get(fund)!, wanted.get(fund)!));
            const spent = parts.reduce((sum, part) => sum + part, 0n);
            assert.ok(spent <= all, 'more than the bucket of all');
            for (const [fund, most] of classes) {
              const ofClass = parts.reduce((sum, part, index) => (queue[index]!.fund === fund ? sum + part : sum), 0n);
              assert.ok(ofClass <= most, 'more than the bucket of a class');
            }
            for (const [index, each] of queue.entries()) {
              const paid = each.value === 0n ? each.amount : unitsOf(each.amount, parts[index]!, each.value);
              assert.ok(paid >= 0n && paid <= each.amount && parts[index]! <= each.value);
              got[index]! += paid;
              each.amount -= paid;
              each.value -= parts[index]!;
              assert.equal(got[index]! + each.amount, asked[index]!, 'nothing is lost or made');
            }
          }
        },
      ),
      { numRuns },
    );
  });
});

describe('the one-block gain theorem with withdrawals (risk-model section 13, INV-A8)', () => {
  const account = fc.record({
    before: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    deposited: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    takenPpm: fc.bigInt({ min: 0n, max: million }),
    size: fc.bigInt({ min: -1_000_000n, max: 1_000_000n }),
  });
  const move = fc.bigInt({ min: -2_000_000n, max: 2_000_000n });

  test('INV-A8 what left by the bound of withdrawals leaves enough to pay every deficit, and nobody pays more than he has', () => {
    fc.assert(
      fc.property(fc.array(account, { minLength: 1, maxLength: 20 }), move, (accounts, change) => {
        let open = 0n;
        let gains = 0n;
        let deficits = 0n;
        // The last account takes the other side of all.
        const all = [...accounts, { before: 10n ** 9n, deposited: 0n, takenPpm: million, size: 0n }];
        for (const [index, { before, deposited, takenPpm, size }] of all.entries()) {
          const held = index === all.length - 1 ? -open : size;
          open += held;
          // The bound: nothing leaves below zero at the last block's prices.
          const taken = ((before + deposited) * takenPpm) / million;
          const now = before + deposited - taken + held * change;
          const gain = now - before - deposited + taken;
          if (gain > 0n) {
            gains += gain;
            assert.ok(gain <= now, 'a gain is still there to be charged');
          }
          if (now < 0n) deficits -= now;
        }
        assert.equal(open, 0n);
        assert.ok(gains >= deficits);
      }),
      { numRuns: 10 * numRuns },
    );
  });

  test('without the bound they do not: who takes a gain of 50 out with his 10 has nothing left to charge', () => {
    const [before, gain, taken] = [10n, 50n, 60n];
    const now = before + gain - taken;
    assert.equal(now, 0n);
    assert.ok(gain > now, 'the loser owes 40 of the 50, and nobody can be charged');
  });
});
