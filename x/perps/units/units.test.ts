import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import { market, signed } from '../testing/values.js';
import { base, ppm, quote } from '../types.js';
import {
  abs,
  assertI128,
  assertU63,
  cdiv,
  clamp,
  fdiv,
  isqrtUp,
  max,
  min,
  mulPpmDown,
  mulPpmUp,
  notional,
  positionValue,
  quoteAmountDown,
  quoteAmountUp,
} from './index.js';

test('division rounds as its name says, for every combination of signs', () => {
  assert.deepEqual([fdiv(7n, 2n), fdiv(-7n, 2n), fdiv(7n, -2n), fdiv(-7n, -2n)], [3n, -4n, -4n, 3n]);
  assert.deepEqual([cdiv(7n, 2n), cdiv(-7n, 2n), cdiv(7n, -2n), cdiv(-7n, -2n)], [4n, -3n, -3n, 4n]);
  fc.assert(
    fc.property(signed(1n << 100n), signed(1n << 60n), (a, b) => {
      fc.pre(b !== 0n);
      const [low, high] = [fdiv(a, b), cdiv(a, b)];
      assert.ok(high - low === (a % b === 0n ? 0n : 1n));
      const sign = b < 0n ? -1n : 1n;
      assert.ok(low * b * sign <= a * sign && high * b * sign >= a * sign);
    }),
  );
});

test('the square root is the smallest integer whose square reaches', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1n << 200n }), (x) => {
      const root = isqrtUp(x);
      assert.ok(root * root >= x && (root === 0n || (root - 1n) * (root - 1n) < x));
    }),
  );
});

test('INV-U2 notional rounded up and value rounded down differ by at most one', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1n << 62n }), (quantity) => {
      const difference = notional(market(), base(quantity)) - positionValue(market(), base(quantity));
      assert.ok(difference === 0n || difference === 1n);
    }),
  );
});

test('INV-U2 for negative quantities too: the value of a short is rounded away from zero, its notional is as large', () => {
  const view = market({ quoteDivisor: 7n });
  assert.equal(positionValue(view, base(-1n)), -14_286n);
  assert.equal(positionValue(view, base(1n)), 14_285n);
  assert.equal(notional(view, base(-1n)), 14_286n);
  assert.deepEqual([quoteAmountDown(3n, 5n, 7n), quoteAmountUp(3n, 5n, 7n), quoteAmountUp(7n, 5n, 7n)], [2n, 3n, 5n]);
});

test('a rate of an amount rounds as its name says', () => {
  assert.deepEqual([mulPpmUp(quote(3n), ppm(500_000n)), mulPpmDown(quote(3n), ppm(500_000n))], [2n, 1n]);
  assert.deepEqual([mulPpmUp(quote(-3n), ppm(500_000n)), mulPpmDown(quote(-3n), ppm(500_000n))], [-1n, -2n]);
});

test('INV-U1 what does not fit its stored width stops the node, naming the field', () => {
  assertI128((1n << 127n) - 1n, 'cash');
  assertI128(-(1n << 127n), 'cash');
  assert.throws(
    () => assertI128(1n << 127n, 'cash'),
    (error) => error instanceof FatalError && /cash/.test(error.message),
  );
  assert.throws(() => assertI128(-(1n << 127n) - 1n, 'cash'), FatalError);
  assertU63((1n << 63n) - 1n, 'size');
  assertU63(0n, 'size');
  assert.throws(() => assertU63(1n << 63n, 'size'), FatalError);
  assert.throws(
    () => assertU63(-1n, 'size'),
    (error) => error instanceof FatalError && /size/.test(error.message),
  );
});

test('least, largest, absolute and clamped values', () => {
  assert.deepEqual([min(-2n, 1n), max(-2n, 1n), abs(-2n), abs(2n)], [-2n, 1n, 2n, 2n]);
  assert.deepEqual([clamp(-9n, -1n, 1n), clamp(9n, -1n, 1n), clamp(0n, -1n, 1n)], [-1n, 1n, 0n]);
});
