import { fdiv, max, min } from '../../../runtime/math/integers.js';
import { fundClasses, type ByClass, type FundClass } from './types.js';

/**
 * How much of what each class wants may leave: no class more than its own
 * bucket holds, all together no more than the bucket of all, pro-rata when
 * that is less than all want. Accounts without a position draw on the bucket
 * of all only. Rounded down, so the grants never exceed a bucket.
 * risk-model section 14.5. O(classes).
 */
export function grant(wanted: ByClass, classAvailable: ByClass, available: bigint): ByClass {
  const asked = new Map<FundClass, bigint>();
  let sum = 0n;
  for (const each of fundClasses) {
    const want = wanted.get(each) ?? 0n;
    const most = each === 'none' ? want : min(want, classAvailable.get(each) ?? 0n);
    asked.set(each, max(0n, most));
    sum += max(0n, most);
  }
  if (sum <= available) return asked;
  for (const [each, amount] of asked) asked.set(each, fdiv(amount * max(0n, available), sum));
  return asked;
}

/** One withdrawal's part of what its class was granted, rounded down: the same share for everybody, whoever came first or paid more. */
export const partOf = (value: bigint, granted: bigint, wanted: bigint): bigint =>
  granted >= wanted ? value : fdiv(value * granted, wanted);

/** Smallest units of an asset that a part of its value stands for, rounded down; all of it for the whole value. */
export const unitsOf = (amount: bigint, part: bigint, value: bigint): bigint =>
  part >= value ? amount : fdiv(amount * part, value);
