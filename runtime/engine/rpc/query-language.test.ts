import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matches, parseQuery } from './query-language.js';

const tags = new Map([
  ['tm.event', ['Tx']],
  ['tx.height', ['12']],
  ['a.text', ['x', 'it is long']],
  ['a.coin', ['8uusdc']],
  ['a.ratio', ['1.2']],
  ['a.time', ['2026-01-01T01:00:00+01:00']],
]);

const answers: readonly [string, boolean][] = [
  ["tm.event = 'Tx'", true],
  ["tm.event='NewBlock'", false],
  ["tm.event = 'Tx' AND tx.height = 12", true],
  ["tm.event = 'Tx' AND tx.height = 13", false],
  ['tx.height > 11', true],
  ['tx.height > 12', false],
  ['tx.height >= 12', true],
  ['tx.height < 12', false],
  ['tx.height <= 12', true],
  ["a.text = 'x'", true],
  ["a.text CONTAINS 'long'", true],
  ["a.text CONTAINS 'short'", false],
  ['a.text EXISTS', true],
  ['a.other EXISTS', false],
  ['a.text > 3', false],
  ['a.coin >= 8', true],
  ['a.ratio = 1', false],
  ['a.ratio > 1', true],
  ['a.ratio < 2', true],
  ['a.time = TIME 2026-01-01T00:00:00Z', true],
  ['a.time > DATE 2025-12-31', true],
  ['a.time < DATE 2026-01-01', false],
  ['a.text = DATE 2026-01-01', false],
];

for (const [query, expected] of answers) {
  test(`${query} is ${expected}`, () => assert.equal(matches(parseQuery(query), tags), expected));
}

for (const query of [
  '',
  '=',
  'a',
  'a.b =',
  'a.b = 1 OR a.b = 2',
  'a.b CONTAINS 3',
  "a.b = 'open",
  'a.b = 1 AND',
  'a.b > 1.5',
  'a.b > DATE 9999',
  'a.b = DATE 2026-02-30',
  'a.b = TIME 2026-01-01',
]) {
  test(`${JSON.stringify(query)} is refused`, () => assert.throws(() => parseQuery(query)));
}

test('a query over 512 bytes is refused', () => {
  assert.throws(() => parseQuery(`a.b = '${'x'.repeat(512)}'`), /512/);
});
