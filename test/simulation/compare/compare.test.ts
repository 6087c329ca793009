import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareOnce } from './compare.js';
import { cases } from './setup.js';

test('on the same path ours owes nothing, and takes from winners exactly what is needed', async () => {
  const each = cases.find(({ id }) => id === 'alt-vee')!;
  const { ours, static: fixed, queue } = await compareOnce(each, '1', 40);
  assert.equal(ours.badDebt, 0);
  assert.ok(ours.overshoot !== undefined && Math.abs(ours.overshoot - 1) < 1e-4, `overshoot ${ours.overshoot}`);
  // The same leverage, or nothing is compared.
  assert.ok(Math.abs(ours.leverage - fixed.leverage) < 1e-9 && Math.abs(ours.leverage - queue.leverage) < 1e-9);
  assert.ok(ours.liquidated > 0 && fixed.liquidated > 0 && queue.liquidated > 0);
});
