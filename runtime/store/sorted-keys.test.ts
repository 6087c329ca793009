import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SortedKeys } from './sorted-keys.js';

const key = fc.stringMatching(/^[a-f]{1,4}$/);

test('a slice is what sorting and filtering all keys gives, however they came', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(key, { maxLength: 60 }), { maxLength: 12 }),
      key,
      fc.option(key),
      (batches, start, end) => {
        const keys = new SortedKeys();
        const all = new Set<string>();
        for (const batch of batches) {
          const fresh = [...new Set(batch)].filter((each) => !all.has(each));
          for (const each of fresh) all.add(each);
          keys.addAll(fresh);
          const expected = [...all].sort().filter((each) => each >= start && (end === null || each < end));
          assert.deepEqual(keys.slice(start, end ?? undefined), expected);
          assert.equal(keys.size, all.size);
        }
      },
    ),
    { numRuns: Number(process.env['PLIMSOLL_FC_RUNS'] ?? 100) },
  );
});

test('thousands of keys that come one by one stay in order', () => {
  const keys = new SortedKeys();
  const all: string[] = [];
  for (let i = 0; i < 5_000; i++) {
    const each = String.fromCharCode((i * 7_919) % 251, (i * 104_729) % 241, i >>> 8, i & 255);
    all.push(each);
    keys.addAll([each]);
  }
  assert.deepEqual(keys.slice('', undefined), all.sort());
});
