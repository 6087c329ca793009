import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromUnits, toUnits, usdc } from './amounts.js';

test('decimals become integers of the unit and nothing is rounded', () => {
  assert.equal(toUnits('0.25', -8), 25_000_000n);
  assert.equal(toUnits('-1', -2), -100n);
  assert.equal(usdc('1000'), 1_000_000_000n);
  assert.equal(toUnits('1500', 2), 15n);
  assert.throws(() => toUnits('0.123456789', -8), /more decimal places/);
  for (const text of ['', '1e5', 'abc', '1.', '.5', ' 1']) assert.throws(() => toUnits(text, -8), /not a decimal/);
});

test('there and back is the same', () => {
  assert.equal(fromUnits(25_000_000n, -8), '0.25');
  assert.equal(fromUnits(-100n, -2), '-1');
  assert.equal(fromUnits(15n, 2), '1500');
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(1n << 90n), max: 1n << 90n }),
      fc.integer({ min: -20, max: 6 }),
      (value, exponent) => {
        assert.equal(toUnits(fromUnits(value, exponent), exponent), value);
      },
    ),
  );
});
