import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { maxPrice, scaleDecimal } from './decimal.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');

describe('a decimal text becomes an integer of 10^exponent', () => {
  const table: readonly (readonly [text: string, exponent: number, expected: bigint | undefined])[] = [
    ['43538.02', -5, 4_353_802_000n],
    ['43538.02', -2, 4_353_802n],
    ['43538.02', 0, 43_538n],
    ['43538.02', 3, 44n],
    ['0.5', 0, 1n],
    ['0.49', 0, undefined],
    ['1.005', -2, 101n],
    ['1.00499999999999999999', -2, 100n],
    ['0000012.50', -1, 125n],
    ['1e3', 0, 1_000n],
    ['1.5E-3', -4, 15n],
    ['6.9e+2', -1, 6_900n],
    ['0.00000000000000000000001', -23, 1n],
    [(maxPrice - 1n).toString(), 0, maxPrice - 1n],
    [maxPrice.toString(), 0, undefined],
    ['9'.repeat(30), -24, undefined],
    ['1e99', -24, undefined],
    ['1e-99', 6, undefined],
  ];
  for (const [text, exponent, expected] of table) {
    test(`${text} at ${exponent} is ${expected ?? 'no price'}`, () =>
      assert.equal(scaleDecimal(text, exponent), expected));
  }

  const refused = [
    '',
    ' 1',
    '1 ',
    '1\n',
    '+1',
    '-1',
    '1.',
    '.5',
    '1,5',
    '1_000',
    '0x10',
    '1e',
    '1e100',
    'NaN',
    'Infinity',
    '1.2.3',
    '٣',
    '0',
    '0.000',
    '0e50',
    '9'.repeat(31),
  ];
  for (const text of refused) {
    test(`${JSON.stringify(text)} is no price`, () => assert.equal(scaleDecimal(text, -5), undefined));
  }

  test('exact when the exponent has room for every digit', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 999_999_999_999n }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 0, max: 3 }),
        (digits, places, spare) => {
          const padded = digits.toString().padStart(places + 1, '0');
          const cut = padded.length - places;
          const text = places === 0 ? padded : `${padded.slice(0, cut)}.${padded.slice(cut)}`;
          assert.equal(scaleDecimal(text, -(places + spare)), digits * 10n ** BigInt(spare));
        },
      ),
      { numRuns: runs },
    );
  });

  test('otherwise the nearest integer, halves up', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 18n }), fc.integer({ min: 1, max: 18 }), (digits, lost) => {
        const unit = 10n ** BigInt(lost);
        const found = scaleDecimal(`${digits}e-${lost}`, 0) ?? 0n;
        const off = digits - found * unit;
        assert.ok(2n * off < unit && 2n * off >= -unit, `${digits}e-${lost} gave ${found}`);
      }),
      { numRuns: runs },
    );
  });

  test('never throws and never leaves 1 to 2^62 - 1, whatever the text', () => {
    const text = fc.oneof(fc.string({ maxLength: 40 }), fc.stringMatching(/^[0-9.eE+-]{0,40}$/));
    fc.assert(
      fc.property(text, fc.integer({ min: -24, max: 6 }), (input, exponent) => {
        const found = scaleDecimal(input, exponent);
        assert.ok(found === undefined || (found > 0n && found < maxPrice));
      }),
      { numRuns: runs },
    );
  });
});
