import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ppm } from '../types.js';
import { loadingOf, unexplained } from './loading.js';

test('what the factors leave is idiosyncratic, rounded down', () => {
  const at = (...rho: readonly bigint[]): bigint => loadingOf(1, rho.map(ppm)).idiosyncratic;
  assert.equal(at(), 1_000_000n);
  assert.equal(at(600_000n), 800_000n);
  assert.equal(at(-600_000n), 800_000n);
  assert.equal(at(950_000n), 312_249n);
  assert.equal(at(800_000n, 500_000n), 331_662n);
  assert.deepEqual(unexplained(7), loadingOf(-7, []));
});

test('factors explain at most 0.95 squared', () => {
  assert.throws(() => loadingOf(1, [ppm(950_001n)]), RangeError);
  assert.throws(() => loadingOf(1, [ppm(700_000n), ppm(700_000n)]), RangeError);
});
