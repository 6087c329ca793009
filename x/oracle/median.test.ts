import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { weightedMedian, type WeightedPrice } from './median.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');

const of = (...reports: readonly (readonly [price: bigint, power: bigint])[]): bigint | undefined =>
  weightedMedian(reports.map(([price, power]) => ({ price, power })));

describe('the lower weighted median', () => {
  const table: readonly (readonly [what: string, found: bigint | undefined, expected: bigint | undefined])[] = [
    ['of nothing is nothing', of(), undefined],
    ['of one report is its price', of([7n, 3n]), 7n],
    ['of an odd number of equals is the middle one', of([5n, 1n], [9n, 1n], [1n, 1n]), 5n],
    ['of an even number of equals is the lower middle one', of([4n, 1n], [1n, 1n], [3n, 1n], [2n, 1n]), 2n],
    ['goes by power, not by count', of([1n, 1n], [2n, 1n], [3n, 1n], [9n, 4n]), 9n],
    ['of exactly half the power is the lower price', of([1n, 50n], [100n, 50n]), 1n],
    ['needs one unit more than half to go up', of([1n, 49n], [100n, 50n]), 100n],
    ['adds up the power of equal prices', of([5n, 2n], [1n, 3n], [5n, 2n]), 5n],
    ['has no bound of 64 bits on the power', of([1n, 1n << 62n], [2n, 1n << 62n], [3n, 1n << 62n]), 2n],
  ];
  for (const [what, found, expected] of table) test(what, () => assert.equal(found, expected));

  const report = fc.record({
    price: fc.bigInt({ min: 1n, max: (1n << 62n) - 1n }),
    power: fc.bigInt({ min: 1n, max: 1n << 50n }),
  });
  const reports = fc.array(report, { minLength: 1, maxLength: 30 });
  const powerOf = (some: readonly WeightedPrice[]): bigint => some.reduce((sum, { power }) => sum + power, 0n);

  test('does not depend on the order of the reports', () => {
    fc.assert(
      fc.property(
        reports.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
        ),
        ([all, shuffled]) => assert.equal(weightedMedian(shuffled), weightedMedian(all)),
      ),
      { numRuns: runs },
    );
  });

  test('is a reported price with at least half of the power at or below and less than half strictly below', () => {
    fc.assert(
      fc.property(reports, (all) => {
        const median = weightedMedian(all)!;
        const total = powerOf(all);
        assert.ok(all.some(({ price }) => price === median));
        assert.ok(2n * powerOf(all.filter(({ price }) => price <= median)) >= total);
        assert.ok(2n * powerOf(all.filter(({ price }) => price < median)) < total);
      }),
      { numRuns: runs },
    );
  });

  test('does not change when a validator splits its power over several reports', () => {
    fc.assert(
      fc.property(reports, fc.nat(), (all, pick) => {
        const at = pick % all.length;
        const { price, power } = all[at]!;
        const parts = [
          { price, power: power / 2n },
          { price, power: power - power / 2n },
        ];
        assert.equal(weightedMedian([...all.slice(0, at), ...parts, ...all.slice(at + 1)]), weightedMedian(all));
      }),
      { numRuns: runs },
    );
  });

  test('breakdown point: liars with less than half of the power cannot leave the range of honest prices', () => {
    fc.assert(
      fc.property(reports, reports, (honest, liars) => {
        fc.pre(powerOf(liars) < powerOf(honest));
        const median = weightedMedian([...liars, ...honest])!;
        const prices = honest.map(({ price }) => price).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        assert.ok(median >= prices[0]! && median <= prices.at(-1)!);
      }),
      { numRuns: runs },
    );
  });

  test('breakdown point: liars with exactly half can move it down, never up', () => {
    fc.assert(
      fc.property(reports, (honest) => {
        const power = powerOf(honest);
        const highest = honest.reduce((most, { price }) => (price > most ? price : most), 0n);
        assert.equal(weightedMedian([...honest, { price: 0n, power }]), 0n);
        assert.ok(weightedMedian([...honest, { price: 1n << 63n, power }])! <= highest);
      }),
      { numRuns: runs },
    );
  });
});
