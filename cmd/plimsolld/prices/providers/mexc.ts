import type { Provider } from './description.js';

export const mexc: Provider = {
  name: 'mexc',
  title: 'MEXC',
  kind: 'spot',
  docs: 'https://www.mexc.com/api-docs/spot-v3/introduction',
  symbol: { form: '{BASE}{QUOTE}' },
  limit: { requests: 10, perMs: 1_000 },
  rest: {
    url: 'https://api.mexc.com',
    path: '/api/v3/ticker/24hr?symbol={symbol}',
    pollMs: 2_500,
    rows: '',
    message: ['msg'],
    fields: {
      symbol: 'symbol',
      last: 'lastPrice',
      bid: 'bidPrice',
      ask: 'askPrice',
      volume: 'volume',
      time: { path: 'closeTime', unit: 'ms' },
    },
  },
};
