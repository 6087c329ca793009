import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatDecimal, one, parseDecimal, type Decimal } from '../decimal.js';
import { consensus, type Voice } from './consensus.js';
import { median, medianDeviation } from './median.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 500);
const d = (text: string): Decimal => parseDecimal(text) as Decimal;
const voices = (...prices: readonly string[]): Voice[] =>
  prices.map((price, index) => ({ provider: `p${index}`, price: d(price) }));
const rules = { minProviders: 3, maxDeviationPpm: 30_000 };

describe('a median', () => {
  const cases: readonly (readonly [values: readonly string[], middle: string, deviation: string])[] = [
    [['5'], '5', '0'],
    [['1', '3'], '2', '1'],
    [['3', '1', '2'], '2', '1'],
    [['1', '2', '3', '1000'], '2.5', '1'],
    [['10', '10', '10', '99'], '10', '0'],
  ];
  for (const [values, middle, deviation] of cases)
    test(`of ${values.join(', ')} is ${middle}, and the deviation ${deviation}`, () => {
      const found = median(values.map(d))!;
      assert.equal(formatDecimal(found), middle);
      assert.equal(formatDecimal(medianDeviation(values.map(d), found)), deviation);
    });
  test('of nothing is nothing', () => assert.equal(median([]), undefined));
});

describe('the agreed price', () => {
  const cases: readonly (readonly [
    what: string,
    prices: readonly string[],
    price: string | RegExp,
    outliers?: readonly string[],
    dispersionPpm?: bigint,
  ])[] = [
    ['of providers that agree is their median', ['100', '101', '99'], '100', [], 10_000n],
    ['leaves out one 50 % too high', ['100', '100.1', '99.9', '150'], '100', ['150']],
    ['leaves out one 50 % too low', ['100', '100.1', '99.9', '50'], '100', ['50']],
    ['leaves out a thousandfold', ['100', '100', '100', '100000'], '100', ['100000'], 0n],
    ['keeps one exactly at the bound of 3 %', ['100', '100', '100', '103'], '100', []],
    ['leaves out one just beyond it', ['100', '100', '100', '103.0001'], '100', ['103.0001']],
    [
      'keeps a wide but even spread: 5 deviations of 1 % reach farther than 3 %',
      ['99', '100', '101', '104.9'],
      '100.5',
      [],
    ],
    ['needs the minimum before', ['100', '100'], /too_few: 2 of at least 3 providers/],
    ['needs the minimum after', ['100', '100', '150'], /too_few: 2 of at least 3 providers, 1 outliers/],
    ['is none between two halves', ['100', '100', '150', '150'], /disagreement: 4 providers are 200000 ppm apart/],
    ['is none of nothing', [], /too_few: 0 of/],
  ];
  for (const [what, prices, expected, outliers, dispersion] of cases)
    test(what, () => {
      const found = consensus(voices(...prices), rules);
      if (expected instanceof RegExp) {
        assert.equal(found.price, undefined);
        assert.match(`${(found as { fault: string }).fault}: ${(found as { detail: string }).detail}`, expected);
        return;
      }
      assert.ok(found.price !== undefined);
      assert.equal(formatDecimal(found.price), expected);
      assert.deepEqual(
        found.outliers.map(({ price }) => formatDecimal(price)),
        outliers,
      );
      if (dispersion !== undefined) assert.equal(found.dispersionPpm, dispersion);
    });

  test('of two providers of which one prints a thousandfold is none, not their mean', () => {
    const found = consensus(voices('100', '100000'), { ...rules, minProviders: 2 });
    assert.equal(found.price, undefined);
  });

  const amount = (low: bigint, high: bigint) => fc.bigInt({ min: low * one, max: high * one });

  test('stays in the range of honest providers, whatever fewer than half say', () => {
    const world = fc
      .record({
        honest: fc.array(amount(59_900n, 60_100n), { minLength: 4, maxLength: 12 }),
        liars: fc.array(amount(1n, 10n ** 15n), { maxLength: 11 }),
        seed: fc.nat(),
      })
      .filter(({ honest, liars }) => liars.length < honest.length);
    fc.assert(
      fc.property(world, ({ honest, liars, seed }) => {
        const all = [...honest, ...liars].map((price, index) => ({ provider: `p${index}`, price }));
        // The order of providers must not matter.
        const turned = all.map((_, index) => all[(index + seed) % all.length]!);
        const found = consensus(turned, { minProviders: honest.length, maxDeviationPpm: 30_000 });
        assert.deepEqual(found.price, consensus(all, { minProviders: honest.length, maxDeviationPpm: 30_000 }).price);
        assert.ok(found.price !== undefined, 'liars cannot silence honest providers that agree');
        const low = honest.reduce((a, b) => (a < b ? a : b));
        const high = honest.reduce((a, b) => (a > b ? a : b));
        assert.ok(found.price >= low && found.price <= high, formatDecimal(found.price));
      }),
      { numRuns },
    );
  });

  test('uses no provider farther than the bound, and leaves out none within it', () => {
    fc.assert(
      fc.property(fc.array(amount(90n, 110n), { minLength: 1, maxLength: 12 }), (prices) => {
        const all = prices.map((price, index) => ({ provider: `p${index}`, price }));
        const found = consensus(all, { minProviders: 1, maxDeviationPpm: 30_000 });
        if (found.price === undefined) return;
        assert.equal(found.used.length + found.outliers.length, all.length);
        assert.ok(found.dispersionPpm <= 30_000n + 1n);
        const middle = median(prices)!;
        const within = (price: Decimal): boolean => {
          const off = price > middle ? price - middle : middle - price;
          return off * 1_000_000n <= middle * 30_000n || off <= 5n * medianDeviation(prices, middle);
        };
        for (const { price } of found.used) assert.ok(within(price));
      }),
      { numRuns },
    );
  });
});
