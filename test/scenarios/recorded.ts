import assert from 'node:assert/strict';
import { consensus } from '../../cmd/plimsolld/prices/aggregate/consensus.js';
import { formatDecimal, parseDecimal, type Decimal } from '../../cmd/plimsolld/prices/decimal.js';
import { marketOfClass } from '../../x/perps/params.js';
import { keylessOwner, type SeededAccount } from '../support/seeded.js';
import { readBars } from '../../x/oracle/sources/csv.js';
import { recorded } from './support/recorded.js';
import { scenario, type Scenario, type Size } from './scenario.js';
import { buy, Cast } from './support/cast.js';
import { listed, randomPairs, type Listing } from './support/crowd.js';
import { atLeast, atMost, costs, funds, usdcOf } from './support/figures.js';

const usdc = 1_000_000n;
const one = 100_000_000n;
const million = 1_000_000n;

/** A bar: seconds, and decimals as they were written. */
interface Bar {
  readonly time: number;
  readonly low: string;
  readonly close: string;
}

/** Recorded bars, when the full form is run and they are there; a synthetic path otherwise, and figures say which. */
function barsOf(file: string, size: Size): readonly Bar[] | undefined {
  if (size === 'test') return undefined;
  const path = recorded(file);
  return path === undefined
    ? undefined
    : readBars(path).map(({ timeMs, low, close }) => ({ time: Number(timeMs) / 1_000, low, close }));
}

const pathOf = (bars: readonly unknown[] | undefined): string => (bars === undefined ? 'synthetic' : 'recorded');

function decimal(text: string): Decimal {
  // Exchanges write very small prices with an exponent.
  const value = parseDecimal(/e/i.test(text) ? Number(text).toFixed(12) : text);
  if (typeof value === 'string') throw new Error(`${text}: ${value}`);
  return value;
}

/** From one price to another in so many equal parts, the last of them included. */
const steps = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => from * (to / from) ** ((at + 1) / count));

/** Longs that are just healthy at the bottom, and shorts against them. */
function onTheEdge(start: number, bottom: number, count: number, firstOwner: number): SeededAccount[] {
  return Array.from({ length: count }, (_, at) => {
    // Under maintenance margin of 2.5 % from a price a hair below the bottom.
    const failing = bottom * (0.9995 - 0.0005 * at);
    const equity = BigInt(Math.round((start - failing * 0.975) * 1e6));
    return [
      { owner: keylessOwner(firstOwner + 2 * at), equity, positions: [{ market: 1, quantity: one }] },
      {
        owner: keylessOwner(firstOwner + 2 * at + 1),
        equity: 20_000n * usdc,
        positions: [{ market: 1, quantity: -one }],
      },
    ];
  }).flat();
}

/** Down from 7,900 to 3,885 with a book that thins out to a twentieth; 25 minutes without a block at the bottom, and up again. */
async function march2020(size: Size) {
  const bars = barsOf('bt2020_BTCUSDT_binance_1h.csv', size);
  const from = 1_583_996_400;
  const window = bars?.filter(({ time }) => time >= from && time < from + 36 * 3_600);
  const path =
    window === undefined
      ? [...steps(7_900, 5_700, 10), ...steps(5_700, 6_100, 3), ...steps(6_100, 3_885, 8)]
      : window.flatMap(({ low, close }) => [Number(low), Number(close)]);
  const bottom = path.indexOf(Math.min(...path));
  const [down, up] =
    window === undefined ? [path, steps(3_885, 5_700, 8)] : [path.slice(0, bottom + 1), path.slice(bottom + 1)];
  const listing: Listing = ['BTC-USD', 'A', (window === undefined ? 7_900 : path[0]!).toFixed(2)];
  const pairs = size === 'test' ? 25 : 250;
  const cast = await Cast.open({
    markets: listed([listing], 50_000n * usdc),
    prices: { 'BTC-USD': listing[2] },
    clamp: true,
    breakers: true,
    accounts: [
      ...randomPairs({ listings: [listing], pairs, seed: 'march 2020', sparePpm: [5_000, 450_000] }),
      ...onTheEdge(Number(listing[2]), Math.min(...down), 5, 10 * pairs),
    ],
    shadow: size === 'test',
    cast: { maker: 30n * million * usdc },
  });
  try {
    const { stage } = cast;
    const insured = funds(cast);
    await cast.block({ maker: [cast.deposit('maker', 25n * million * usdc)] });
    const start = Number(listing[2]);
    /** Bids two per mille under the price, the thinner the further it fell. */
    const quote = (price: number): ReturnType<Cast['order']>[] => {
      const depth = Math.max(0.05, 1 - ((1 - price / start) / 0.5) * 0.95);
      const limit = BigInt(Math.round(price * 0.998 * 10)) * 100_000n;
      const quantity = (BigInt(Math.round(200_000 * depth)) * usdc * one) / limit;
      return [cast.cancelAll('maker'), cast.order('maker', buy, quantity - (quantity % 1_000n), limit)];
    };
    const at = async (price: number): Promise<void> => {
      stage.chain.prices.set({ 'BTC-USD': price.toFixed(2) });
      await cast.block({ maker: quote(price) }, { mayFail: ['maker'], afterMs: 20_000n });
      await cast.blocks(2, 10_000n);
    };
    for (const price of down) await at(price);
    await cast.blocks(6);
    // While nothing happens here, the market outside recovers by an eighth. CometBFT takes the time of a block from
    // the votes that it carries, so the first block of a later time carries votes that were cast then.
    stage.chain.prices.set({ 'BTC-USD': (Math.min(...down) * 1.125).toFixed(2) });
    await cast.block();
    const beforeHalt = stage.outcome.liquidated.size;
    const resting = cast.position('maker');
    await cast.block({}, { afterMs: 1_500_000n });
    const restart = stage.outcome.liquidated.size - beforeHalt;
    const filled = cast.position('maker') - resting;
    await cast.blocks(3);
    for (const price of up) await at(price);
    return {
      path: pathOf(window),
      accounts: 2 * pairs + 10,
      'lowest price, USD': Math.round(Math.min(...down)),
      'liquidated before the halt': beforeHalt,
      'liquidated in the first block after it': restart,
      'filled in that block of orders from before': usdcOf(filled) === 0 ? 'nothing' : `${filled}`,
      'liquidated in all': stage.outcome.liquidated.size,
      'closed in the book, USDC': usdcOf(stage.outcome.book),
      'deficit, USDC': usdcOf(stage.outcome.deficit),
      overshoot: stage.outcome.overshoot,
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** The whole way of LUNA from 68 USD to 0.00004. */
async function luna(size: Size) {
  const bars = barsOf('luna2022_LUNAUSDT_binance_1m.csv', size);
  const path =
    bars === undefined
      ? // Slowly at first; then worst minutes of -55 % and +60 %.
        [
          ...steps(68, 30, 8),
          ...steps(30, 1, 12),
          0.45,
          0.72,
          ...steps(0.72, 0.107, 6),
          ...steps(0.107, 0.01, 8),
          ...steps(0.01, 0.00004, 16),
        ]
      : bars.filter((_, at) => at % 4 === 0 || at === bars.length - 1).map(({ close }) => Number(close));
  const market = marketOfClass('D', {
    id: 1,
    ticker: 'LUNA-USD',
    baseExponent: -4,
    priceExponent: -12,
    tickSize: 1_000n,
    stepSize: 100n,
    oraclePairId: 1,
  });
  const first = path[0]!;
  const accounts = 8;
  const names = Array.from({ length: accounts }, (_, at) => `holder${at}`);
  const cast = await Cast.open({
    markets: [{ market: { ...market, maintenanceRatePpm: 200_000 }, tranche: 20_000n * usdc }],
    prices: { 'LUNA-USD': first.toFixed(6) },
    clamp: true,
    shadow: size === 'test',
    cast: Object.fromEntries(names.map((name) => [name, 50_000n * usdc])),
  });
  try {
    const { stage } = cast;
    const insured = funds(cast);
    await cast.block(
      Object.fromEntries(
        names.map((name, at) => [name, [cast.deposit(name, BigInt(8_000 + 3_000 * (at % 3)) * usdc)]]),
      ),
    );
    const price = BigInt(Math.round(first * 1e6)) * million;
    for (let at = 0; at < accounts; at += 2)
      await cast.trade(names[at]!, names[at + 1]!, 200n * 10_000n, (price / 1_000n) * 1_000n);
    const oracle = () => {
      const { plimsoll } = stage.chain;
      return plimsoll.keepers.perps.marketState(plimsoll.app.queryContext(), 1).oraclePrice;
    };
    let least = oracle();
    for (const each of path) {
      stage.chain.prices.set({ 'LUNA-USD': each.toFixed(12) });
      await cast.block({}, { afterMs: 20_000n });
      if (oracle() < least) least = oracle();
    }
    await cast.blocks(4);
    const shorts = names.filter((_, at) => at % 2 === 1);
    const longs = names.filter((_, at) => at % 2 === 0);
    const last = oracle();
    return {
      path: pathOf(bars),
      blocks: path.length,
      'first price, USD': first,
      'last price, USD': Number(last) / 1e12,
      'lowest price in units of 10^-12 USD': Number(least),
      'liquidated accounts': stage.outcome.liquidated.size,
      'gained by shorts, USDC': usdcOf(cast.profit(...shorts)),
      'lost by longs, USDC': usdcOf(-cast.profit(...longs)),
      'deficit, USDC': usdcOf(stage.outcome.deficit),
      overshoot: stage.outcome.overshoot,
      ...costs(stage.outcome, insured - funds(cast)),
    };
  } finally {
    await cast.close();
  }
}

/** Coinbase, Gemini and a coin-margined book through the minutes of 10 October 2025, as one index that a chain trades by. */
async function wicks(size: Size) {
  const venues = ['coinbase', 'gemini', 'binancecoinm'] as const;
  const files = venues.map((venue) =>
    barsOf(`oct2025_ATOMUSD${venue === 'binancecoinm' ? 'PERP' : ''}_${venue}_1m.csv`, size),
  );
  const [from, to] = [1_760_130_600, 1_760_135_400];
  // The facts of the worst minutes: one venue prints a third of the others while another is silent.
  const synthetic: readonly (readonly (string | undefined)[])[] = [
    ['4.00', '3.99', '4.00'],
    ['3.90', undefined, '3.86'],
    ['3.80', '3.78', '3.77'],
    ['3.70', undefined, '2.90'],
    ['3.56', undefined, '1.055'],
    ['3.58', '3.60', '1.40'],
    ['3.62', undefined, '2.10'],
    ['3.66', '3.64', '2.90'],
    ['3.65', undefined, '3.45'],
    ['3.64', '3.63', '3.60'],
  ];
  const rows: (readonly (string | undefined)[])[] = [];
  if (files.some((file) => file === undefined)) rows.push(...synthetic);
  else {
    const byMinute = files.map((file) => new Map(file!.map((bar) => [bar.time - (bar.time % 60), bar])));
    for (let minute = from; minute < to; minute += 60) {
      const bars = byMinute.map((bar) => bar.get(minute));
      rows.push(
        bars.map((bar) => bar?.low),
        bars.map((bar) => bar?.close),
      );
    }
  }
  const rules = { minProviders: 3, maxDeviationPpm: 30_000 };
  const listing: Listing = ['ATOM-USD', 'C', '4'];
  const cast = await Cast.open({
    markets: listed([listing], 50_000n * usdc),
    prices: { 'ATOM-USD': '4' },
    clamp: true,
    shadow: size === 'test',
    cast: { long: 100_000n * usdc, short: 100_000n * usdc },
  });
  try {
    const { stage } = cast;
    // At 2.90 the long would be under maintenance margin of 10 %: 10,000 of size lost 11,000.
    await cast.block({ long: [cast.deposit('long', 15_000n * usdc)], short: [cast.deposit('short', 60_000n * usdc)] });
    await cast.trade('long', 'short', 10_000n * one, 4n * million);
    let indexLow = Infinity;
    let lowOfTwo = Infinity;
    let venueLow = Infinity;
    let worstVenue = Infinity;
    let none = 0;
    for (const row of rows) {
      const voices = row.flatMap((price, at) =>
        price === undefined ? [] : [{ provider: venues[at]!, price: decimal(price) }],
      );
      const found = consensus(voices, rules);
      const ofTwo = consensus(voices, { ...rules, minProviders: 2 });
      if (ofTwo.price !== undefined) lowOfTwo = Math.min(lowOfTwo, Number(formatDecimal(ofTwo.price)));
      if (row[0] !== undefined) venueLow = Math.min(venueLow, Number(row[0]));
      for (const price of row) if (price !== undefined) worstVenue = Math.min(worstVenue, Number(price));
      if (found.price === undefined) none++;
      else indexLow = Math.min(indexLow, Number(formatDecimal(found.price)));
      stage.chain.prices.set(
        found.price === undefined ? {} : { 'ATOM-USD': Number(formatDecimal(found.price)).toFixed(6) },
      );
      await cast.blocks(1, 15_000n);
      await cast.blocks(1, 15_000n);
    }
    return {
      path: pathOf(files[0]),
      'lowest print of a venue, USD': worstVenue,
      'lowest at Coinbase, USD': venueLow,
      'lowest of the index, USD': indexLow,
      'lowest of an index that two venues suffice for, USD': lowOfTwo,
      'prices asked for': rows.length,
      'of them without an index, as venues are silent or disagree': none,
      'liquidated, at 2.9 and less': stage.outcome.liquidated.size,
      'bad debt': Number(stage.outcome.badDebt),
    };
  } finally {
    await cast.close();
  }
}

/** BTC in true dollars and in a coin that lost its peg, converted and not. */
async function conversion(size: Size) {
  const names = [
    'usdc2023_BTCUSD_coinbase_1m.csv',
    'usdc2023_BTCUSD_kraken_1m.csv',
    'usdc2023_BTCUSDC_kraken_1m.csv',
    'usdc2023_USDCUSD_kraken_1m.csv',
  ];
  const files = names.map((name) => barsOf(name, size));
  // Coinbase, Kraken, Kraken in USDC, USDC: the minutes around 07:18 of 11 March 2023.
  const synthetic = [
    [20_150, 20_148, 20_700, 0.973],
    [20_160, 20_150, 21_900, 0.918],
    [20_210, 20_200, 22_700, 0.889],
    [20_205, 20_195, 23_020, 0.876],
    [20_230, 20_220, 22_500, 0.9],
    [20_250, 20_240, 21_500, 0.941],
  ];
  const maps = files.map((file) => new Map(file?.map(({ time, close }) => [time, Number(close)])));
  const rows = files.some((file) => file === undefined)
    ? synthetic
    : [...maps[0]!.keys()]
        .map((time) => maps.map((map) => map.get(time)))
        .filter((row): row is number[] => row.every((value) => value !== undefined));
  const rules = { minProviders: 2, maxDeviationPpm: 30_000 };
  const worst = { index: 0, converted: 0, raw: 0 };
  let none = 0;
  for (const row of rows) {
    const [coinbase, kraken, inUsdc, rate] = row as [number, number, number, number];
    const truth = (coinbase + kraken) / 2;
    const off = (price: number): number => Math.abs(price / truth - 1) * 10_000;
    const found = consensus(
      [coinbase, kraken, inUsdc * rate].map((price, at) => ({
        provider: `venue${at}`,
        price: decimal(price.toFixed(6)),
      })),
      rules,
    );
    if (found.price === undefined) none++;
    else worst.index = Math.max(worst.index, off(Number(formatDecimal(found.price))));
    worst.converted = Math.max(worst.converted, off(inUsdc * rate));
    worst.raw = Math.max(worst.raw, off(inUsdc));
  }
  return Promise.resolve({
    path: pathOf(files[0]),
    minutes: rows.length,
    'minutes without an index': none,
    'largest error of the index, bp': Number(worst.index.toFixed(1)),
    'largest error of the converted source alone, bp': Number(worst.converted.toFixed(1)),
    'largest error of the source taken for dollars, bp': Number(worst.raw.toFixed(1)),
  });
}

export const recordings: readonly Scenario[] = [
  scenario({
    id: 'T-A1',
    title: 'half the price in a day, a book that thins out, and 25 minutes without a block at the bottom',
    source: 'BitMEX, 12 and 13 March 2020',
    expectation:
      'the first block after the halt liquidates nobody and fills nothing from before; every deficit is paid to the unit',
    run: march2020,
    check(figures) {
      atLeast(figures, 'liquidated before the halt', 5);
      assert.equal(figures['liquidated in the first block after it'], 0);
      assert.equal(figures['filled in that block of orders from before'], 'nothing');
      assert.equal(figures['bad debt'], 0);
      assert.ok(Math.abs(figures.overshoot - 1) < 1e-4, `overshoot ${figures.overshoot}`);
    },
  }),
  scenario({
    id: 'T-A10',
    title: 'from 68 USD to 0.00004',
    source: 'Terra, May 2022',
    expectation: 'the price never rounds to zero, shorts gain what longs and the tranche lose, nothing is left unpaid',
    run: luna,
    check(figures) {
      atLeast(figures, 'lowest price in units of 10^-12 USD', 1_000_000);
      atMost(figures, 'last price, USD', 0.0001);
      atMost(figures, 'gained by shorts, USDC', figures['lost by longs, USDC'] + figures['fund loss, USDC']);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-B8',
    title: 'one venue prints a third of the others',
    source: 'Binance, 10 October 2025',
    expectation: 'the index stays within a tenth of the lowest price elsewhere and nobody is closed at the wick',
    run: wicks,
    check(figures) {
      atLeast(figures, 'lowest of the index, USD', 0.9 * figures['lowest at Coinbase, USD']);
      assert.equal(figures['liquidated, at 2.9 and less'], 0);
      assert.equal(figures['bad debt'], 0);
    },
  }),
  scenario({
    id: 'T-B11',
    title: 'dollars that are coins: BTC in USDC while USDC is 0.874',
    source: 'USDC, 11 March 2023',
    expectation:
      'converted by the price of the coin the index is within 50 basis points of true dollars; taken for a dollar a source is 14 % off',
    run: conversion,
    check(figures) {
      atMost(figures, 'largest error of the index, bp', 50);
      atLeast(figures, 'largest error of the source taken for dollars, bp', 1_000);
      assert.equal(figures['minutes without an index'], 0);
    },
  }),
];
