import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ppb, quote } from '../types.js';
import { depthCap, followCap } from './open-interest-cap.js';

const day = 86_400_000n;

test('the cap is the floor times a hundred times the depth: 10 % and 200,000 USD make 2,000,000 USDC', () => {
  assert.equal(depthCap(200_000n, ppb(100_000_000n)), 2_000_000_000_000n);
  assert.equal(depthCap(0n, ppb(100_000_000n)), 0n);
});

test('at the cap the best push of a linear book is the floor: gain less cost is largest there', () => {
  const depth = 200_000n;
  const floorPpm = 100_000n;
  const cap = depthCap(depth, ppb(floorPpm * 1_000n));
  // Gain OI * x less cost S * x^2 / 2 with S = 100 * depth, x in ppm.
  const profit = (x: bigint): bigint => cap * x * 1_000_000n - (100n * depth * 1_000_000n * x * x) / 2n;
  assert.ok(profit(floorPpm) > profit(floorPpm - 1n) && profit(floorPpm) > profit(floorPpm + 1n));
});

test('the cap falls at once and rises by 5 % a day', () => {
  const first = followCap(undefined, quote(1_000n), 3n * day);
  assert.deepEqual(first, { cap: 1_000n, day: 3n });
  const fallen = followCap(first, quote(600n), 3n * day + 1n);
  assert.deepEqual(fallen, { cap: 600n, day: 3n });
  assert.deepEqual(followCap(fallen, quote(1_000n), 4n * day - 1n), fallen);
  const risen = followCap(fallen, quote(1_000n), 4n * day);
  assert.deepEqual(risen, { cap: 630n, day: 4n });
  assert.deepEqual(followCap(risen, quote(640n), 9n * day), { cap: 640n, day: 9n });
});
