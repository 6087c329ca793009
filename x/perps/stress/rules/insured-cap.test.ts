import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ppb, quote } from '../../types.js';
import { behind, circulationCap, insuredCap, type Backing } from './insured-cap.js';

const usdc = 1_000_000n;
const backing = (changes: Partial<Backing> = {}): Backing => ({
  class: 'A',
  own: 1_000_000n * usdc,
  shared: 0n,
  target: 0n,
  maintenanceRate: ppb(20_000_000n),
  openInterest: quote(50_000_000n * usdc),
  uninsured: 0n,
  ...changes,
});
const millions = (value: bigint): bigint => value / (1_000_000n * usdc);

describe('the open interest that insurance carries', () => {
  const table: readonly (readonly [string, Partial<Backing>, bigint])[] = [
    // 1,000,000 / 2 / (15 % * (12 % - 2 %)).
    ['1,000,000 behind class A at 2 % carry 33 million', {}, 33n],
    ['a quarter of the class tranche counts', { shared: 4_000_000n * usdc }, 66n],
    ['class D has nothing but its own', { class: 'D', shared: 4_000_000n * usdc, maintenanceRate: ppb(100_000_000n) }, 5n],
    ['nothing carries nothing', { own: 0n }, 0n],
    ['but never less than what may be uninsured', { own: 0n, uninsured: 100_000_000n * usdc }, 100n],
    ['under half of the target open interest stays where it is', { target: 2_000_001n * usdc, openInterest: quote(20_000_000n * usdc) }, 20n],
    ['at half of the target it may grow', { target: 2_000_000n * usdc, openInterest: quote(20_000_000n * usdc) }, 33n],
    ['what is uninsured may grow whatever the target', { target: 1n << 90n, openInterest: quote(1n), uninsured: 9_000_000n * usdc }, 9n],
  ]; // prettier-ignore
  for (const [name, changes, wanted] of table)
    test(name, () => assert.equal(millions(insuredCap(backing(changes))), wanted));

  test('grows with what is behind, and with the maintenance rate', () => {
    assert.ok(insuredCap(backing({ own: 2n })) >= insuredCap(backing({ own: 1n })));
    assert.ok(insuredCap(backing({ maintenanceRate: ppb(25_000_000n) })) > insuredCap(backing()));
    assert.equal(behind({ class: 'B', own: 10n, shared: 7n }), 11n);
  });
});

test('2 % of what circulates bounds class C and D, where it is known', () => {
  assert.equal(circulationCap('C', 50_000_000n), quote(1_000_000n * usdc));
  assert.equal(circulationCap('D', 0n), undefined);
  assert.equal(circulationCap('A', 50_000_000n), undefined);
});
