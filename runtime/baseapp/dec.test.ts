import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decFromText,
  decMul,
  decMulTruncate,
  decOf,
  decQuo,
  decQuoRoundUp,
  decQuoTruncate,
  decToText,
  type Dec,
} from './dec.js';
import { isoTime, msOfProtoTime, protoTimeOf } from './time.js';

const dec = decFromText;

describe('decimals of 18 places', () => {
  const table: readonly (readonly [name: string, got: Dec, expected: string])[] = [
    ['a half rounds to even, down', decMul(decOf(5n), dec('0.1')), '0'],
    ['a half rounds to even, up', decMul(decOf(15n), dec('0.1')), '0.000000000000000002'],
    ['more than a half rounds up', decMul(decOf(6n), dec('0.1')), '0.000000000000000001'],
    ['a negative half rounds to even', decMul(decOf(-15n), dec('0.1')), '-0.000000000000000002'],
    ['truncation forgets', decMulTruncate(decOf(19n), dec('0.1')), '0.000000000000000001'],
    ['a quotient rounds', decQuo(dec('2'), dec('3')), '0.666666666666666667'],
    ['a quotient truncates', decQuoTruncate(dec('2'), dec('3')), '0.666666666666666666'],
    ['a quotient rounds up', decQuoRoundUp(dec('1'), dec('3')), '0.333333333333333334'],
    ['an exact quotient stays', decQuoRoundUp(dec('1'), dec('4')), '0.25'],
  ];
  for (const [name, got, expected] of table) {
    test(name, () => assert.equal(decToText(got), decToText(dec(expected))));
  }
});

describe('times', () => {
  for (const text of [
    '1970-01-01T00:00:00Z',
    '2000-02-29T23:59:59Z',
    '2023-11-14T22:13:20.05Z',
    '2100-03-01T00:00:00.001Z',
    '9999-12-31T23:59:59Z',
  ]) {
    test(`${text} is written as it is read`, () => {
      const ms = BigInt(Date.parse(text));
      assert.equal(isoTime(ms), text);
      assert.equal(msOfProtoTime(protoTimeOf(ms)), ms);
    });
  }
});
