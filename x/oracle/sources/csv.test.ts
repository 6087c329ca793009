import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { CsvPriceSource, barInterval, readBars } from './csv.js';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-csv-'));
after(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function file(...lines: readonly string[]): string {
  const path = join(directory, `${files++}.csv`);
  writeFileSync(path, lines.join('\n'));
  return path;
}

const full = 'timestamp_utc_s,open,high,low,close,volume';
const up = '1700000000,100.5,120,90.25,110,3';
const down = '1700000060,110,115,80,85,1';

describe('bars', () => {
  test('keep prices as written', () => {
    assert.deepEqual(readBars(file(full, up, down, '')), [
      { timeMs: 1_700_000_000_000, open: '100.5', high: '120', low: '90.25', close: '110' },
      { timeMs: 1_700_000_060_000, open: '110', high: '115', low: '80', close: '85' },
    ]);
  });

  test('of closes only are flat', () => {
    assert.deepEqual(readBars(file('timestamp_utc_s,close', '1700000000,7.5')), [
      { timeMs: 1_700_000_000_000, open: '7.5', high: '7.5', low: '7.5', close: '7.5' },
    ]);
  });

  test('are read from columns in any order and with lines of either ending', () => {
    const path = file('close,low,high,open,timestamp_utc_s\r', '110,90,120,100,1700000000\r');
    assert.deepEqual(readBars(path), [
      { timeMs: 1_700_000_000_000, open: '100', high: '120', low: '90', close: '110' },
    ]);
  });

  test('are as far apart as the closest two', () => {
    assert.equal(barInterval(readBars(file(full, up, '1700000300,110,115,80,85,1', '1700000360,1,1,1,1,1'))), 60_000);
    assert.equal(barInterval(readBars(file(full, up))), 60_000);
  });

  const broken: readonly (readonly [what: string, lines: readonly string[], line: number, text: RegExp])[] = [
    ['no time column', ['time,close', '1,2'], 1, /the header must name timestamp_utc_s and close, found "time,close"/],
    ['no header', [up], 1, /the header must name/],
    ['nothing at all', [''], 1, /the header must name/],
    ['no bars', [full], 1, /there are no bars/],
    ['a field too few', [full, up, '1700000060,1,1,1,1'], 3, /5 fields, the header has 6/],
    ['a field too many', [full, `${up},9`], 2, /7 fields/],
    ['a time that is text', [full, 'today,1,1,1,1,1'], 2, /timestamp_utc_s: "today" is not a time in seconds/],
    ['a time with a fraction', [full, '17.5,1,1,1,1,1'], 2, /timestamp_utc_s/],
    ['a time in milliseconds', [full, '1700000000000,1,1,1,1,1'], 2, /timestamp_utc_s/],
    ['the same time twice', [full, up, up], 3, /bars must ascend in time/],
    ['descending times', [full, down, up], 3, /bars must ascend in time/],
    ['an empty price', [full, '1700000000,,120,90,110,3'], 2, /open: "" is not a positive price/],
    ['a negative price', [full, '1700000000,100,120,-90,110,3'], 2, /low: "-90" is not a positive price/],
    ['a price of zero', [full, '1700000000,100,120,90,0.00,3'], 2, /close: "0.00" is not a positive price/],
    ['a price that is no number', [full, '1700000000,100,NaN,90,110,3'], 2, /high: "NaN" is not a positive price/],
    ['a high below the close', [full, '1700000000,100,105,90,110,3'], 2, /high and low do not span open and close/],
    ['a low above the open', [full, '1700000000,100,120,101,110,3'], 2, /high and low do not span/],
  ];
  for (const [what, lines, line, text] of broken) {
    test(`with ${what} are refused, naming file and line`, () => {
      const path = file(...lines);
      assert.throws(
        () => readBars(path),
        ({ message }: Error) => {
          assert.ok(message.startsWith(`${path}:${line}: `), message);
          assert.match(message, text);
          return true;
        },
      );
    });
  }

  test('of a file that is not there are refused, naming it', () => {
    const path = join(directory, 'missing.csv');
    assert.throws(() => readBars(path), new Error(`${path}: no such file`));
    assert.throws(() => readBars(directory), /EISDIR/);
  });
});

describe('a recorded price', () => {
  const t = 1_700_000_000_000n;
  const at = (source: CsvPriceSource, ms: bigint): readonly string[] =>
    source.prices(t + ms).map(({ symbol, price }) => `${symbol} ${price}`);

  test('goes through an up bar low first and through a down bar high first', () => {
    const source = new CsvPriceSource({ BTC: file(full, up, down) });
    const path = [0n, 15_000n, 30_000n, 45_000n, 60_000n, 75_000n, 90_000n, 105_000n].map((ms) => at(source, ms)[0]);
    assert.deepEqual(
      path,
      ['100.5', '90.25', '120', '110', '110', '115', '80', '85'].map((price) => `BTC ${price}`),
    );
  });

  test('stands until the next point of its bar', () => {
    const source = new CsvPriceSource({ BTC: file(full, up, down) });
    assert.deepEqual(at(source, 14_999n), ['BTC 100.5']);
    assert.deepEqual(at(source, 59_999n), ['BTC 110']);
  });

  test('is missing before the first bar, in a gap and after the last bar', () => {
    const source = new CsvPriceSource({ BTC: file(full, up, down, '1700000300,85,86,84,85,1') });
    assert.deepEqual(at(source, -1n), []);
    assert.deepEqual(at(source, 119_999n), ['BTC 85']);
    assert.deepEqual(at(source, 120_000n), []);
    assert.deepEqual(at(source, 299_999n), []);
    assert.deepEqual(at(source, 300_000n), ['BTC 85']);
    assert.deepEqual(at(source, 360_000n), []);
  });

  test('of several files comes from each by its own bars', () => {
    const late = file('timestamp_utc_s,close', '1700000060,2000', '1700000120,2001');
    const source = new CsvPriceSource({ BTC: file(full, up, down), ETH: late });
    assert.deepEqual(at(source, 0n), ['BTC 100.5']);
    assert.deepEqual(at(source, 60_000n), ['BTC 110', 'ETH 2000']);
    assert.deepEqual(at(source, 120_000n), ['ETH 2001']);
    assert.deepEqual(source.span(), { startMs: Number(t), endMs: Number(t) + 180_000, intervalMs: 60_000 });
    assert.equal(source.firstPrice('ETH'), '2000');
  });
});
