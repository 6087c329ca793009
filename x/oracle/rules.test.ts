import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lowestTenth } from './depth.js';
import { dispersionPpm } from './dispersion.js';
import { judge, offside } from './scoring.js';
import { addStanding, average, type MinuteSum } from './twap.js';

describe('dispersion', () => {
  test('is the weighted median distance, ppm rounded up', () => {
    const reports = [
      { price: 99n, power: 10n },
      { price: 100n, power: 10n },
      { price: 103n, power: 10n },
    ];
    assert.equal(dispersionPpm(reports, 100n), 10_000);
    assert.equal(dispersionPpm([{ price: 3n, power: 1n }], 3n), 0);
    assert.equal(dispersionPpm([{ price: 1_000_001n, power: 1n }], 1_000_000n), 1);
  });

  test('does not heed a third of the power, however far off', () => {
    const reports = [
      { price: 100n, power: 34n },
      { price: 101n, power: 33n },
      { price: 1n << 61n, power: 33n },
    ];
    assert.equal(dispersionPpm(reports, 100n), 10_000);
  });

  test('of reports that agree on nothing has a bound', () => {
    assert.equal(dispersionPpm([{ price: 1n << 61n, power: 1n }], 1n), 4_000_000);
  });
});

describe('the average by time', () => {
  const start: MinuteSum = { minute: 0n, priceMs: 0n, coveredMs: 0n };

  test('weights each price by how long it stood, and closes the minute when the next begins', () => {
    const first = addStanding({ ...start, minute: 10n }, 100n, 600_000n, 610_000n);
    assert.deepEqual(first, { sum: { minute: 10n, priceMs: 1_000_000n, coveredMs: 10_000n }, ended: undefined });
    const second = addStanding(first.sum, 200n, 610_000n, 640_000n);
    const third = addStanding(second.sum, 300n, 640_000n, 660_000n);
    assert.deepEqual(third.ended, { minute: 10n, average: 175n, coveredMs: 40_000n });
    assert.deepEqual(third.sum, { minute: 11n, priceMs: 6_000_000n, coveredMs: 20_000n });
  });

  test('counts an outage as a minute at most', () => {
    assert.equal(addStanding(start, 5n, 0n, 86_400_000n).sum.coveredMs, 60_000n);
    assert.equal(addStanding(start, 5n, 9n, 3n).sum.coveredMs, 0n);
  });

  test('of minutes is rounded down and lies between the least and the largest', () => {
    assert.equal(average([]), 0n);
    assert.equal(
      average([
        { average: 10n, coveredMs: 1n },
        { average: 11n, coveredMs: 1n },
      ]),
      10n,
    );
    const stretch = fc.record({
      average: fc.bigInt({ min: 1n, max: 1n << 62n }),
      coveredMs: fc.bigInt({ min: 1n, max: 60_000n }),
    });
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 30 }), (all) => {
        const prices = all.map((each) => each.average).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        const mean = average(all);
        assert.ok(mean >= prices[0]! && mean <= prices.at(-1)!);
      }),
    );
  });

  test('INV-O3 a push of an hour raises it by no more than its share of 30 minutes', () => {
    // 30 minutes at 1,000, of which the last k are pushed to 1,500.
    for (let pushed = 0; pushed <= 30; pushed++) {
      const minutes = Array.from({ length: 30 }, (_, index) => ({
        average: index >= 30 - pushed ? 1_500n : 1_000n,
        coveredMs: 60_000n,
      }));
      assert.ok(average(minutes) - 1_000n <= (500n * BigInt(pushed)) / 30n);
    }
  });
});

test('the thinnest tenth: one of ten, two of eleven, none of none', () => {
  const upTo = (count: number): bigint[] => Array.from({ length: count }, (_, index) => BigInt(count - index));
  assert.deepEqual(
    [0, 1, 9, 10, 11, 20, 21, 720].map((count) => lowestTenth(upTo(count))),
    [0n, 1n, 1n, 1n, 2n, 2n, 3n, 72n],
  );
});

describe('a report is too far off', () => {
  const table: readonly (readonly [what: string, report: bigint, dispersionPpm: number, side: number])[] = [
    ['beyond half a percent', 1_005_001n, 0, 1],
    ['but not at half a percent', 1_005_000n, 0, 0],
    ['below too', 994_999n, 0, -1],
    ['beyond three dispersions when those are more', 1_030_001n, 10_000, 1],
    ['but not at three dispersions', 970_000n, 10_000, 0],
  ];
  for (const [what, report, dispersion, side] of table) {
    test(what, () => assert.equal(offside(report, 1_000_000n, dispersion), side));
  }
});

describe('a window of 10,000 expected reports', () => {
  const score = (reported: bigint, high: bigint, low: bigint, expected = 10_000n) => ({
    address: new Uint8Array(20),
    expected,
    reported,
    high,
    low,
  });
  const table: readonly (readonly [
    what: string,
    score: ReturnType<typeof score>,
    verdict: [boolean, boolean, number],
  ])[] = [
    ['all good', score(10_000n, 0n, 0n), [false, false, 0]],
    ['5 % off is forgiven', score(10_000n, 250n, 250n), [false, false, 0]],
    ['more than 5 % off earns nothing', score(10_000n, 251n, 250n), [true, false, 0]],
    ['20 % off is not jailed', score(10_000n, 2_000n, 0n), [true, false, 0]],
    ['more than 20 % off is jailed', score(10_000n, 2_001n, 0n), [true, true, 0]],
    ['more than a third off to both sides is not slashed', score(10_000n, 2_000n, 2_000n), [true, true, 0]],
    ['more than a third off to one side is slashed', score(10_000n, 3_600n, 400n), [true, true, 1_000]],
    ['shares are of what was reported', score(5_000n, 0n, 2_000n), [true, true, 1_000]],
    ['half missing is forgiven', score(5_000n, 0n, 0n), [false, false, 0]],
    ['more than half missing is jailed', score(4_999n, 0n, 0n), [true, true, 0]],
    ['nothing reported is jailed', score(0n, 0n, 0n), [true, true, 0]],
    ['too few to judge', score(0n, 0n, 0n, 99n), [false, false, 0]],
  ];
  for (const [what, window, [unrewarded, jailed, slashedPpm]] of table) {
    test(what, () => assert.deepEqual(judge(window), { unrewarded, jailed, slashedPpm }));
  }
});
