import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { market, signed } from '../testing/values.js';
import { base } from '../types.js';
import { cdiv, fdiv, isqrtUp, notional, positionValue } from './index.js';

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
