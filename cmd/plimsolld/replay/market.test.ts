import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { scaleDecimal } from '../../../x/oracle/decimal.js';
import { validateMarket } from '../../../x/perps/params.js';
import type { PriceFile } from './inputs.js';
import { marketFor } from './market.js';

function fileOf(...prices: readonly string[]): PriceFile {
  const bars = prices.map((price, index) => ({
    timeMs: index * 60_000,
    open: price,
    high: price,
    low: price,
    close: price,
  }));
  return { symbol: 'X-USD', path: 'x.csv', bars, intervalMs: 60_000, digest: '' };
}

const decimal = fc
  .tuple(fc.integer({ min: 1, max: 999_999 }), fc.integer({ min: -10, max: 8 }))
  .map(([digits, exponent]) => `${digits}e${exponent}`);

test('any first price has 12 digits, and the market is one that may be listed', () => {
  fc.assert(
    fc.property(decimal, fc.constantFrom('A', 'B', 'C', 'D'), (first, name) => {
      const market = marketFor(fileOf(first), 1, name);
      validateMarket(market);
      assert.equal(scaleDecimal(first, market.priceExponent)!.toString().length, 12);
    }),
  );
});

test('tick and step fit the whole range of the file: a fall to a millionth, a rise by a hundred', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999 }), fc.constantFrom(1e-6, 1e-3, 1, 100), (first, factor) => {
      const later = first * factor;
      const market = marketFor(fileOf(String(first), later.toExponential()), 1, 'A');
      const lowest = scaleDecimal(String(Math.min(first, later).toExponential()), market.priceExponent)!;
      const highest = scaleDecimal(String(Math.max(first, later).toExponential()), market.priceExponent)!;
      assert.ok(market.tickSize * 10_000n <= lowest || market.tickSize === 1n, 'a tick is at most one basis point');
      assert.ok(market.tickSize * 1_000_000n > lowest, 'and no finer than sense');
      const quoteDivisor = 10n ** BigInt(-(market.baseExponent + market.priceExponent + 6));
      assert.ok((market.stepSize * highest) / quoteDivisor <= 100_000n, 'a step is worth at most ten cents');
      // Ten million dollars of open interest at the lowest price stay within 63 bits of quanta.
      assert.ok((10n ** 13n * quoteDivisor) / lowest < 1n << 63n);
    }),
  );
});

test('a path that leaves 62 bits is refused with its file', () => {
  assert.throws(() => marketFor(fileOf('0.00001', '999999999'), 1, 'A'), /x\.csv: prices span more than/);
});
