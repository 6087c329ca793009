import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatDecimal, parseDecimal, type Decimal } from '../decimal.js';
import { parsePair } from '../pair.js';
import { Quotes } from '../quotes.js';
import { priceMarkets, type Market, type MarketPrice } from './markets.js';

const d = (text: string): Decimal => parseDecimal(text) as Decimal;
const now = 1_700_000_000_000;
const sources = (...names: readonly string[]) =>
  names.map((name) => {
    const [provider, pair] = name.split(':') as [string, string];
    return { provider, pair: parsePair(pair)! };
  });

const market = (symbol: string, changes: Partial<Market>): Market => ({
  symbol,
  pair: parsePair(symbol)!,
  sources: [],
  perpSources: [],
  bookSources: [],
  minProviders: 2,
  minPerpProviders: 2,
  maxDeviationPpm: 30_000,
  maxConversionGapPpm: 10_000,
  freshnessMs: 15_000,
  maxUnchangedMs: 0,
  bookFreshnessMs: 180_000,
  ...changes,
});

const tether = market('USDT-USD', { sources: sources('coinbase:USDT-USD', 'kraken:USDT-USD'), freshnessMs: 60_000 });
const btc = market('BTC-USD', {
  sources: sources('coinbase:BTC-USD', 'okx:BTC-USDT', 'binance:BTC-USDT'),
  perpSources: sources('okx-perp:BTC-USDT', 'hyperliquid-perp:BTC-USD'),
  bookSources: sources('coinbase:BTC-USD', 'okx:BTC-USDT', 'okx-perp:BTC-USDT'),
});

/** Quotes of "provider pair price [ageMs [timeAgeMs]]". */
function quotesOf(...lines: readonly string[]): Quotes {
  const quotes = new Quotes();
  for (const line of lines) {
    const [provider, pair, price, age = '0', timeAge] = line.split(' ') as [string, string, string, string?, string?];
    const observation = {
      symbol: pair,
      price: d(price),
      ...(timeAge !== undefined && { timeMs: now - Number(timeAge) }),
    };
    quotes.put(provider, pair, observation, now - Number(age));
  }
  return quotes;
}

const dollar = ['coinbase USDT-USD 0.999 30000', 'kraken USDT-USD 0.999'];
const spot = ['coinbase BTC-USD 60000 1000', 'okx BTC-USDT 60100 2000', 'binance BTC-USDT 60000 3000'];
const price = (quotes: Quotes, markets: readonly Market[] = [btc, tether]): MarketPrice =>
  priceMarkets(markets, quotes, now).find(({ symbol }) => symbol === 'BTC-USD')!;
const text = (value: Decimal | undefined): string | undefined =>
  value === undefined ? undefined : formatDecimal(value);

describe('the price of a market', () => {
  test('is the median of converted prices, to the last digit, whatever the order of markets', () => {
    for (const markets of [
      [btc, tether],
      [tether, btc],
    ]) {
      const found = price(quotesOf(...dollar, ...spot), markets);
      // 60000, 60100 * 0.999 = 60039.9, 60000 * 0.999 = 59940
      assert.equal(text(found.price), '60000');
      assert.deepEqual(found.providers, ['coinbase', 'okx', 'binance']);
      assert.equal(found.timeMs, now - 2_000);
      assert.equal(found.dispersionPpm, 665n);
    }
  });

  test('has no converted part without the market that converts', () => {
    const found = price(quotesOf(...spot));
    assert.equal(found.price, undefined);
    assert.deepEqual(
      found.sources.map(({ state }) => state),
      ['used', 'no_conversion', 'no_conversion'],
    );
    assert.equal(found.fault, 'too_few: 1 of at least 2 providers');
  });

  test('leaves out what is old by its arrival or by its own time, to the millisecond', () => {
    const states = (line: string): string =>
      price(quotesOf(...dollar, line)).sources.find(({ provider }) => provider === 'coinbase')!.state;
    assert.equal(states('coinbase BTC-USD 60000 15000'), 'used');
    assert.equal(states('coinbase BTC-USD 60000 15001'), 'stale');
    assert.equal(states('coinbase BTC-USD 60000 0 15000'), 'used');
    assert.equal(states('coinbase BTC-USD 60000 0 15001'), 'stale');
    // A venue whose clock is ahead does not stay fresh for longer.
    assert.equal(states('coinbase BTC-USD 60000 15001 -9000'), 'stale');
  });

  test('of a stablecoin far off its peg needs three providers to convert by', () => {
    const three = { ...tether, sources: sources('coinbase:USDT-USD', 'kraken:USDT-USD', 'bitstamp:USDT-USD') };
    const broken = ['coinbase USDT-USD 0.969', 'kraken USDT-USD 0.969'];
    assert.equal(price(quotesOf(...broken, ...spot)).price, undefined);
    assert.notEqual(price(quotesOf('coinbase USDT-USD 0.97', 'kraken USDT-USD 0.97', ...spot)).providers.length, 0);
    const found = price(quotesOf(...broken, 'bitstamp USDT-USD 0.969', ...spot), [btc, three]);
    assert.equal(found.sources.filter(({ state }) => state === 'no_conversion').length, 0);
  });
});

describe('a wrong rate of a stablecoin', () => {
  const wide = market('BTC-USD', {
    sources: sources(
      ...['coinbase', 'kraken', 'bitstamp'].map((name) => `${name}:BTC-USD`),
      ...['okx', 'binance', 'bybit', 'gate'].map((name) => `${name}:BTC-USDT`),
    ),
    minProviders: 3,
  });
  const quotes = (rate: string, direct: readonly string[] = ['60000', '60010', '59990']): Quotes =>
    quotesOf(
      `coinbase USDT-USD ${rate}`,
      `kraken USDT-USD ${rate}`,
      ...direct.map((value, at) => `${['coinbase', 'kraken', 'bitstamp'][at]} BTC-USD ${value}`),
      ...['okx', 'binance', 'bybit', 'gate'].map((name) => `${name} BTC-USDT 60000`),
    );

  test('that moves more than half of the sources together does not move the price', () => {
    const found = price(quotes('1.029'), [wide, tether]);
    assert.equal(text(found.price), '60000');
    assert.deepEqual(
      found.sources.map(({ state }) => state),
      ['used', 'used', 'used', 'disputed', 'disputed', 'disputed', 'disputed'],
    );
  });

  test('within the gap is one voice among others', () => {
    const found = price(quotes('1.01'), [wide, tether]);
    assert.equal(found.providers.length, 7);
  });

  test('is not disputed by direct sources that are too few or disagree: one liar cannot silence the others', () => {
    const few = price(quotes('1.029', ['60000', '60010']), [wide, tether]);
    assert.equal(few.sources.filter(({ state }) => state === 'disputed').length, 0);
    const split = price(quotes('1', ['60000', '60010', '90000']), [wide, tether]);
    assert.deepEqual(split.providers, ['coinbase', 'kraken', 'okx', 'binance', 'bybit', 'gate']);
  });
});

describe('beside a price stands', () => {
  test('the median of perpetuals, when enough of them agree', () => {
    const one = ['okx-perp BTC-USDT 60200'];
    assert.equal(price(quotesOf(...dollar, ...spot, ...one)).perpPrice, undefined);
    const two = price(quotesOf(...dollar, ...spot, ...one, 'hyperliquid-perp BTC-USD 60000'));
    // (60200 * 0.999 + 60000) / 2
    assert.equal(text(two.perpPrice), '60069.9');
    const apart = price(quotesOf(...dollar, ...spot, ...one, 'hyperliquid-perp BTC-USD 90000'));
    assert.equal(apart.perpPrice, undefined);
    assert.equal(text(apart.price), '60000', 'which never changes the price itself');
  });

  test('the depth of fresh books around it, converted and summed', () => {
    const quotes = quotesOf(...dollar, ...spot);
    assert.equal(price(quotes).depth, undefined);
    quotes.putBook('coinbase', 'BTC-USD', { middle: d('60000'), depth: d('1000000') }, now);
    quotes.putBook('okx', 'BTC-USDT', { middle: d('60060'), depth: d('2000000') }, now - 180_000);
    assert.equal(text(price(quotes).depth), '2998000');
    // An old one, and one that stands around another price.
    quotes.putBook('okx', 'BTC-USDT', { middle: d('60060'), depth: d('2000000') }, now - 180_001);
    quotes.putBook('okx-perp', 'BTC-USDT', { middle: d('90000'), depth: d('5000000') }, now);
    assert.equal(text(price(quotes).depth), '1000000');
  });
});
