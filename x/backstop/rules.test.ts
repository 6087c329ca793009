import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { mint, redeem } from '../../runtime/pool/shares.js';
import { endHour, lossLimit, lossOf, type Results } from './losses.js';
import { defaultParams, validateParams } from './params.js';
import { assetsOf, mostOut, planEpoch } from './pricing.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const hourMs = 3_600_000n;
const t = 472_222n * hourMs;
const amount = (most = 10n ** 15n): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: most });

describe('shares of a vault', () => {
  test('are priced by equity less half the margin, rounded down', () => {
    assert.deepEqual([assetsOf(1_000n, 0n), assetsOf(1_000n, 101n), assetsOf(40n, 100n)], [1_000n, 949n, 0n]);
  });

  test('INV-I4 who enters and leaves in the same state takes out no more than he brought', () => {
    fc.assert(
      fc.property(amount(), amount(), amount(10n ** 20n), amount(), (worth, margin, shares, brought) => {
        const before = assetsOf(worth, margin);
        const own = mint(brought, shares, before);
        const after = assetsOf(worth + brought, margin);
        // Where half the margin is more than the vault is worth, what comes in fills that first.
        assert.ok(redeem(own, shares + own, after) <= brought);
      }),
      { numRuns: runs },
    );
  });

  test('INV-I2 others are worth no less after somebody entered, and after an epoch', () => {
    fc.assert(
      fc.property(
        amount(),
        amount(),
        amount(10n ** 20n),
        amount(),
        amount(),
        (worth, margin, shares, brought, most) => {
          const before = assetsOf(worth, margin);
          fc.pre(worth * 2n >= margin + 2n);
          const own = mint(brought, shares, before);
          assert.ok(redeem(shares, shares + own, before + brought) >= redeem(shares, shares, before));
          const { shares: left, assets } = planEpoch(own, shares + own, before + brought, most);
          assert.ok(left <= own && assets <= most);
          assert.ok(redeem(shares, shares + own - left, before + brought - assets) >= redeem(shares, shares, before));
        },
      ),
      { numRuns: runs },
    );
  });

  test('a gift to the vault before a victim enters brings its giver nothing', () => {
    fc.assert(
      fc.property(amount(10n ** 12n), amount(10n ** 15n), amount(10n ** 13n), (first, gift, victim) => {
        const attacker = mint(first, 0n, 0n);
        const held = mint(victim, attacker, first + gift);
        const out = redeem(attacker, attacker + held, first + gift + victim);
        assert.ok(out <= first + gift, `${out} for ${first + gift}`);
      }),
      { numRuns: runs },
    );
  });

  test('what leaves in an epoch is a fifth at most, and leaves margin at half of what stays', () => {
    const rules = { capPpm: 200_000n, marginPpm: 500_000n };
    const at = (worth: bigint, maintenanceMargin: bigint, free: bigint): bigint =>
      mostOut({ worth, maintenanceMargin, free }, rules);
    assert.equal(at(1_000n, 0n, 1_000n), 200n);
    assert.equal(at(1_000n, 400n, 1_000n), 160n);
    assert.equal(at(1_000n, 480n, 1_000n), 40n);
    assert.equal(at(1_000n, 600n, 1_000n), 0n);
    assert.equal(at(1_000n, 0n, 50n), 50n);
  });
});

describe('losses', () => {
  const start: Results = { results: [], base: 1_000n };

  test('count what an hour lost so far, and gains take them off', () => {
    assert.equal(lossOf(start, 900n, t), 100n);
    assert.equal(lossOf(start, 1_100n, t), 0n);
    const next = endHour(start, 472_222n, 900n, t + hourMs);
    assert.deepEqual(next, { results: [{ hour: 472_222n, amount: -100n }], base: 900n });
    assert.equal(lossOf(next, 950n, t + hourMs), 50n);
    assert.equal(lossOf(next, 850n, t + hourMs), 150n);
  });

  test('are over after a day and the hour that was running', () => {
    const next = endHour(start, 472_222n, 900n, t + hourMs);
    assert.equal(lossOf(next, 900n, t + 24n * hourMs), 100n);
    assert.equal(lossOf(next, 900n, t + 25n * hourMs), 0n);
  });

  test('close at a share of what the vault was worth before them', () => {
    assert.equal(lossLimit(900n, 100n, 100_000n), 100n);
    assert.equal(lossLimit(0n, 0n, 100_000n), 1n);
    assert.equal(lossLimit(-50n, 20n, 100_000n), 1n);
  });

  test('of a window are what the vault is worth less, whatever hours it passed', () => {
    fc.assert(
      fc.property(fc.array(amount(10n ** 12n), { minLength: 1, maxLength: 20 }), (path) => {
        let state: Results = { results: [], base: path[0]! };
        path.forEach((worth, index) => {
          state = endHour(state, 472_222n + BigInt(index), worth, t + BigInt(index + 1) * hourMs);
        });
        const last = path.at(-1)!;
        const lost = path[0]! - last;
        assert.equal(lossOf(state, last, t + BigInt(path.length) * hourMs), lost > 0n ? lost : 0n);
      }),
      { numRuns: runs },
    );
  });
});

test('parameters stay within their bounds, and a refusal names the one at fault', () => {
  validateParams(defaultParams);
  for (const [changes, text] of [
    [{ inventoryInterestPpm: 50_001 }, /inventory_interest_ppm: 50001; expected 0 to 50000/],
    [{ marketLossPpm: 100_001 }, /market_loss_ppm: 100001; expected 1 to 100000/],
    [{ leastHealthPpm: 700_000 }, /least_health_ppm/],
    [{ minDeposit: '0' }, /min_deposit/],
    [{ cooldownMs: 1n }, /cooldown_ms/],
  ] as const)
    assert.throws(() => validateParams({ ...defaultParams, ...changes }), text);
});
