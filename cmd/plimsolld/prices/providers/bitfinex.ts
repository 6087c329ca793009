import type { Provider } from './description.js';

export const bitfinex: Provider = {
  name: 'bitfinex',
  title: 'Bitfinex',
  kind: 'spot',
  docs: 'https://docs.bitfinex.com/reference/rest-public-tickers',
  symbol: { form: 't{BASE}{QUOTE}', assets: { USDT: 'UST', USDC: 'UDC' } },
  limit: { requests: 24, perMs: 60_000 },
  rest: {
    url: 'https://api-pub.bitfinex.com',
    path: '/v2/tickers?symbols={symbols}',
    join: ',',
    maxSymbols: 30,
    pollMs: 3_000,
    // Rows are arrays: symbol, bid, bid size, ask, ask size, change, relative change, last, volume, high, low.
    // An error is an array too: ["error", code, text].
    rows: '',
    message: ['[2]'],
    fields: { symbol: '[0]', bid: '[1]', ask: '[3]', last: '[7]', volume: '[8]' },
  },
};
