import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { divide, emptyCohort, grant, openOf, repaid, repay, takesMore, type Claim, type Cohort } from './cohort.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 200);
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const fresh = (number = 1n): Cohort => emptyCohort({ marketId: 1, number, day: 20_000n, expiresMs: 1n << 50n });

describe('haircuts repaid by hand (section 13.2)', () => {
  test('two haircuts of 600 and 400 share a repayment of 100 as 60 and 40', () => {
    const a = grant(fresh(), undefined, 600n);
    const b = grant(a.cohort, undefined, 400n);
    const cohort = repay(b.cohort, 100n);
    assert.deepEqual([repaid(cohort, a.claim), repaid(cohort, b.claim)], [60n, 40n]);
    assert.deepEqual([openOf(cohort, a.claim), openOf(cohort, b.claim)], [540n, 360n]);
    assert.deepEqual([cohort.remaining, cohort.held, cohort.claims], [900n, 100n, 2n]);
  });
  test('a haircut after half was repaid shares with what is open, not with what was granted', () => {
    const a = grant(fresh(), undefined, 600n);
    const half = repay(a.cohort, 300n);
    const b = grant(half, undefined, 300n);
    const cohort = repay(b.cohort, 240n);
    assert.deepEqual([repaid(cohort, a.claim), repaid(cohort, b.claim)], [420n, 120n]);
  });
  test('two haircuts of one account in one cohort are one claim', () => {
    const first = grant(fresh(), undefined, 100n);
    const half = repay(first.cohort, 50n);
    const second = grant(half, first.claim, 50n);
    assert.deepEqual([second.claim.amount, second.cohort.claims], [150n, 1n]);
    assert.equal(repaid(repay(second.cohort, 100n), second.claim), 150n);
  });
  test('a cohort takes haircuts of its day, until a millionth of it is open', () => {
    const { cohort } = grant(fresh(), undefined, 10_000_000n);
    assert.equal(takesMore(cohort, 20_000n), true);
    assert.equal(takesMore(cohort, 20_001n), false);
    assert.equal(takesMore(repay(cohort, 9_999_990n), 20_000n), true);
    assert.equal(takesMore(repay(cohort, 9_999_991n), 20_000n), false);
    assert.equal(takesMore(repay(cohort, 10_000_000n), 20_000n), false);
  });
  test('days share a repayment by what is open of each', () => {
    const open = [700n, 200n, 100n].map((amount, i) => grant(fresh(BigInt(i + 1)), undefined, amount).cohort);
    assert.deepEqual(divide(100n, open), [70n, 20n, 10n]);
    assert.deepEqual(divide(1n, open), [1n, 0n, 0n]);
    assert.deepEqual(divide(1_000n, open), [700n, 200n, 100n]);
  });
});

type Step =
  | { readonly kind: 'grant'; readonly who: number; readonly amount: bigint }
  | { readonly kind: 'repay'; readonly ppm: bigint };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('grant' as const),
    who: fc.integer({ min: 0, max: 5 }),
    amount: fc.bigInt({ min: 1n, max: 1_000_000_000_000n }),
  }),
  fc.record({ kind: fc.constant('repay' as const), ppm: fc.bigInt({ min: 1n, max: 1_000_000n }) }),
);

describe('for any haircuts and repayments', () => {
  test('recovery: no claim is repaid more than its haircuts, all together no more than came in, what is missing is rounding', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 60 }), (steps) => {
        let cohort = fresh();
        const claims = new Map<number, Claim>();
        let paid = 0n;
        for (const each of steps) {
          if (each.kind === 'grant') {
            if (cohort.granted > 0n && !takesMore(cohort, 20_000n)) continue;
            const after = grant(cohort, claims.get(each.who), each.amount);
            ({ cohort } = after);
            claims.set(each.who, after.claim);
          } else if (cohort.remaining > 0n) {
            const amount = (cohort.remaining * each.ppm + 999_999n) / 1_000_000n;
            cohort = repay(cohort, amount);
            paid += amount;
          }
        }
        const each = [...claims.values()];
        for (const claim of each) assert.ok(repaid(cohort, claim) <= claim.amount, 'no claim gets more than it lost');
        const all = sum(each.map((claim) => repaid(cohort, claim)));
        assert.equal(cohort.held, paid);
        assert.ok(all <= paid, 'the reserve covers what can be collected');
        assert.ok(paid - all <= BigInt(claims.size + steps.length), `${paid - all} lost by rounding`);
        assert.equal(cohort.granted - cohort.remaining, paid);
        assert.equal(cohort.claims, BigInt(claims.size));
      }),
      { numRuns },
    );
  });
  test('recovery: claims of one moment are repaid pro rata, to the quantum', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 1n, max: 1_000_000_000_000n }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.bigInt({ min: 1n, max: 400_000n }), { maxLength: 8 }),
        (amounts, repayments) => {
          let cohort = fresh();
          const claims = amounts.map((amount) => {
            const after = grant(cohort, undefined, amount);
            ({ cohort } = after);
            return after.claim;
          });
          let paid = 0n;
          for (const ppm of repayments) {
            const amount = (cohort.remaining * ppm) / 1_000_000n;
            if (amount === 0n) continue;
            cohort = repay(cohort, amount);
            paid += amount;
          }
          const total = sum(amounts);
          for (const [index, claim] of claims.entries()) {
            const exact = (amounts[index]! * paid) / total;
            const got = repaid(cohort, claim);
            assert.ok(got <= exact && exact - got <= 1n, `${got} of ${exact}`);
          }
        },
      ),
      { numRuns },
    );
  });
  test('recovery: dividing over days is exact and gives no day more than is open', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 1_000_000_000n }), { minLength: 1, maxLength: 90 }),
        fc.bigInt({ min: 0n, max: 1_000_000n }),
        (open, ppm) => {
          const cohorts = open.map((remaining, i) => ({ ...fresh(BigInt(i + 1)), remaining, shares: remaining }));
          const amount = (sum(open) * ppm) / 1_000_000n;
          const parts = divide(amount, cohorts);
          assert.equal(sum(parts), amount);
          for (const [index, part] of parts.entries()) assert.ok(part >= 0n && part <= open[index]!);
        },
      ),
      { numRuns },
    );
  });
});
