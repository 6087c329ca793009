import type { Provider } from './description.js';

export const coinbase: Provider = {
  name: 'coinbase',
  title: 'Coinbase Exchange',
  kind: 'spot',
  docs: 'https://docs.cdp.coinbase.com/exchange',
  symbol: { form: '{BASE}-{QUOTE}' },
  limit: { requests: 6, perMs: 1_000 },
  rest: {
    url: 'https://api.exchange.coinbase.com',
    // The answer names no symbol: it is of the product in the path.
    path: '/products/{symbol}/ticker',
    pollMs: 2_000,
    rows: '',
    message: ['message'],
    fields: { last: 'price', bid: 'bid', ask: 'ask', volume: 'volume', time: { path: 'time', unit: 'iso' } },
  },
  websocket: {
    url: 'wss://ws-feed.exchange.coinbase.com',
    subscribe: { type: 'subscribe', product_ids: ['{symbol}'], channels: ['ticker', 'heartbeat'] },
    batch: 30,
    perConnection: 30,
    writeGapMs: 100,
    errors: [{ when: [{ path: 'type', is: ['error'] }], message: 'message' }],
    when: [{ path: 'type', is: ['ticker'] }],
    rows: '$message',
    fields: {
      symbol: 'product_id',
      last: 'price',
      bid: 'best_bid',
      ask: 'best_ask',
      volume: 'volume_24h',
      time: { path: 'time', unit: 'iso' },
      sequence: 'sequence',
    },
    // A heartbeat each second says that nothing was missed: a quiet price still stands.
    alive: { when: [{ path: 'type', is: ['heartbeat'] }], symbol: 'product_id' },
    silenceMs: 10_000,
  },
  book: {
    url: 'https://api.exchange.coinbase.com',
    path: '/products/{symbol}/book?level=2',
    message: ['message'],
    bids: 'bids',
    asks: 'asks',
    price: '[0]',
    size: '[1]',
  },
};
