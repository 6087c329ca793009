import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { maxDecimal } from '../decimal.js';
import { at, parseJson, type Json } from '../json.js';
import { parsePair, venueSymbol } from '../pair.js';
import { meaningOf } from '../transport/frame.js';
import { providers } from './index.js';
import type { Check, Rows } from './description.js';
import { readBook, readRows, type Reading } from './read.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 200);
const now = 1_700_000_000_000;

const hostile = [
  '1e308',
  '-1',
  '0',
  'NaN',
  'Infinity',
  '',
  '1e-400',
  '60000.5',
  '60001',
  `${now}`,
  `${now / 1_000}`,
  '2023-06-16T02:26:52.037760Z',
  '2023-99-99T99:99:99Z',
  '9'.repeat(100),
];

type Tree = Record<string | number, unknown>;

/** Sets what lies at a path; makes objects and arrays on the way. */
function put(root: Tree, path: string, value: unknown): void {
  const steps = [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map((match) =>
    match[1] === undefined ? match[2]! : Number(match[1]),
  );
  let here = root;
  steps.forEach((step, index) => {
    if (index === steps.length - 1) here[step] = value;
    else here = (here[step] ??= typeof steps[index + 1] === 'number' ? [] : {}) as Tree;
  });
}

/** The smallest message that a description reads a price from. */
function plain({ rows, fields }: Rows, checks: readonly Check[], symbol: string): unknown {
  const { symbol: symbolPath, symbolForm, last, bid, ask, time, volume, sequence } = fields;
  if (last === '') return { [symbol]: '60000.5' };
  const whole = (path: string): boolean => path.startsWith('/');
  const named = symbolForm?.replace('{symbol}', symbol) ?? symbol;
  const inArray = [symbolPath, last, bid, ask].some((path) => path?.startsWith('['));
  const row = (inArray ? [] : {}) as Tree;
  const times = { s: `${now / 1_000}`, ms: `${now}`, us: `${now}000`, iso: '2023-06-16T02:26:52.037760Z' };
  const message = (rows === '' ? [row] : rows === '$message' ? row : {}) as Tree;
  for (const path of [last, bid, ask]) if (path !== undefined) put(row, path, '60000.5');
  for (const path of [volume, sequence]) if (path !== undefined) put(row, path, '7');
  if (time !== undefined) put(whole(time.path) ? message : row, time.path.replace('/', ''), times[time.unit]);
  if (symbolPath !== undefined && symbolPath !== '$key')
    put(whole(symbolPath) ? message : row, symbolPath.replace('/', ''), named);
  if (rows.endsWith('*')) put(message, `${rows.slice(0, -1)}${symbol}`, row);
  else if (rows !== '' && rows !== '$message')
    put(message, rows, checks.some(({ path }) => path.startsWith(`${rows}.`)) ? row : [row]);
  for (const { path, is } of checks) {
    if (typeof is !== 'string') put(message, path, is[0]);
    else if (is === 'present' && at(message as Json, path) === undefined) put(message, path, 'x');
  }
  return message;
}

/** Paths of everything in a value. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

/** A message with up to three of its parts replaced by something hostile. */
function spoilt(message: unknown): fc.Arbitrary<unknown> {
  const part = fc.record({
    where: fc.constantFrom(...pathsOf(message)),
    value: fc.oneof(fc.constantFrom(...hostile, ...hostile.map(Number), null, true, [], {}), fc.jsonValue()),
  });
  return fc.array(part, { maxLength: 3 }).map((parts) => {
    let root = structuredClone(message);
    for (const { where, value } of parts) {
      if (where.length === 0) {
        root = structuredClone(value);
        continue;
      }
      let here = root as Tree | null | undefined;
      for (const step of where.slice(0, -1)) here = here?.[step] as Tree | undefined;
      if (typeof here === 'object' && here !== null) here[where.at(-1)!] = structuredClone(value);
    }
    return root;
  });
}

function sound({ observations, refusals }: Reading): void {
  for (const { price, timeMs, symbol } of observations) {
    assert.ok(price > 0n && price <= maxDecimal);
    assert.ok(timeMs === undefined || (Number.isSafeInteger(timeMs) && timeMs <= now + 10_000));
    assert.ok(!refusals.some((refusal) => refusal.symbol === symbol), 'read and refused at once');
  }
}

const parsed = (message: unknown) => parseJson(JSON.stringify(message));

for (const { name, symbol: rule, rest, websocket, book } of providers) {
  describe(`${name}: whatever of a message is spoilt`, () => {
    const symbol = venueSymbol(rule, parsePair('BTC-USDT')!);
    const good = plain(rest, rest.success ?? [], symbol);

    test('an answer gives a sound price or none', () => {
      assert.equal(readRows(parsed(good), rest, [symbol], now, true).observations.length, 1, 'the whole one is read');
      fc.assert(
        fc.property(spoilt(good), (message) => sound(readRows(parsed(message), rest, [symbol], now, true))),
        { numRuns },
      );
    });

    if (websocket !== undefined) {
      const streamed = venueSymbol(websocket.symbol ?? rule, parsePair('BTC-USDT')!);
      const frame = plain(websocket, websocket.when, streamed);
      const read = (message: unknown): Reading | undefined => {
        const meaning = meaningOf(JSON.stringify(message), websocket, [streamed], now);
        return meaning.kind === 'prices' ? meaning.reading : undefined;
      };
      test('a frame gives a sound price or none', () => {
        assert.equal(read(frame)?.observations.length, 1, 'the whole one is read');
        fc.assert(
          fc.property(spoilt(frame), (message) => {
            const reading = read(message);
            if (reading !== undefined) sound(reading);
          }),
          { numRuns },
        );
      });
    }

    if (book !== undefined) {
      const whole: Tree = {};
      const level: Tree = book.price.startsWith('[') ? ([] as unknown as Tree) : {};
      put(level, book.price, '60000.5');
      put(level, book.size, '2');
      put(whole, book.bids.replace('*', symbol), [level]);
      put(whole, book.asks.replace('*', symbol), [structuredClone(level)]);
      test('a book gives a sound depth or none', () => {
        assert.ok('depth' in readBook(parsed(whole), book), 'the whole one is read');
        fc.assert(
          fc.property(spoilt(whole), (message) => {
            const depth = readBook(parsed(message), book);
            if (!('reason' in depth)) assert.ok(depth.depth >= 0n && depth.middle > 0n);
          }),
          { numRuns },
        );
      });
    }
  });
}
