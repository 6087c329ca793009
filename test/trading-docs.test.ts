import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { accrue, fundingRate, settle } from '../x/perps/funding/index.js';
import { limitDistance, penaltyRate, planClose } from '../x/perps/liquidation/index.js';
import {
  concentration,
  equity,
  health,
  initialMargin,
  liquidationPrice,
  maintenanceMargin,
  openProfit,
  usableEquity,
} from '../x/perps/margin/index.js';
import { bookPrice, markBand, markPrice, stepBasis } from '../x/perps/mark/index.js';
import { classDefaults, defaultParams } from '../x/perps/params.js';
import { riskParamsOf } from '../x/perps/keeper.js';
import { accountWith, market as anyMarket, marketsOf } from '../x/perps/testing/values.js';
import { ppb, ppm, price, quote, type MarketView, type SolvencyClass } from '../x/perps/types.js';
import { abs, max } from '../x/perps/units/index.js';

/**
 * The tables of docs/trading.md that stand under `example:` are computed by
 * the functions of the chain. Inputs are read from a row, its other cells
 * must be what comes out, to the digits that are shown.
 */

const page = readFileSync(join(import.meta.dirname, '../docs/trading.md'), 'utf8');

type Row = ReadonlyMap<string, string>;

/** Rows of the table after the comment that names an example. */
function rowsOf(name: string): Row[] {
  const at = page.indexOf(`<!-- example: ${name} -->`);
  assert.notEqual(at, -1, `the page has no example ${name}`);
  const table: string[] = [];
  for (const line of page.slice(at).split('\n').slice(1)) {
    if (line.startsWith('|')) table.push(line);
    else if (table.length > 0) break;
  }
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const [header, , ...rows] = table;
  return rows.map((row) => new Map(cells(row).map((cell, i) => [cells(header!)[i]!, cell])));
}

/** A decimal of the page in units of 10^-digits. */
function units(text: string, digits: number): bigint {
  const match = /^(-?)([\d,]+)(?:\.(\d+))?$/.exec(text);
  assert.ok(match !== null, `${text} is no number`);
  const [, sign, whole, fraction = ''] = match;
  assert.ok(fraction.length <= digits, `${text} has more than ${digits} digits`);
  const value = BigInt(whole!.replaceAll(',', '') + fraction.padEnd(digits, '0'));
  return sign === '-' ? -value : value;
}

/** The other way round, to as many digits as the page shows, towards zero. */
function shown(value: bigint, digits: number, like: string): string {
  const wanted = like.split('.')[1]?.length ?? 0;
  const cut = abs(value) / 10n ** BigInt(digits - wanted);
  const text = cut.toString().padStart(wanted + 1, '0');
  const whole = text.slice(0, text.length - wanted).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = wanted === 0 ? '' : `.${text.slice(-wanted)}`;
  return `${value < 0n ? '-' : ''}${whole}${fraction}`;
}

/** An amount that a cell shows: exact when it is written out, else to the digits that are shown. */
const same = (row: Row, column: string, value: bigint, digits: number): void =>
  assert.equal(row.get(column), shown(value, digits, row.get(column)!), column);

const usdc = (row: Row, column: string): bigint => units(row.get(column)!, 6);
const size = (row: Row, column: string): bigint => units(row.get(column)!, 8);
const percent = (row: Row, column: string): bigint => units(row.get(column)!, 7);

/** A market of a class in BTC's units, with the rates of a listing. */
function marketOf(name: SolvencyClass, mark: bigint, changes: Partial<MarketView> = {}): MarketView {
  const { maintenanceRatePpm, openingRatePpm } = classDefaults[name];
  const rate = BigInt(maintenanceRatePpm) * 1_000n;
  return anyMarket({
    class: name,
    quoteDivisor: 100_000_000n,
    markPrice: price(mark),
    tickSize: 1_000_000n,
    stepSize: 10_000n,
    floorRate: ppb(rate / 2n),
    maintenanceRate: ppb(rate),
    openingRate: ppb(BigInt(openingRatePpm) * 1_000n),
    ...changes,
  });
}

const dollars = (amount: number): bigint => BigInt(amount) * 1_000_000n;
const entry = dollars(60_000);
const risk = riskParamsOf(defaultParams);

const examples: Readonly<Record<string, (row: Row) => void>> = {
  account(row) {
    const account = accountWith(usdc(row, 'deposit'), [[marketOf('A', entry), size(row, 'size')]]);
    const view = marketOf('A', usdc(row, 'mark'));
    const markets = marketsOf(view);
    const standing = { equity: equity(account, markets), maintenanceMargin: maintenanceMargin(account, markets) };
    same(row, 'equity', standing.equity, 6);
    same(row, 'maintenance', standing.maintenanceMargin, 6);
    same(row, 'initial', initialMargin(account, [], markets), 6);
    same(row, 'health', health(standing)!, 6);
    same(row, 'free', max(0n, usableEquity(account, markets) - initialMargin(account, [], markets)), 6);
    same(row, 'liquidation price', liquidationPrice(account, 1, markets)!, 6);
  },
  size(row) {
    const view = marketOf('A', entry, { depthUnit: quote(dollars(50_000_000)) });
    same(row, 'added to maintenance', concentration(view, quote(usdc(row, 'notional'))), 6);
  },
  mark(row) {
    const optional = (column: string): bigint | undefined => (row.get(column) === '-' ? undefined : usdc(row, column));
    const beta = markBand(marketOf('A', entry));
    const book = bookPrice(
      { bid: optional('book sells at'), ask: optional('book buys at') },
      optional('last trade') ?? 0n,
    );
    const basis = ppb(percent(row, 'basis %'));
    const marked = markPrice({
      oraclePrice: price(entry),
      basis,
      book,
      perpPrice: optional('elsewhere') ?? 0n,
      beta,
    });
    same(row, 'mark', marked, 6);
  },
  basis(row) {
    const beta = markBand(marketOf('A', entry));
    const seconds = units(row.get('seconds of a push by 0.5 %')!, 0);
    same(row, 'basis %', stepBasis(ppb(0n), (entry * 1_005n) / 1_000n, entry, beta, seconds), 7);
  },
  usable(row) {
    const name = row.get('class') as SolvencyClass;
    const account = accountWith(0n, [[marketOf(name, entry), size(row, 'size')]]);
    const [mark, average] = [usdc(row, 'mark'), usdc(row, 'average')];
    const [low, high] = mark < average ? [mark, average] : [average, mark];
    const view = marketOf(name, mark, { lowPrice: price(low), highPrice: price(high) });
    same(row, 'profit at the mark', openProfit(view, account.positions[0]!), 6);
    same(row, 'counts as', usableEquity(account, marketsOf(view)), 6);
  },
  funding(row) {
    const rate = fundingRate(
      ppb(percent(row, 'premium of the hour %')),
      defaultParams.fundingInterestPpb,
      ppm(BigInt(classDefaults.A.fundingCapPpm)),
    );
    same(row, 'rate an hour %', rate, 7);
    const view = marketOf('A', entry, { fundingIndex: accrue(0n, entry, rate, 60n) });
    const [position] = accountWith(0n, [[marketOf('A', entry), 100_000_000n]]).positions;
    same(row, 'a long of 60,000 pays', -settle(view, position!).cash, 6);
  },
  penalty(row) {
    const view = marketOf('A', entry);
    const at = ppm(units(row.get('health')!, 6));
    same(row, 'penalty %', penaltyRate(at, view, risk), 4);
    // Equity that belongs to the position: health times its margin.
    const notional = quote(dollars(1_000_000));
    const share = quote((at * 25n * notional) / 1_000_000_000n);
    same(row, 'maximum distance from mark %', limitDistance(at, view, share, notional, false, risk), 4);
  },
  close(row) {
    const account = accountWith(dollars(10_000), [[marketOf('A', entry), 300_000_000n]]);
    const view = marketOf('A', usdc(row, 'mark'));
    const markets = marketsOf(view);
    const standing = { equity: equity(account, markets), maintenanceMargin: maintenanceMargin(account, markets) };
    same(row, 'equity', standing.equity, 6);
    same(row, 'maintenance', standing.maintenanceMargin, 6);
    same(row, 'health', health(standing)!, 6);
    if (standing.equity >= standing.maintenanceMargin) {
      assert.deepEqual([row.get('closes'), row.get('limit')], ['0', '-']);
      return;
    }
    const [step] = planClose(account, markets, risk, () => false);
    same(row, 'closes', step!.quantity, 8);
    same(row, 'limit', step!.limitPrice, 6);
  },
};

describe('docs/trading.md says what the chain computes', () => {
  for (const [name, compute] of Object.entries(examples)) {
    test(name, () => {
      const rows = rowsOf(name);
      assert.ok(rows.length > 3);
      for (const row of rows) compute(row);
    });
  }
  test('every example of the page is computed', () => {
    const named = [...page.matchAll(/<!-- example: ([a-z]+) -->/g)].map(([, name]) => name!);
    assert.deepEqual(named.sort(), Object.keys(examples).sort());
  });
  test('rates and bounds that the text names are those of a listing', () => {
    for (const [name, floor, most] of [
      ['A', '1.25 %', '2.5 %'],
      ['B', '2.5 %', '5 %'],
      ['C', '5 %', '10 %'],
      ['D', '10 %', '20 %'],
    ] as const) {
      const { maintenanceRatePpm, fundingCapPpm } = classDefaults[name];
      assert.equal(`${maintenanceRatePpm / 20_000} %`, floor);
      assert.equal(`${maintenanceRatePpm / 10_000} %`, most);
      const cap = fundingCapPpm / 10_000;
      assert.ok(page.includes(`${name} ${cap} %`), `funding cap of ${name}: ${cap} %`);
    }
    assert.equal(defaultParams.targetHealthPpm, 1_150_000);
    assert.equal(defaultParams.graceHealthPpm, 800_000);
    assert.equal(defaultParams.sliceHealthPpm, 670_000);
    assert.equal(defaultParams.sliceSharePpm, 250_000);
  });
});
