import type { Provider } from './description.js';

export const kraken: Provider = {
  name: 'kraken',
  title: 'Kraken',
  kind: 'spot',
  docs: 'https://docs.kraken.com/api',
  symbol: {
    form: '{BASE}{QUOTE}',
    assets: { BTC: 'XBT', DOGE: 'XDG' },
    // The oldest pairs carry a class before each asset.
    pairs: {
      'BTC-USD': 'XXBTZUSD',
      'ETH-USD': 'XETHZUSD',
      'LTC-USD': 'XLTCZUSD',
      'XRP-USD': 'XXRPZUSD',
      'XLM-USD': 'XXLMZUSD',
      'XMR-USD': 'XXMRZUSD',
      'ETC-USD': 'XETCZUSD',
      'ZEC-USD': 'XZECZUSD',
      'USDT-USD': 'USDTZUSD',
    },
  },
  limit: { requests: 1, perMs: 1_000 },
  rest: {
    url: 'https://api.kraken.com',
    path: '/0/public/Ticker?pair={symbols}',
    join: ',',
    maxSymbols: 20,
    pollMs: 2_000,
    rows: 'result.*',
    // Errors come with status 200.
    success: [{ path: 'error', is: 'empty' }],
    message: ['error[0]'],
    // c is the last trade; p is an average over the day that lags in a crash by hours.
    fields: { symbol: '$key', last: 'c[0]', bid: 'b[0]', ask: 'a[0]', volume: 'v[1]' },
  },
  websocket: {
    url: 'wss://ws.kraken.com',
    symbol: { form: '{BASE}/{QUOTE}', assets: { BTC: 'XBT', DOGE: 'XDG' } },
    subscribe: { event: 'subscribe', pair: ['{symbol}'], subscription: { name: 'ticker' } },
    batch: 20,
    perConnection: 50,
    writeGapMs: 200,
    errors: [{ when: [{ path: 'status', is: ['error'] }], message: 'errorMessage' }],
    when: [{ path: '[2]', is: ['ticker'] }],
    rows: '$message',
    fields: { symbol: '[3]', last: '[1].c[0]', bid: '[1].b[0]', ask: '[1].a[0]', volume: '[1].v[1]' },
    silenceMs: 10_000,
  },
  book: {
    url: 'https://api.kraken.com',
    path: '/0/public/Depth?pair={symbol}&count=500',
    success: [{ path: 'error', is: 'empty' }],
    message: ['error[0]'],
    bids: 'result.*.bids',
    asks: 'result.*.asks',
    price: '[0]',
    size: '[1]',
  },
};
