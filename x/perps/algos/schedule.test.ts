import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextSliceTime, peggedPrice, scaleParts, sliceQuantity, slicesDueAt } from './schedule.js';

const twap = { quantity: 1_000n, filled: 0n, slices: 4, slicesDue: 0, startTimeMs: 10_000n, intervalMs: 2_000n };

test('slices are due at fixed times, and time that passed is not given back', () => {
  assert.deepEqual(
    [9_999n, 10_000n, 11_999n, 12_000n, 16_000n, 99_000n].map((at) => slicesDueAt(twap, at)),
    [0, 1, 1, 2, 4, 4],
  );
  assert.equal(nextSliceTime(twap), 10_000n);
  assert.equal(nextSliceTime({ ...twap, slicesDue: 3 }), 16_000n);
  assert.equal(nextSliceTime({ ...twap, slicesDue: 4 }), undefined);
});

test('a slice brings the whole to its part, in steps, and catches up to three times its size', () => {
  assert.equal(sliceQuantity(twap, 1, 10n), 250n);
  assert.equal(sliceQuantity({ ...twap, filled: 250n }, 2, 10n), 250n);
  assert.equal(sliceQuantity({ ...twap, filled: 100n }, 2, 10n), 400n);
  assert.equal(sliceQuantity(twap, 4, 10n), 750n, 'three slices of 250');
  assert.equal(sliceQuantity({ ...twap, filled: 600n }, 2, 10n), 0n, 'ahead of its schedule');
  // 100 steps in three: 33, 66 and all.
  const thirds = { ...twap, slices: 3 };
  assert.deepEqual(
    [1, 2, 3].map((due) => sliceQuantity({ ...thirds, filled: [0n, 330n, 660n][due - 1]! }, due, 10n)),
    [330n, 330n, 340n],
  );
});

test('slices that all fill add up to the whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 1_000 }), fc.bigInt({ min: 1_000n, max: 1n << 40n }), (slices, steps) => {
      let filled = 0n;
      const quantity = steps * 7n;
      for (let due = 1; due <= slices; due++) {
        const part = sliceQuantity({ ...twap, quantity, slices, filled }, due, 7n);
        assert.equal(part % 7n, 0n);
        filled += part;
      }
      assert.equal(filled, quantity);
    }),
  );
});

test('a pegged order rests on tick at its offset, and not beyond its limit', () => {
  assert.equal(peggedPrice('buy', 60_005n, -100n, 0n, 10n), 59_900n);
  assert.equal(peggedPrice('sell', 60_005n, 100n, 0n, 10n), 60_110n);
  assert.equal(peggedPrice('buy', 60_005n, -100n, 59_000n, 10n), 59_000n);
  assert.equal(peggedPrice('sell', 60_005n, 100n, 61_000n, 10n), 61_000n);
  assert.ok(peggedPrice('buy', 50n, -100n, 0n, 10n) <= 0n);
});

test('a scale keeps its ends, its ticks, its steps and its whole', () => {
  const price = fc.bigInt({ min: 1_000n, max: 1_000_000n });
  fc.assert(
    fc.property(price, price, fc.integer({ min: 2, max: 100 }), price, fc.boolean(), (a, b, orders, steps, rising) => {
      const [first, last] = [a * 10n, b * 10n];
      const parts = scaleParts({ first, last, orders, quantity: steps * 5n, rising }, 10n, 5n);
      assert.equal(parts.length, orders);
      assert.equal(parts[0]!.price, first);
      assert.equal(parts.at(-1)!.price, last);
      assert.equal(
        parts.reduce((sum, { quantity }) => sum + quantity, 0n),
        steps * 5n,
      );
      for (const part of parts) {
        assert.equal(part.price % 10n, 0n);
        assert.equal(part.quantity % 5n, 0n);
        assert.ok(part.quantity >= 0n);
      }
    }),
  );
  assert.deepEqual(
    scaleParts({ first: 100n, last: 130n, orders: 4, quantity: 100n, rising: true }, 10n, 1n).map(
      ({ quantity }) => quantity,
    ),
    [10n, 20n, 30n, 40n],
  );
});
