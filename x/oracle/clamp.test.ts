import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { billion } from '../../runtime/math/integers.js';
import { clampPrice, clampWidth, type ClampState } from './clamp.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const calm = (price: bigint): ClampState => ({ price, clampedBlocks: 0, variance: 0n });
const floors = [10_000, 20_000, 30_000, 50_000] as const;

/** Prices and counts of a path of medians. */
function walk(start: bigint, medians: readonly bigint[], floorPpm: number): ClampState[] {
  const states = [calm(start)];
  for (const raw of medians) states.push(clampPrice(states.at(-1)!, raw, floorPpm));
  return states.slice(1);
}

describe('the clamp', () => {
  test('lets a move within the floor pass', () => {
    assert.deepEqual(
      walk(1_000_000n, [1_010_000n, 1_000_000n], 10_000).map(({ price, clampedBlocks }) => [price, clampedBlocks]),
      [
        [1_010_000n, 0],
        [1_000_000n, 0],
      ],
    );
  });

  test('takes in a fall of 25 % in five blocks of class A, wider as the moves themselves raise the deviation', () => {
    const path = walk(1_000_000n, Array<bigint>(6).fill(750_000n), 10_000);
    assert.deepEqual(
      path.map(({ price, clampedBlocks }) => [price, clampedBlocks]),
      [
        [990_000n, -1],
        [970_200n, -2],
        [931_392n, -3],
        [856_044n, -4],
        [750_000n, 0],
        [750_000n, 0],
      ],
    );
  });

  test('counts anew when the direction turns', () => {
    const turned = clampPrice({ price: 1_000_000n, clampedBlocks: 3, variance: 0n }, 500_000n, 10_000);
    assert.deepEqual([turned.price, turned.clampedBlocks], [990_000n, -1]);
  });

  test('is wider in a market that moves: six deviations of a block', () => {
    // A deviation of 0.5 % is 5,000,000 ppb.
    assert.equal(clampWidth({ price: 1n, clampedBlocks: 0, variance: 25_000_000_000_000n }, 10_000, 1), 30_000_000n);
  });

  test('of zero lets everything pass', () => {
    assert.equal(clampPrice(calm(1_000n), 1n, 0).price, 1n);
  });

  test('moves the smallest price too', () => {
    assert.deepEqual(
      walk(1n, [5n, 5n, 5n, 5n, 5n], 50_000).map(({ price }) => price),
      [2n, 3n, 5n, 5n, 5n],
    );
    assert.equal(clampPrice(calm(2n), 1n, 10_000).price, 1n);
  });

  const state = fc.record({
    price: fc.bigInt({ min: 1n, max: (1n << 62n) - 1n }),
    clampedBlocks: fc.integer({ min: -9, max: 9 }),
    variance: fc.bigInt({ min: 0n, max: billion * billion }),
  });

  test('INV-O1 a block moves the price by no more than c_n, and by at least one unit', () => {
    fc.assert(
      fc.property(
        state,
        fc.bigInt({ min: 1n, max: (1n << 62n) - 1n }),
        fc.constantFrom(...floors),
        (before, raw, floor) => {
          const after = clampPrice(before, raw, floor);
          const direction = raw > before.price ? 1 : -1;
          const moved = direction > 0 ? after.price - before.price : before.price - after.price;
          const reach = (before.price * clampWidth(before, floor, direction)) / billion;
          assert.ok(moved >= 0n && moved <= (reach > 1n ? reach : 1n), `${moved} of ${reach}`);
          assert.ok(after.price > 0n);
          assert.ok(raw === before.price || moved > 0n);
          assert.equal(after.price === raw, after.clampedBlocks === 0);
          assert.ok(after.variance >= 0n && after.variance <= billion * billion);
        },
      ),
      { numRuns: runs },
    );
  });

  test('INV-O2 after a gap of up to 30 floors a constant median is accepted within six blocks', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1_000n, max: 1n << 60n }),
        fc.constantFrom(...floors),
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        (price, floor, share) => {
          // A share of 30 floors, but never below a tenth of the price: downwards the steps compound.
          const gap = (price * BigInt(floor) * 30n * BigInt(share)) / 1_000_000_000_000n;
          const raw = price + (gap < -(price * 6n) / 10n ? -(price * 6n) / 10n : gap);
          assert.equal(walk(price, Array<bigint>(6).fill(raw), floor).at(-1)!.price, raw);
        },
      ),
      { numRuns: runs },
    );
  });
});
