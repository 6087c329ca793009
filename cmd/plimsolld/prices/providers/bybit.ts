import type { Check, Fields, Provider } from './description.js';

const success: readonly Check[] = [{ path: 'retCode', is: ['0'] }];
const fields: Fields = {
  symbol: 'symbol',
  last: 'lastPrice',
  bid: 'bid1Price',
  ask: 'ask1Price',
  volume: 'volume24h',
  time: { path: '/time', unit: 'ms' },
};
const url = 'https://api.bybit.com';
const limit = { requests: 10, perMs: 1_000 };

export const bybit: Provider = {
  name: 'bybit',
  title: 'Bybit',
  kind: 'spot',
  docs: 'https://bybit-exchange.github.io/docs/v5/intro',
  symbol: { form: '{BASE}{QUOTE}' },
  limit,
  rest: {
    url,
    path: '/v5/market/tickers?category=spot&symbol={symbol}',
    pollMs: 2_000,
    success,
    message: ['retMsg'],
    rows: 'result.list',
    fields,
  },
  websocket: {
    url: 'wss://stream.bybit.com/v5/public/spot',
    subscribe: { req_id: 'plimsoll-{id}', op: 'subscribe', args: ['tickers.{symbol}'] },
    batch: 10,
    perConnection: 50,
    writeGapMs: 200,
    ping: { everyMs: 15_000, message: { op: 'ping' } },
    errors: [{ when: [{ path: 'success', is: ['false'] }], message: 'ret_msg' }],
    when: [
      { path: 'topic', is: 'present' },
      { path: 'data.lastPrice', is: 'present' },
    ],
    rows: 'data',
    // Of spot the stream gives the last trade only.
    fields: { symbol: 'symbol', last: 'lastPrice', volume: 'volume24h', time: { path: '/ts', unit: 'ms' } },
    silenceMs: 30_000,
  },
  book: {
    url,
    path: '/v5/market/orderbook?category=spot&symbol={symbol}&limit=200',
    success,
    message: ['retMsg'],
    bids: 'result.b',
    asks: 'result.a',
    price: '[0]',
    size: '[1]',
  },
};

export const bybitPerp: Provider = {
  name: 'bybit-perp',
  title: 'Bybit linear perpetuals',
  kind: 'perp',
  docs: 'https://bybit-exchange.github.io/docs/v5/intro',
  symbol: { form: '{BASE}{QUOTE}' },
  limit,
  rest: {
    url,
    path: '/v5/market/tickers?category=linear&symbol={symbol}',
    pollMs: 2_500,
    success,
    message: ['retMsg'],
    rows: 'result.list',
    fields,
  },
  book: {
    url,
    path: '/v5/market/orderbook?category=linear&symbol={symbol}&limit=500',
    success,
    message: ['retMsg'],
    bids: 'result.b',
    asks: 'result.a',
    price: '[0]',
    size: '[1]',
  },
};
