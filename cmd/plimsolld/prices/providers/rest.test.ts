import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { formatDecimal } from '../decimal.js';
import { pairText, parsePair, venueSymbol } from '../pair.js';
import { Exchange, type Reply } from '../testing/exchange.js';
import { ask, AskFailure, askMode } from '../transport/ask.js';
import { findProvider, providers } from './index.js';
import { readRows } from './read.js';

const exchange = await Exchange.start();
after(() => exchange.close());
const limits = { timeoutMs: 5_000, maxBytes: 1_000_000, maxBackoffMs: 1_000 };

interface Case {
  readonly pairs: readonly string[];
  /** Path and query that must be asked, with the body of a POST behind it. */
  readonly asks: string;
  /** An answer as the venue documents it. */
  readonly body: string;
  /** Pair to price, time and volume. */
  readonly says: Readonly<Record<string, readonly [price: string, timeMs?: number, volume?: string]>>;
  /** Errors as the venue documents them, and what becomes of them. */
  readonly errors?: readonly (readonly [reply: Reply, outcome: string, blame: string, message: RegExp])[];
}

const cases: Readonly<Record<string, Case>> = {
  binance: {
    pairs: ['BTC-USDT', 'ETH-USDT'],
    asks: '/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22,%22ETHUSDT%22%5D',
    body: `[{"symbol":"BTCUSDT","priceChange":"1173.08000000","weightedAvgPrice":"27276.80501741","lastPrice":"27944.70000000","lastQty":"0.54273000","bidPrice":"27944.70000000","bidQty":"1.41017000","askPrice":"27944.71000000","askQty":"1.67637000","volume":"41234.5","openTime":1687206042695,"closeTime":1687292442695,"count":1081296},
      {"symbol":"ETHUSDT","lastPrice":"1730.10000000","bidPrice":"1730.11000000","askPrice":"1730.12000000","volume":"9","closeTime":1687292442001}]`,
    // The last trade of ETH lies below the bid: the bid is the median.
    says: { 'BTC-USDT': ['27944.7', 1687292442695, '41234.5'], 'ETH-USDT': ['1730.11', 1687292442001, '9'] },
    errors: [
      [{ status: 400, body: '{"code":-1121,"msg":"Invalid symbol."}' }, 'http_error', 'question', /Invalid symbol/],
      [{ status: 429, body: '{"code":-1003,"msg":"Too many requests."}' }, 'rate_limited', 'venue', /Too many/],
      [{ status: 418, body: '{"code":-1003,"msg":"IP banned"}' }, 'rate_limited', 'venue', /418: IP banned/],
    ],
  },
  bitfinex: {
    pairs: ['BTC-USD', 'USDT-USD'],
    asks: '/v2/tickers?symbols=tBTCUSD,tUSTUSD',
    body: '[["tBTCUSD",7616.5,31.89055171,7617.5,43.358118629999986,-550.8,-0.0674,7617.1,8314.71200815,8257.8,7500],["tUSTUSD",0.99981,1e5,0.99995,20,0,0,0.9999,123,1,0.99]]',
    says: { 'BTC-USD': ['7617.1', undefined, '8314.71200815'], 'USDT-USD': ['0.9999', undefined, '123'] },
    errors: [
      [{ status: 500, body: '["error",10020,"symbol: invalid"]' }, 'http_error', 'venue', /symbol: invalid/],
      [{ status: 429, body: '["error",11010,"ERR_RATE_LIMIT"]' }, 'rate_limited', 'venue', /ERR_RATE_LIMIT/],
    ],
  },
  bitstamp: {
    pairs: ['BTC-USD'],
    asks: '/api/v2/ticker/',
    body: '[{"pair":"ETH/USD","last":"1"},{"pair":"BTC/USD","last":"2211.00","bid":"2188.97","ask":"2211.00","volume":"213.26801100","timestamp":"1643640186"}]',
    says: { 'BTC-USD': ['2211', 1643640186000, '213.268011'] },
    errors: [[{ status: 403, body: '<html>403 Forbidden</html>' }, 'http_error', 'venue', /status 403/]],
  },
  bybit: {
    pairs: ['BTC-USDT'],
    asks: '/v5/market/tickers?category=spot&symbol=BTCUSDT',
    body: '{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[{"symbol":"BTCUSDT","bid1Price":"20517.96","ask1Price":"20527.77","lastPrice":"20533.13","volume24h":"9"}]},"retExtInfo":{},"time":1673859087947}',
    says: { 'BTC-USDT': ['20527.77', 1673859087947, '9'] },
    errors: [
      [
        { body: '{"retCode":10006,"retMsg":"Too many visits!","result":{}}' },
        'venue_error',
        'venue',
        /Too many visits/,
      ],
      [
        { body: '{"retCode":10001,"retMsg":"Not supported symbols","result":{}}' },
        'venue_error',
        'question',
        /Not supp/,
      ],
    ],
  },
  coinbase: {
    pairs: ['BTC-USD'],
    asks: '/products/BTC-USD/ticker',
    body: '{"ask":"25499.81","bid":"25499.8","volume":"17697.96099093","trade_id":539894971,"price":"25499.81","size":"0.00003172","time":"2023-06-16T02:26:52.037760Z"}',
    says: { 'BTC-USD': ['25499.81', Date.parse('2023-06-16T02:26:52.037Z'), '17697.96099093'] },
    errors: [
      [{ status: 404, body: '{"message":"NotFound"}' }, 'http_error', 'question', /NotFound/],
      [{ status: 429, body: '{"message":"rate limit exceeded"}' }, 'rate_limited', 'venue', /rate limit exceeded/],
      [{ status: 400, body: '{"message":"rate limit exceeded"}' }, 'http_error', 'venue', /rate limit exceeded/],
    ],
  },
  'crypto-com': {
    pairs: ['BTC-USDT'],
    asks: '/exchange/v1/public/get-tickers?instrument_name=BTC_USDT',
    // Nothing traded: a is null, and the middle of the book is the price.
    body: '{"id":-1,"method":"public/get-tickers","code":0,"result":{"data":[{"i":"BTC_USDT","h":"51790.00","l":"47895.50","a":null,"v":"879.5024","b":"51170.0","k":"51180.0","t":1613580710768}]}}',
    says: { 'BTC-USDT': ['51175', 1613580710768, '879.5024'] },
    errors: [
      [{ body: '{"code":40004,"message":"INVALID_INSTRUMENT"}' }, 'venue_error', 'question', /INVALID_INSTRUMENT/],
    ],
  },
  gate: {
    pairs: ['BTC-USDT'],
    asks: '/api/v4/spot/tickers?currency_pair=BTC_USDT',
    body: '[{"currency_pair":"BTC_USDT","last":"15743.4","lowest_ask":"15744.4","highest_bid":"15743.5","base_volume":"12"}]',
    says: { 'BTC-USDT': ['15743.5', undefined, '12'] },
    errors: [
      [
        { status: 400, body: '{"label":"INVALID_CURRENCY_PAIR","message":"Invalid currency pair"}' },
        'http_error',
        'question',
        /Invalid currency pair/,
      ],
    ],
  },
  gemini: {
    pairs: ['BTC-USD'],
    asks: '/v1/pubticker/btcusd',
    body: '{"bid":"977.35","ask":"977.59","last":"977.65","volume":{"BTC":"2210.505328803","USD":"2135477.463379586263","timestamp":1483018200000}}',
    says: { 'BTC-USD': ['977.59'] },
    errors: [
      [
        { status: 400, body: '{"result":"error","reason":"Bad Request","message":"Supplied value is not valid"}' },
        'http_error',
        'question',
        /Supplied value/,
      ],
    ],
  },
  htx: {
    pairs: ['BTC-USDT'],
    asks: '/market/tickers',
    body: '{"status":"ok","ts":1686861300000,"data":[{"symbol":"btcusdt","open":25984.99,"high":26096.0,"low":24800.7,"close":2.507799E4,"amount":4375.245351673388,"vol":1.1212023704534914E8,"count":98168,"bid":25077.0,"bidSize":1.097061,"ask":25077.01,"askSize":0.15}]}',
    says: { 'BTC-USDT': ['25077.01', 1686861300000, '4375.245351673388'] },
    errors: [
      [
        { body: '{"status":"error","err-code":"invalid-parameter","err-msg":"invalid symbol"}' },
        'venue_error',
        'question',
        /invalid symbol/,
      ],
    ],
  },
  kraken: {
    pairs: ['BTC-USD', 'SOL-USD'],
    asks: '/0/public/Ticker?pair=XXBTZUSD,SOLUSD',
    // p is an average of the day and stays far above after a fall; it must not count.
    body: '{"error":[],"result":{"XXBTZUSD":{"a":["24825.50000","1","1.000"],"b":["24820.50000","2","2.000"],"c":["24821.50000","0.01327170"],"v":["2780.31893666","5239.61837641"],"p":["29267.80173","29411.47287"],"t":[27258,43204],"l":["28904.60000","28904.60000"],"h":["29605.00000","29882.10000"],"o":"29476.80000"},"SOLUSD":{"a":["24.01"],"b":["24.00"],"c":["24.005","1"]}}}',
    says: { 'BTC-USD': ['24821.5', undefined, '5239.61837641'], 'SOL-USD': ['24.005'] },
    errors: [
      [{ body: '{"error":["EGeneral:Too many requests"]}' }, 'venue_error', 'venue', /Too many requests/],
      [{ body: '{"error":["EService:Unavailable"]}' }, 'venue_error', 'venue', /Unavailable/],
      [{ body: '{"error":["EQuery:Unknown asset pair"]}' }, 'venue_error', 'question', /Unknown asset pair/],
    ],
  },
  kucoin: {
    pairs: ['BTC-USDT'],
    asks: '/api/v1/market/allTickers',
    body: '{"code":"200000","data":{"time":1686844335704,"ticker":[{"symbol":"BTC-USDT","symbolName":"BTC-USDT","buy":"25008.4","sell":"25008.5","changeRate":"-0.0354","high":"26096.2","low":"24821","vol":"5319.95816412","last":"25008.5","averagePrice":"25932.02298664"}]}}',
    says: { 'BTC-USDT': ['25008.5', 1686844335704, '5319.95816412'] },
    errors: [
      [{ status: 429, body: '{"code":"429000","msg":"Too Many Requests"}' }, 'rate_limited', 'venue', /Too Many/],
      [{ body: '{"code":"900001","msg":"symbol not exists"}' }, 'venue_error', 'question', /symbol not exists/],
    ],
  },
  mexc: {
    pairs: ['BTC-USDT'],
    asks: '/api/v3/ticker/24hr?symbol=BTCUSDT',
    body: '{"symbol":"BTCUSDT","lastPrice":"25325.29","bidPrice":"25324.13","askPrice":"25324.14","volume":"7795.767484","openTime":1686774900000,"closeTime":1686861300000}',
    says: { 'BTC-USDT': ['25324.14', 1686861300000, '7795.767484'] },
    errors: [[{ status: 400, body: '{"code":-1121,"msg":"Invalid symbol."}' }, 'http_error', 'question', /Invalid/]],
  },
  okx: {
    pairs: ['BTC-USDT'],
    asks: '/api/v5/market/ticker?instId=BTC-USDT',
    body: '{"code":"0","msg":"","data":[{"instType":"SPOT","instId":"BTC-USDT","last":"24969.2","lastSz":"0.00001143","askPx":"24969.3","askSz":"1.41619718","bidPx":"24969.2","bidSz":"0.95523449","open24h":"25959.6","vol24h":"1","ts":"1686844335704"}]}',
    says: { 'BTC-USDT': ['24969.2', 1686844335704, '1'] },
    errors: [
      [{ body: '{"code":"50011","msg":"Too Many Requests","data":[]}' }, 'venue_error', 'venue', /Too Many Requests/],
      [{ body: '{"code":"51001","msg":"Instrument ID does not exist","data":[]}' }, 'venue_error', 'question', /Instr/],
    ],
  },
  'binance-perp': {
    pairs: ['BTC-USDT'],
    asks: '/fapi/v1/ticker/bookTicker?symbol=BTCUSDT',
    body: '{"symbol":"BTCUSDT","bidPrice":"27940.10","bidQty":"431","askPrice":"27940.30","askQty":"9","time":1687292442695}',
    says: { 'BTC-USDT': ['27940.2', 1687292442695] },
  },
  'bybit-perp': {
    pairs: ['BTC-USDT'],
    asks: '/v5/market/tickers?category=linear&symbol=BTCUSDT',
    body: '{"retCode":0,"retMsg":"OK","result":{"category":"linear","list":[{"symbol":"BTCUSDT","lastPrice":"20500.10","markPrice":"20501","bid1Price":"20500.00","ask1Price":"20500.50"}]},"time":1673859087947}',
    says: { 'BTC-USDT': ['20500.1', 1673859087947] },
  },
  'hyperliquid-perp': {
    pairs: ['BTC-USD', 'ETH-USD'],
    asks: '/info {"type":"allMids"}',
    body: '{"@142":"80907.5","BTC":"80868.5","ETH":"2296.45","PURR/USDC":"0.067131"}',
    says: { 'BTC-USD': ['80868.5'], 'ETH-USD': ['2296.45'] },
  },
  'okx-perp': {
    pairs: ['BTC-USDT'],
    asks: '/api/v5/market/ticker?instId=BTC-USDT-SWAP',
    body: '{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","last":"24960.2","askPx":"24960.3","bidPx":"24960.1","ts":"1686844335704"}]}',
    says: { 'BTC-USDT': ['24960.2', 1686844335704] },
  },
};

test('every provider has its documented answer here', () => {
  assert.deepEqual(Object.keys(cases).sort(), providers.map(({ name }) => name).sort());
});

for (const [name, { pairs, asks, body, says, errors = [] }] of Object.entries(cases)) {
  describe(name, () => {
    const { rest, symbol } = findProvider(name)!;
    const symbols = new Map(pairs.map((pair) => [venueSymbol(symbol, parsePair(pair)!), pair]));
    const signal = new AbortController().signal;
    const put = (): ReturnType<typeof ask> => ask(rest, exchange.url, [...symbols.keys()], limits, signal);

    test('is asked as it wants to be and read as it says', async () => {
      exchange.answering = () => ({ body });
      const { observations, refusals } = readRows(await put(), rest, [...symbols.keys()], Date.now(), true);
      const { url, body: sent } = exchange.requests.at(-1)!;
      assert.equal(`${url.pathname}${url.search}${sent === '' ? '' : ` ${sent}`}`, asks);
      assert.deepEqual(refusals, []);
      const found = Object.fromEntries(
        observations.map(({ symbol: one, price, timeMs, volume }) => {
          const values = [formatDecimal(price), timeMs, volume === undefined ? undefined : formatDecimal(volume)];
          while (values.at(-1) === undefined) values.pop();
          return [symbols.get(one)!, values];
        }),
      );
      assert.deepEqual(found, says);
    });

    for (const [reply, outcome, blame, message] of errors) {
      test(`has no price with ${reply.status ?? 200} ${String(reply.body)}`, async () => {
        exchange.answering = () => reply;
        await assert.rejects(put(), (error: AskFailure) => {
          assert.ok(error instanceof AskFailure);
          assert.deepEqual([error.outcome, error.blame], [outcome, blame]);
          assert.match(error.message, message);
          return true;
        });
      });
    }

    test('that names another pair is not believed', () => {
      if (askMode(rest) === 'all' || rest.fields.symbol === undefined) return;
      const message = { symbol: 'OTHER', instId: 'OTHER', currency_pair: 'OTHER', i: 'OTHER', lastPrice: '1' };
      const { observations } = readRows(
        [message],
        { rows: '', fields: rest.fields },
        [[...symbols.keys()][0]!],
        0,
        true,
      );
      assert.deepEqual(observations, []);
    });
  });
}

describe('a pair as a venue writes it', () => {
  const names: readonly (readonly [provider: string, pair: string, symbol: string])[] = [
    ['kraken', 'ETH-USD', 'XETHZUSD'],
    ['kraken', 'DOGE-USD', 'XDGUSD'],
    ['kraken', 'USDT-USD', 'USDTZUSD'],
    ['bitfinex', 'ETH-USD', 'tETHUSD'],
    ['bitstamp', 'ETH-USD', 'ETH/USD'],
    ['htx', 'ETH-USDT', 'ethusdt'],
    ['gate', 'ETH-USDT', 'ETH_USDT'],
    ['okx-perp', 'ETH-USDT', 'ETH-USDT-SWAP'],
    ['hyperliquid-perp', 'SOL-USD', 'SOL'],
  ];
  for (const [provider, pair, expected] of names)
    test(`${pair} at ${provider} is ${expected}`, () => {
      assert.equal(venueSymbol(findProvider(provider)!.symbol, parsePair(pair)!), expected);
      assert.equal(pairText(parsePair(pair)!), pair);
    });
});
