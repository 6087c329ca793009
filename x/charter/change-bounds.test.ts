import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../runtime/codec/types.js';
import { beyond, changeBounds, numbersOf, type FieldRules } from './change-bounds.js';

/** Fields of a new value that a change is refused for. */
const refused = (past: readonly JsonValue[], after: JsonValue, rules: FieldRules = {}): string[] =>
  beyond(after, changeBounds(past, rules), rules).map(({ field }) => field);

describe('INV-G2 a quarter in seven days (risk-model section 16)', () => {
  for (const [what, past, after, expected, rules] of [
    ['a quarter up', [{ a: 400 }], { a: 500 }, [], {}],
    ['more than a quarter up', [{ a: 400 }], { a: 501 }, ['a'], {}],
    ['a quarter down', [{ a: 400 }], { a: 300 }, [], {}],
    ['more than a quarter down', [{ a: 400 }], { a: 299 }, ['a'], {}],
    ['measured from every value of the week', [{ a: 500 }, { a: 400 }], { a: 510 }, ['a'], {}],
    ['and back the same way', [{ a: 500 }, { a: 400 }], { a: 374 }, ['a'], {}],
    ['small numbers move by one', [{ a: 3 }], { a: 4 }, [], {}],
    ['but not by two', [{ a: 3 }], { a: 5 }, ['a'], {}],
    ['negative numbers likewise', [{ a: -400 }], { a: -501 }, ['a'], {}],
    ['64 bits and more as text', [{ a: '1000000000000' }], { a: '1250000000001' }, ['a'], {}],
    ['nested', [{ rates: { k: 8 } }], { rates: { k: 11 } }, ['rates.k'], {}],
    ['durations', [{ timelock: '259200s' }], { timelock: '194399s' }, ['timelock'], {}],
    ['durations within', [{ timelock: '259200s' }], { timelock: '194400s' }, [], {}],
    ['switches and names are no numbers', [{ on: false, kind: 'KIND_A' }], { on: true, kind: 'KIND_B' }, [], {}],
    ['what was not there before', [{}], { a: 5 }, [], {}],
    ['free fields', [{ x: [{ id: 3 }] }], { x: [{ id: 9 }] }, [], { free: ['x[].id'] }],
    ['from none', [{ floor: 0 }], { floor: 50_000 }, [], { zeroIsNone: ['floor'] }],
    ['to none', [{ floor: 50_000 }], { floor: 0 }, [], { zeroIsNone: ['floor'] }],
    ['not by way of none', [{ floor: 0 }, { floor: 50_000 }], { floor: 90_000 }, ['floor'], { zeroIsNone: ['floor'] }],
    ['a cap may fall', [{ cap: '1000' }], { cap: '1' }, [], { mayFall: ['cap'] }],
    ['and not rise', [{ cap: '1000' }], { cap: '1251' }, ['cap'], { mayFall: ['cap'] }],
  ] as const)
    test(what, () =>
      assert.deepEqual(refused(past as unknown as JsonValue[], after as unknown as JsonValue, rules), expected),
    );

  test('numbers are found by their path', () => {
    const found = numbersOf({ a: 1, b: { c: '22', d: [3, { e: '-4' }] }, f: 'text', g: true, h: null, i: '1.5s' });
    assert.deepEqual(
      [...found],
      [
        ['a', 1n],
        ['b.c', 22n],
        ['b.d[0]', 3n],
        ['b.d[1].e', -4n],
        ['i', 1_500_000_000n],
      ],
    );
  });

  test('INV-G2 in however many steps, no number ends the week more than a quarter from where it was at any time of it', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 2_000_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 1_000_000 }), steps, (start, wanted) => {
        const week: number[] = [start];
        for (const value of wanted)
          if (
            refused(
              [...week].reverse().map((a) => ({ a })),
              { a: value },
            ).length === 0
          )
            week.push(value);
        const last = week.at(-1)!;
        for (const each of week) assert.ok(Math.abs(last - each) <= Math.max(1, each / 4));
      }),
    );
  });
});
