/** What was asked of a venue. */
export interface Question {
  readonly url: URL;
}

/** What a made-up venue says of a pair. Any text: a liar may say "NaN". */
export interface Said {
  readonly last: string;
  readonly bid: string;
  readonly ask: string;
  readonly timeMs: number;
}

/** How a venue writes pairs, and the body it answers, by its documentation. */
interface Shape {
  readonly symbols: Readonly<Record<string, string>>;
  readonly body: (asked: Question, said: ReadonlyMap<string, Said>) => string;
}

const rows = (said: ReadonlyMap<string, Said>, row: (symbol: string, said: Said) => unknown): unknown[] =>
  [...said].map(([symbol, one]) => row(symbol, one));
/** Only the symbol that a query parameter names. */
const only = (asked: Question, parameter: string, said: ReadonlyMap<string, Said>): ReadonlyMap<string, Said> => {
  const symbol = asked.url.searchParams.get(parameter) ?? '';
  const one = said.get(symbol);
  return new Map(one === undefined ? [] : [[symbol, one]]);
};

/** Six venues, enough for a market: two single answers without a symbol, a map, a list in an envelope, one flat list, an array of arrays. */
export const shapes: Readonly<Record<string, Shape>> = {
  coinbase: {
    symbols: { 'BTC-USD': 'BTC-USD', 'ETH-USD': 'ETH-USD', 'USDT-USD': 'USDT-USD' },
    body: ({ url }, said) => {
      const one = said.get(url.pathname.split('/')[2]!);
      if (one === undefined) return '{"message":"NotFound"}';
      const { last, bid, ask, timeMs } = one;
      return JSON.stringify({ ask, bid, volume: '17697.9', trade_id: 1, price: last, size: '0.1', time: iso(timeMs) });
    },
  },
  kraken: {
    symbols: { 'BTC-USD': 'XXBTZUSD', 'ETH-USD': 'XETHZUSD', 'USDT-USD': 'USDTZUSD' },
    body: (_, said) =>
      JSON.stringify({
        error: [],
        result: Object.fromEntries(
          [...said].map(([symbol, { last, bid, ask }]) => [
            symbol,
            { a: [ask, '1', '1.000'], b: [bid, '2', '2.000'], c: [last, '0.01'], v: ['1', '2'], p: ['1', '1'] },
          ]),
        ),
      }),
  },
  bitstamp: {
    symbols: { 'BTC-USD': 'BTC/USD', 'ETH-USD': 'ETH/USD', 'USDT-USD': 'USDT/USD' },
    body: (_, said) =>
      JSON.stringify(
        rows(said, (pair, { last, bid, ask, timeMs }) => ({
          pair,
          last,
          bid,
          ask,
          volume: '100',
          timestamp: String(Math.ceil(timeMs / 1_000)),
        })),
      ),
  },
  okx: {
    symbols: { 'BTC-USDT': 'BTC-USDT', 'ETH-USDT': 'ETH-USDT' },
    body: (asked, said) =>
      JSON.stringify({
        code: '0',
        msg: '',
        data: rows(only(asked, 'instId', said), (instId, { last, bid, ask, timeMs }) => ({
          instType: 'SPOT',
          instId,
          last,
          askPx: ask,
          bidPx: bid,
          ts: String(timeMs),
        })),
      }),
  },
  bybit: {
    symbols: { 'BTC-USDT': 'BTCUSDT', 'ETH-USDT': 'ETHUSDT' },
    body: (asked, said) => {
      const found = only(asked, 'symbol', said);
      return JSON.stringify({
        retCode: 0,
        retMsg: 'OK',
        result: {
          category: 'spot',
          list: rows(found, (symbol, { last, bid, ask }) => ({
            symbol,
            bid1Price: bid,
            ask1Price: ask,
            lastPrice: last,
          })),
        },
        time: [...found.values()][0]?.timeMs ?? Date.now(),
      });
    },
  },
  binance: {
    symbols: { 'BTC-USDT': 'BTCUSDT', 'ETH-USDT': 'ETHUSDT' },
    body: (_, said) =>
      JSON.stringify(
        rows(said, (symbol, { last, bid, ask, timeMs }) => ({
          symbol,
          lastPrice: last,
          bidPrice: bid,
          askPrice: ask,
          volume: '5',
          closeTime: timeMs,
        })),
      ),
  },
};

const iso = (timeMs: number): string => new Date(timeMs).toISOString().replace('Z', '123Z');

/** An honest venue's word: bid and ask one part in 100,000 around the last trade. */
export function honest(price: number, timeMs = Date.now()): Said {
  const text = (value: number): string => value.toFixed(8);
  return { last: text(price), bid: text(price * 0.99999), ask: text(price * 1.00001), timeMs };
}

/** The answer of a venue that says this, in its own form. `said` is by pair. */
export function answerOf(
  venue: string,
  asked: Question,
  said: Readonly<Record<string, Said>>,
): { readonly body: string } {
  const { symbols, body } = shapes[venue]!;
  const bySymbol = new Map(
    Object.entries(said)
      .filter(([pair]) => symbols[pair] !== undefined)
      .map(([pair, one]) => [symbols[pair]!, one]),
  );
  return { body: body(asked, bySymbol) };
}
