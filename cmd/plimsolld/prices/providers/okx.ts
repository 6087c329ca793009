import type { Check, Fields, Provider } from './description.js';

const success: readonly Check[] = [{ path: 'code', is: ['0'] }];
const fields: Fields = {
  symbol: 'instId',
  last: 'last',
  bid: 'bidPx',
  ask: 'askPx',
  volume: 'vol24h',
  time: { path: 'ts', unit: 'ms' },
};
const url = 'https://www.okx.com';
const limit = { requests: 8, perMs: 1_000 };

export const okx: Provider = {
  name: 'okx',
  title: 'OKX',
  kind: 'spot',
  docs: 'https://www.okx.com/docs-v5/en',
  symbol: { form: '{BASE}-{QUOTE}' },
  limit,
  rest: {
    url,
    path: '/api/v5/market/ticker?instId={symbol}',
    pollMs: 2_000,
    success,
    message: ['msg'],
    rows: 'data',
    fields,
  },
  websocket: {
    url: 'wss://ws.okx.com:8443/ws/v5/public',
    subscribe: { op: 'subscribe', args: [{ channel: 'tickers', instId: '{symbol}' }] },
    batch: 25,
    perConnection: 50,
    writeGapMs: 3_000,
    ping: { everyMs: 15_000, message: 'ping' },
    errors: [{ when: [{ path: 'event', is: ['error'] }], message: 'msg' }],
    when: [{ path: 'arg.channel', is: ['tickers'] }],
    rows: 'data',
    fields,
    silenceMs: 30_000,
  },
  book: {
    url,
    path: '/api/v5/market/books?instId={symbol}&sz=400',
    success,
    message: ['msg'],
    bids: 'data[0].bids',
    asks: 'data[0].asks',
    price: '[0]',
    size: '[1]',
  },
};

export const okxPerp: Provider = {
  name: 'okx-perp',
  title: 'OKX perpetual swaps',
  kind: 'perp',
  docs: 'https://www.okx.com/docs-v5/en',
  symbol: { form: '{BASE}-{QUOTE}-SWAP' },
  limit,
  // Its volume counts contracts, so it is not read.
  rest: {
    url,
    path: '/api/v5/market/ticker?instId={symbol}',
    pollMs: 2_500,
    success,
    message: ['msg'],
    rows: 'data',
    fields: { symbol: 'instId', last: 'last', bid: 'bidPx', ask: 'askPx', time: { path: 'ts', unit: 'ms' } },
  },
};
