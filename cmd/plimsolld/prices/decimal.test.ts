import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { divideHalfUp, formatDecimal, isDecimal, multiply, one, parseDecimal, ppmUp, type Decimal } from './decimal.js';
import { at, parseJson } from './json.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 500);

describe('a decimal text', () => {
  const read: readonly (readonly [text: string, exact: string])[] = [
    ['27944.70000000', '27944.7'],
    ['0.00000001234', '0.00000001234'],
    ['1.1212023704534914E8', '112120237.04534914'],
    ['5e-5', '0.00005'],
    ['1E+3', '1000'],
    ['51234.123456789012345678', '51234.123456789012345678'],
    // The 19th place is rounded half up.
    ['0.0000000000000000015', '0.000000000000000002'],
    ['1000000000000000', '1000000000000000'],
    ['007', '7'],
  ];
  for (const [text, exact] of read)
    test(`${text} is ${exact}`, () => {
      const parsed = parseDecimal(text);
      assert.ok(isDecimal(parsed), String(parsed));
      assert.equal(formatDecimal(parsed), exact);
    });

  const refused: readonly (readonly [text: string, fault: string])[] = [
    ['NaN', 'not_decimal'],
    ['Infinity', 'not_decimal'],
    ['1e308', 'out_of_range'],
    ['1e-308', 'out_of_range'],
    ['1e99999', 'not_decimal'],
    ['1000000000000000.1', 'out_of_range'],
    ['0.0000000000000000001', 'out_of_range'],
    ['-1', 'not_positive'],
    ['-0', 'not_positive'],
    ['0', 'not_positive'],
    ['0.000', 'not_positive'],
    ['0e5', 'not_positive'],
    ['', 'not_decimal'],
    [' 1', 'not_decimal'],
    ['+1', 'not_decimal'],
    ['1.', 'not_decimal'],
    ['.5', 'not_decimal'],
    ['1,5', 'not_decimal'],
    ['0x10', 'not_decimal'],
    ['1_000', 'not_decimal'],
    ['١', 'not_decimal'],
    ['1'.repeat(81), 'not_decimal'],
  ];
  for (const [text, fault] of refused)
    test(`${JSON.stringify(text.slice(0, 30))} is refused: ${fault}`, () => assert.equal(parseDecimal(text), fault));

  test('is read back as it was written, for all amounts', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 33n }), (value) => {
        assert.equal(parseDecimal(formatDecimal(value)), value);
      }),
      { numRuns },
    );
  });

  test('never makes the reader throw, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.stringMatching(/^[0-9eE+.-]{0,90}$/)), (text) => {
        const parsed = parseDecimal(text);
        if (isDecimal(parsed)) assert.ok(parsed > 0n && parsed <= 10n ** 33n);
      }),
      { numRuns },
    );
  });
});

describe('arithmetic', () => {
  test('is off by half of the last place at most', () => {
    const amount = fc.bigInt({ min: 1n, max: 10n ** 27n });
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const error = 2n * (multiply(a, b) * one - a * b);
        assert.ok(error <= one && error > -one - 1n);
      }),
      { numRuns },
    );
  });

  test('converts BTC-USDT by USDT-USD to the last digit', () => {
    const product = multiply(parseDecimal('60060.06') as Decimal, parseDecimal('0.99912345') as Decimal);
    assert.equal(formatDecimal(product), '60007.414354407');
    assert.equal(divideHalfUp(5n, 2n), 3n);
    assert.equal(ppmUp(1n, 3n), 333_334n);
  });
});

describe('JSON', () => {
  test('keeps numbers as they were written', () => {
    const message = parseJson('{"a":[1.10,1e-7,123456789012345678901234567890,{"b":null,"c":true}]}');
    assert.deepEqual(message, { a: ['1.10', '1e-7', '123456789012345678901234567890', { b: null, c: true }] });
  });

  test('is walked by own keys and indices only', () => {
    const message = parseJson('{"a":{"b":[["x"],["y","z"]]},"list":[1]}');
    const found: readonly (readonly [path: string, value: unknown])[] = [
      ['', message],
      ['a.b[1][0]', 'y'],
      ['a.b[2]', undefined],
      ['a.b.length', undefined],
      ['list.0', undefined],
      ['a[0]', undefined],
      ['constructor', undefined],
      ['a.toString', undefined],
      ['a.b[0][0].c', undefined],
    ];
    for (const [path, value] of found) assert.deepEqual(at(message, path), value, path);
    assert.deepEqual(at(parseJson('[["t",1]]'), '[0][1]'), '1');
  });

  test('that names a key twice, or is too deep, or is none, is refused', () => {
    for (const text of ['{"price":"1","price":"2"}', '{', '', '[1,]', 'NaN', '['.repeat(100_000)])
      assert.throws(() => parseJson(text), Error, text.slice(0, 30));
  });

  test('cannot reach the prototypes of other objects', () => {
    parseJson('{"__proto__":{"polluted":"yes"}}');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.equal(at(parseJson('{"__proto__":{"price":"5"}}'), 'price'), undefined);
  });
});
