import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { newDepthUnit, steerDepth } from './depth-unit.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '100');
const minute = 60_000n;
const day = 86_400_000n;
const listed = 50_000_000_000_000n;
const notice = 600_000n;
const start = 20_000n * day;

describe('the depth unit D', () => {
  test('falls by 5 % in the twelve hours after the notice when the market outside is thinner', () => {
    let unit = newDepthUnit(1, listed.toString(), start);
    const at = (ms: bigint): bigint => {
      unit = steerDepth(unit, 10_000_000n, listed, ms, notice);
      return BigInt(unit.now);
    };
    assert.equal(at(start + day - 1n), listed);
    assert.equal(at(start + day), listed, 'announced');
    assert.equal(unit.to, '47500000000000');
    assert.equal(at(start + day + notice), listed, 'the notice is over');
    assert.equal(at(start + day + notice + day / 4n), 48_750_000_000_000n);
    assert.equal(at(start + day + notice + day / 2n), 47_500_000_000_000n);
    at(start + 2n * day);
    assert.equal(unit.to, '45125000000000');
  });

  test('rises by 2 % a day at once, and never above what the listing says', () => {
    let unit = newDepthUnit(1, '40000000000000', start);
    unit = steerDepth(unit, 90_000_000n, listed, start + day, notice);
    assert.deepEqual([unit.startMs, unit.to], [start + day, '40800000000000']);
    unit = newDepthUnit(1, listed.toString(), start);
    unit = steerDepth(unit, 90_000_000n, listed, start + day, notice);
    assert.equal(unit.to, listed.toString());
  });

  test('stops at a hundredth of the listing, and returns to it when nobody knows the depth', () => {
    let unit = newDepthUnit(1, (listed / 100n).toString(), start);
    unit = steerDepth(unit, 1n, listed, start + day, notice);
    assert.equal(unit.to, (listed / 100n).toString());
    unit = steerDepth(unit, 0n, listed, start + 2n * day, notice);
    assert.equal(unit.to, '510000000000');
  });

  test('INV-G1 stays between its bounds, and moves no more than 5 % down or 2 % up a day, whatever is reported', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 3, maxLength: 40 }),
        fc.bigInt({ min: 1n, max: 1_439n }),
        (reports, step) => {
          let unit = newDepthUnit(1, listed.toString(), start);
          let now = start;
          let dayBegan = listed;
          for (const reported of reports) {
            const before = BigInt(unit.now);
            now += step * minute;
            const { day: dayBefore } = unit;
            unit = steerDepth(unit, reported, listed, now, notice);
            if (unit.day !== dayBefore) dayBegan = BigInt(unit.now);
            const value = BigInt(unit.now);
            assert.ok(value <= listed && value >= listed / 100n);
            assert.ok(value * 100n >= dayBegan * 95n - 100n && value * 100n <= dayBegan * 102n);
            // A fall that nobody was told of the notice before does not happen.
            if (value < before) assert.ok(now > unit.startMs || unit.day !== dayBefore);
          }
        },
      ),
      { numRuns: runs },
    );
  });
});
