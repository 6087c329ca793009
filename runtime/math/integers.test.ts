import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { abs, cdiv, clamp, fdiv, isqrtUp, max, min } from './integers.js';

test('division rounds as its name says, for every combination of signs', () => {
  assert.deepEqual([fdiv(7n, 2n), fdiv(-7n, 2n), fdiv(7n, -2n), fdiv(-7n, -2n)], [3n, -4n, -4n, 3n]);
  assert.deepEqual([cdiv(7n, 2n), cdiv(-7n, 2n), cdiv(7n, -2n), cdiv(-7n, -2n)], [4n, -3n, -3n, 4n]);
  fc.assert(
    fc.property(
      fc.bigInt({ min: -1n << 100n, max: 1n << 100n }),
      fc.bigInt({ min: -1n << 60n, max: 1n << 60n }),
      (a, b) => {
        fc.pre(b !== 0n);
        const [low, high] = [fdiv(a, b), cdiv(a, b)];
        assert.ok(high - low === (a % b === 0n ? 0n : 1n));
        const sign = b < 0n ? -1n : 1n;
        assert.ok(low * b * sign <= a * sign && high * b * sign >= a * sign);
      },
    ),
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

test('least, largest, absolute and clamped values', () => {
  assert.deepEqual([min(-2n, 1n), max(-2n, 1n), abs(-2n), abs(2n)], [-2n, 1n, 2n, 2n]);
  assert.deepEqual([clamp(-9n, -1n, 1n), clamp(9n, -1n, 1n), clamp(0n, -1n, 1n)], [-1n, 1n, 0n]);
});
