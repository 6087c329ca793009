import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import { market } from '../testing/values.js';
import { base, ppm, quote } from '../types.js';
import {
  assertI128,
  assertU63,
  mulPpmDown,
  mulPpmUp,
  notional,
  positionValue,
  quoteAmountDown,
  quoteAmountUp,
} from './index.js';

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
