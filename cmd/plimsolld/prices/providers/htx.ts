import type { Provider } from './description.js';

export const htx: Provider = {
  name: 'htx',
  title: 'HTX (Huobi)',
  kind: 'spot',
  docs: 'https://huobiapi.github.io/docs/spot/v1/en/',
  symbol: { form: '{base}{quote}' },
  limit: { requests: 10, perMs: 1_000 },
  rest: {
    url: 'https://api.huobi.pro',
    path: '/market/tickers',
    pollMs: 3_000,
    // Errors come with status 200; prices are numbers and may carry exponents.
    success: [{ path: 'status', is: ['ok'] }],
    message: ['err-msg'],
    rows: 'data',
    fields: {
      symbol: 'symbol',
      last: 'close',
      bid: 'bid',
      ask: 'ask',
      volume: 'amount',
      time: { path: '/ts', unit: 'ms' },
    },
  },
  websocket: {
    url: 'wss://api.huobi.pro/ws',
    subscribe: { sub: 'market.{symbol}.ticker', id: 'plimsoll-{id}' },
    batch: 1,
    perConnection: 50,
    writeGapMs: 100,
    compression: 'gzip',
    answers: [{ when: [{ path: 'ping', is: 'present' }], send: { pong: '{@ping}' } }],
    errors: [{ when: [{ path: 'status', is: ['error'] }], message: 'err-msg' }],
    when: [{ path: 'tick', is: 'present' }],
    rows: 'tick',
    fields: {
      symbol: '/ch',
      symbolForm: 'market.{symbol}.ticker',
      last: 'lastPrice',
      bid: 'bid',
      ask: 'ask',
      volume: 'amount',
      time: { path: '/ts', unit: 'ms' },
    },
    silenceMs: 20_000,
  },
};
