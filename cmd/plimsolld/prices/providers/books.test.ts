import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { formatDecimal } from '../decimal.js';
import { parseJson } from '../json.js';
import { parsePair, venueSymbol } from '../pair.js';
import { Quotes } from '../quotes.js';
import { Exchange, until } from '../testing/exchange.js';
import { pollBooks } from '../transport/book-poller.js';
import { RateLimiter } from '../transport/rate-limit.js';
import { findProvider, providers } from './index.js';
import { readBook } from './read.js';

const exchange = await Exchange.start();
after(() => exchange.close());

// Bids 100 (2), 99.5 (1) and 98 (1000); asks 100.2 (3) and 102 (1000). The middle is 100.1, so
// 98 and 102 are farther than 1 %: bids hold 299.5, asks 300.6.
const levels = (as: (price: string, size: string) => unknown): { bids: unknown[]; asks: unknown[] } => ({
  bids: [as('100', '2'), as('99.5', '1'), as('98', '1000')],
  asks: [as('100.2', '3'), as('102', '1000')],
});
const pairs = levels((price, size) => [price, size]);

const cases: Readonly<Record<string, readonly [pair: string, asks: string, body: unknown]>> = {
  binance: ['BTC-USDT', '/api/v3/depth?symbol=BTCUSDT&limit=5000', { lastUpdateId: 1, ...pairs }],
  bybit: [
    'BTC-USDT',
    '/v5/market/orderbook?category=spot&symbol=BTCUSDT&limit=200',
    { retCode: 0, retMsg: 'OK', result: { s: 'BTCUSDT', b: pairs.bids, a: pairs.asks, ts: 1, u: 2 } },
  ],
  coinbase: [
    'BTC-USD',
    '/products/BTC-USD/book?level=2',
    { ...levels((price, size) => [price, size, 5]), sequence: 1, auction_mode: false },
  ],
  gate: ['BTC-USDT', '/api/v4/spot/order_book?currency_pair=BTC_USDT&limit=1000', { current: 1, update: 1, ...pairs }],
  gemini: [
    'BTC-USD',
    '/v1/book/btcusd?limit_bids=0&limit_asks=0',
    levels((price, amount) => ({ price, amount, timestamp: '1547147541' })),
  ],
  kraken: [
    'BTC-USD',
    '/0/public/Depth?pair=XXBTZUSD&count=500',
    { error: [], result: { XXBTZUSD: levels((price, size) => [price, size, 1688671834]) } },
  ],
  okx: [
    'BTC-USDT',
    '/api/v5/market/books?instId=BTC-USDT&sz=400',
    { code: '0', msg: '', data: [{ ...levels((price, size) => [price, size, '0', '1']), ts: '1' }] },
  ],
  'binance-perp': ['BTC-USDT', '/fapi/v1/depth?symbol=BTCUSDT&limit=1000', { lastUpdateId: 1, E: 1, T: 1, ...pairs }],
  'bybit-perp': [
    'BTC-USDT',
    '/v5/market/orderbook?category=linear&symbol=BTCUSDT&limit=500',
    { retCode: 0, retMsg: 'OK', result: { s: 'BTCUSDT', b: pairs.bids, a: pairs.asks, ts: 1, u: 2 } },
  ],
};

test('every provider with a book has its documented answer here', () => {
  const named = providers.filter(({ book }) => book !== undefined).map(({ name }) => name);
  assert.deepEqual(Object.keys(cases).sort(), named.sort());
});

for (const [name, [pair, asks, body]] of Object.entries(cases)) {
  test(`the book of ${name} holds what lies within 1 % on its thinner side`, async () => {
    exchange.answering = () => ({ body: JSON.stringify(body) });
    const { book, symbol, limit } = findProvider(name)!;
    const quotes = new Quotes();
    const abort = new AbortController();
    const polling = pollBooks(
      {
        provider: name,
        feed: book!,
        baseUrl: exchange.url,
        symbols: new Map([[venueSymbol(symbol, parsePair(pair)!), pair]]),
        intervalMs: 50,
        quotes,
        limiter: new RateLimiter(limit),
        limits: { timeoutMs: 2_000, maxBytes: 1_000_000, maxBackoffMs: 100 },
        events: { outcome() {}, refused() {}, connections() {} },
      },
      abort.signal,
    );
    await until('a book', () => quotes.book(name, pair) !== undefined);
    const { middle, depth } = quotes.book(name, pair)!;
    assert.deepEqual([formatDecimal(middle), formatDecimal(depth)], ['100.1', '299.5']);
    const { url } = exchange.requests.at(-1)!;
    assert.equal(`${url.pathname}${url.search}`, asks);
    abort.abort();
    await polling;
  });
}

describe('a book is refused', () => {
  const paths = { bids: 'bids', asks: 'asks', price: '[0]', size: '[1]' };
  const broken: readonly (readonly [what: string, text: string, reason: string])[] = [
    ['without bids', '{"asks":[["1","1"]]}', 'missing'],
    ['with an empty side', '{"bids":[],"asks":[["1","1"]]}', 'missing'],
    ['with nothing but deleted levels', '{"bids":[["1","0"]],"asks":[["2","1"]]}', 'missing'],
    ['that is crossed', '{"bids":[["3","1"]],"asks":[["2","1"]]}', 'crossed'],
    ['with a hole in the middle', '{"bids":[["1","1"]],"asks":[["2","1"]]}', 'wide_spread'],
    ['with a price of NaN', '{"bids":[["NaN","1"]],"asks":[["2","1"]]}', 'not_decimal'],
    ['with a size of 1e308', '{"bids":[["1",1e308]],"asks":[["2","1"]]}', 'out_of_range'],
    ['with levels of another form', '{"bids":[5],"asks":[["2","1"]]}', 'not_decimal'],
  ];
  for (const [what, text, reason] of broken)
    test(what, () => {
      const read = readBook(parseJson(text), paths);
      assert.equal('reason' in read ? read.reason : 'read', reason);
    });
});
