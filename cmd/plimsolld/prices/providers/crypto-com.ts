import type { Provider } from './description.js';

export const cryptoCom: Provider = {
  name: 'crypto-com',
  title: 'Crypto.com Exchange',
  kind: 'spot',
  docs: 'https://exchange-docs.crypto.com/exchange/v1/rest-ws/index.html',
  symbol: { form: '{BASE}_{QUOTE}' },
  limit: { requests: 20, perMs: 1_000 },
  rest: {
    url: 'https://api.crypto.com',
    path: '/exchange/v1/public/get-tickers?instrument_name={symbol}',
    pollMs: 2_500,
    success: [{ path: 'code', is: ['0'] }],
    message: ['message'],
    rows: 'result.data',
    // a, b and k are null where nothing traded.
    fields: { symbol: 'i', last: 'a', bid: 'b', ask: 'k', volume: 'v', time: { path: 't', unit: 'ms' } },
  },
  websocket: {
    url: 'wss://stream.crypto.com/exchange/v1/market',
    subscribe: { id: '{id}', method: 'subscribe', params: { channels: ['ticker.{symbol}'] } },
    batch: 50,
    perConnection: 200,
    writeGapMs: 100,
    // Requests in the first second count against a limit of the whole connection.
    afterOpenMs: 1_000,
    answers: [
      {
        when: [{ path: 'method', is: ['public/heartbeat'] }],
        send: { id: '{@id}', method: 'public/respond-heartbeat' },
      },
    ],
    errors: [
      {
        when: [
          { path: 'code', is: 'present' },
          { path: 'message', is: 'present' },
        ],
        message: 'message',
      },
    ],
    when: [{ path: 'result.channel', is: ['ticker'] }],
    rows: 'result.data',
    fields: { symbol: 'i', last: 'a', bid: 'b', ask: 'k', volume: 'v', time: { path: 't', unit: 'ms' } },
    silenceMs: 45_000,
  },
};
