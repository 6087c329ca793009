import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { serve, type PayoutState } from '../../runtime/pool/payout.js';
import { mint, redeem, sharePrice } from '../../runtime/pool/shares.js';
import { planEpoch } from './exits.js';
import { exitFeePpm } from './shares.js';
import { depositRoom, earn, lose } from './slices.js';
import { fillFactor, followTarget } from './target.js';
import { chainOf } from './types.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const amount = (most = 10n ** 15n): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: most });
const dayMs = 86_400_000n;

describe('who pays a deficit, in order', () => {
  const names = (name: 'A' | 'B' | 'C' | 'D'): string[] =>
    chainOf(7, name).map(({ kind, number }) => `${kind} ${number}`);
  test('class A: market, class, all', () => assert.deepEqual(names('A'), ['market 7', 'class 1', 'global 0']));
  test('class B: market, class, all', () => assert.deepEqual(names('B'), ['market 7', 'class 2', 'global 0']));
  test('class C: market and class', () => assert.deepEqual(names('C'), ['market 7', 'class 3']));
  test('INV-C1 class D: the market alone', () => assert.deepEqual(names('D'), ['market 7']));
});

describe('losses and income', () => {
  test('a loss falls on the junior slice first', () => {
    assert.deepEqual(lose({ junior: 100n, senior: 900n }, 60n), { junior: 40n, senior: 900n });
    assert.deepEqual(lose({ junior: 100n, senior: 900n }, 160n), { junior: 0n, senior: 840n });
  });

  test('income makes the junior slice whole again before others earn', () => {
    // A tenth of 1,000 + x: 45 + 61.11… makes it.
    assert.deepEqual(earn({ junior: 45n, senior: 955n }, 40n, 100_000n), { junior: 85n, senior: 955n });
    assert.deepEqual(earn({ junior: 100n, senior: 900n }, 100n, 100_000n), { junior: 110n, senior: 990n });
    assert.deepEqual(earn({ junior: 0n, senior: 0n }, 5n, 100_000n), { junior: 5n, senior: 0n });
  });

  test('depositors may bring nine times what is junior', () => {
    assert.equal(depositRoom({ junior: 100n, senior: 0n }, 100_000n), 900n);
    assert.equal(depositRoom({ junior: 100n, senior: 899n }, 100_000n), 1n);
    assert.equal(depositRoom({ junior: 99n, senior: 899n }, 100_000n), 0n);
  });

  test('nothing is made or lost, and income never takes from anybody', () => {
    fc.assert(
      fc.property(
        amount(),
        amount(),
        amount(),
        fc.bigInt({ min: 100_000n, max: 1_000_000n }),
        (junior, senior, income, ppm) => {
          const after = earn({ junior, senior }, income, ppm);
          assert.equal(after.junior + after.senior, junior + senior + income);
          assert.ok(after.junior >= junior && after.senior >= senior);
          // Either the junior slice is large enough now, or it took everything.
          const whole = after.junior + after.senior;
          assert.ok(after.junior * 1_000_000n >= whole * ppm || after.senior === senior);
          const loss = income % (junior + senior + 1n);
          const left = lose({ junior, senior }, loss);
          assert.equal(left.junior + left.senior, junior + senior - loss);
          assert.ok(left.junior >= 0n && left.senior >= 0n);
          assert.ok(left.junior === 0n || left.senior === senior);
        },
      ),
      { numRuns: runs },
    );
  });
});

describe('shares', () => {
  test('the first deposit of 10 USDC gets ten million shares of 10^-6 each times a million', () => {
    assert.equal(mint(10_000_000n, 0n, 0n), 10_000_000_000_000n);
    assert.equal(sharePrice(0n, 0n), 1_000_000n);
  });

  test('mint and redeem in sequence, to the unit', () => {
    let [shares, assets] = [0n, 0n];
    const first = mint(10_000_000n, shares, assets);
    [shares, assets] = [shares + first, assets + 10_000_000n];
    assets += 5_000_000n; // income
    const second = mint(30_000_001n, shares, assets);
    assert.equal(second, 20_000_001_333_333n);
    [shares, assets] = [shares + second, assets + 30_000_001n];
    assert.equal(redeem(second, shares, assets), 30_000_000n);
    assert.equal(redeem(first, shares, assets), 14_999_999n);
    assets -= 15_000_000n; // loss
    assert.equal(redeem(first, shares, assets), 9_999_999n);
  });

  test('INV-I4 what was just deposited is never worth more than it was', () => {
    fc.assert(
      fc.property(amount(), amount(10n ** 21n), amount(), (assets, shares, given) => {
        const minted = mint(given, shares, assets);
        assert.ok(redeem(minted, shares + minted, assets + given) <= given);
      }),
      { numRuns: runs },
    );
  });

  test('INV-I2 neither deposits nor exits lower the price for those who stay', () => {
    const priceRises = (s0: bigint, a0: bigint, s1: bigint, a1: bigint): boolean =>
      // (a1 + 1) / (s1 + 10^6) >= (a0 + 1) / (s0 + 10^6)
      (a1 + 1n) * (s0 + 1_000_000n) >= (a0 + 1n) * (s1 + 1_000_000n);
    fc.assert(
      fc.property(
        amount(),
        amount(10n ** 21n),
        amount(),
        fc.bigInt({ min: 0n, max: 100n }),
        (assets, shares, given, percent) => {
          const minted = mint(given, shares, assets);
          assert.ok(priceRises(shares, assets, shares + minted, assets + given));
          const leaving = (shares * percent) / 100n;
          const paid = redeem(leaving, shares, assets);
          if (paid <= assets) assert.ok(priceRises(shares, assets, shares - leaving, assets - paid));
        },
      ),
      { numRuns: runs },
    );
  });

  test('an attacker who gives to the tranche before others deposit gains nothing', () => {
    fc.assert(
      fc.property(amount(10n ** 12n), amount(10n ** 12n), amount(10n ** 12n), (own, gift, victim) => {
        const [deposit, theirs] = [own + 10_000_000n, victim + 10_000_000n];
        const shares = mint(deposit, 0n, 0n);
        // A gift goes to the junior slice; even if it were income of the senior one, it could not come back with more.
        for (const assets of [deposit, deposit + gift]) {
          const minted = mint(theirs, shares, assets);
          const out = redeem(shares, shares + minted, assets + theirs);
          assert.ok(out <= assets, `${out} of ${assets}`);
          assert.ok(redeem(minted, shares + minted, assets + theirs) >= theirs - 1n - theirs / 1_000_000n);
        }
      }),
      { numRuns: runs },
    );
  });
});

describe('the target', () => {
  test('is taken as it is the first time, then rises by 10 % and falls by 2 % a day', () => {
    assert.equal(followTarget(0n, 500n, 0n), 500n);
    assert.equal(followTarget(1_000_000n, 2_000_000n, dayMs), 1_100_000n);
    assert.equal(followTarget(1_000_000n, 2_000_000n, dayMs / 24n), 1_004_167n);
    assert.equal(followTarget(1_000_000n, 0n, dayMs), 980_000n);
    assert.equal(followTarget(1_000_000n, 0n, 100n * dayMs), 980_000n);
    assert.equal(followTarget(1_000_000n, 1_000_001n, dayMs), 1_000_001n);
  });

  test('decides how much of its fee share a tranche takes', () => {
    const table: readonly (readonly [bigint, bigint, bigint])[] = [
      [0n, 0n, 1_000_000n],
      [999n, 1_000n, 1_000_000n],
      [1_000n, 1_000n, 1_000_000n],
      [1_250n, 1_000n, 500_000n],
      [1_500n, 1_000n, 0n],
      [9_999n, 1_000n, 0n],
      [1n, 0n, 0n],
    ];
    for (const [balance, target, expected] of table) assert.equal(fillFactor(balance, target), expected);
  });
});

describe('an epoch', () => {
  const rules = { capPpm: 200_000n, floorPpm: 600_000n, feePpm: 50_000n };
  const tranche = { junior: 100_000n, senior: 900_000n, shares: 900_000_000_000n, target: 0n };

  test('lets everybody out when few ask', () => {
    assert.deepEqual(planEpoch(tranche, 90_000_000_000n, rules), { shares: 90_000_000_000n, assets: 90_000n, fee: 0n });
  });

  test('lets a fifth out when more ask, and everybody the same part', () => {
    const { shares, assets } = planEpoch(tranche, 900_000_000_000n, rules);
    assert.ok(assets <= 180_000n && assets >= 179_999n, String(assets));
    assert.ok(shares <= 180_000_000_000n && shares > 179_998_000_000n, String(shares));
  });

  test('never takes the tranche below 60 % of its target, and costs the more the further it is from it', () => {
    const far = planEpoch({ ...tranche, target: 1_800_000n }, 90_000_000_000n, rules);
    assert.equal(far.assets + far.fee, 0n, 'at 1,000,000 of 1,800,000 nobody leaves');
    const near = planEpoch({ ...tranche, target: 1_500_000n }, 90_000_000_000n, rules);
    assert.deepEqual([near.assets, near.fee], [88_200n, 1_800n]);
    assert.equal(exitFeePpm(1_500_000n, 900_000n, 50_000n), 20_000n);
    assert.equal(exitFeePpm(900_000n, 900_000n, 50_000n), 0n);
    assert.equal(exitFeePpm(0n, 0n, 50_000n), 0n);
  });

  test('is paid to the last unit, whoever comes first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 1n, max: 10n ** 15n }), { minLength: 1, maxLength: 20 }),
        fc.bigInt({ min: 0n, max: 1_000_000n }),
        amount(),
        (asked, part, assets) => {
          const matureLeft = asked.reduce((sum, each) => sum + each, 0n);
          const sharesLeft = (matureLeft * part) / 1_000_000n;
          let state: PayoutState = { matureLeft, sharesLeft, assetsLeft: sharesLeft === 0n ? 0n : assets };
          for (const mine of asked) {
            const served = serve(state, mine);
            assert.ok(served.shares <= mine && served.shares >= 0n && served.assets >= 0n);
            // Within rounding of one share for each who came before, all get the same part.
            assert.ok(served.shares * matureLeft >= sharesLeft * mine - matureLeft * 21n);
            state = served.left;
          }
          assert.deepEqual(state, { matureLeft: 0n, sharesLeft: 0n, assetsLeft: 0n });
        },
      ),
      { numRuns: runs },
    );
  });
});
