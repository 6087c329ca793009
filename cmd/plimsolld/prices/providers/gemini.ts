import type { Provider } from './description.js';

export const gemini: Provider = {
  name: 'gemini',
  title: 'Gemini',
  kind: 'spot',
  docs: 'https://developer.gemini.com/trading/rest-api/market-data/get-ticker',
  symbol: { form: '{base}{quote}' },
  limit: { requests: 100, perMs: 60_000 },
  rest: {
    url: 'https://api.gemini.com',
    path: '/v1/pubticker/{symbol}',
    pollMs: 4_000,
    rows: '',
    message: ['message', 'reason'],
    // Its only time is that of the volume, which moves in steps of minutes.
    fields: { last: 'last', bid: 'bid', ask: 'ask' },
  },
  book: {
    url: 'https://api.gemini.com',
    path: '/v1/book/{symbol}?limit_bids=0&limit_asks=0',
    message: ['message', 'reason'],
    bids: 'bids',
    asks: 'asks',
    price: 'price',
    size: 'amount',
  },
};
