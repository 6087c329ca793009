import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { WebSocket } from 'ws';
import { formatDecimal } from '../decimal.js';
import { parsePair, venueSymbol } from '../pair.js';
import type { WebSocketFeed } from '../providers/description.js';
import { findProvider, providers } from '../providers/index.js';
import { Quotes } from '../quotes.js';
import { Exchange, pause, until } from '../testing/exchange.js';
import type { FeedEvents } from './feed.js';
import { stream } from './stream.js';

const exchanges: Exchange[] = [];
const aborts: AbortController[] = [];
after(async () => {
  for (const abort of aborts) abort.abort();
  for (const exchange of exchanges) await exchange.close();
});

interface Listening {
  readonly exchange: Exchange;
  readonly quotes: Quotes;
  /** "websocket venue_error: text", "refused BTC-USD crossed". */
  readonly told: string[];
  price(pair: string): string | undefined;
  stop(): Promise<void>;
}

/** A stream of a provider to a venue on loopback that behaves as `serving` says. */
async function listen(
  name: string,
  pairs: readonly string[],
  prepare: (exchange: Exchange) => void,
  changes: Partial<WebSocketFeed> = {},
): Promise<Listening> {
  const exchange = await Exchange.start();
  exchanges.push(exchange);
  prepare(exchange);
  const provider = findProvider(name)!;
  const feed: WebSocketFeed = { ...provider.websocket!, writeGapMs: 1, afterOpenMs: 0, ...changes };
  const quotes = new Quotes();
  const told: string[] = [];
  const events: FeedEvents = {
    outcome: (_, transport, outcome, detail) => told.push(`${transport} ${outcome}${detail && `: ${detail}`}`),
    refused: (_, symbol, reason) => told.push(`refused ${symbol} ${reason}`),
    connections: (_, change) => told.push(change === 1 ? 'open' : 'ended'),
  };
  const abort = new AbortController();
  aborts.push(abort);
  const running = stream(
    {
      provider: name,
      feed,
      url: feed.ticket === undefined ? exchange.webSocketUrl : feed.url,
      ticketUrl: exchange.url,
      symbols: new Map(pairs.map((pair) => [venueSymbol(feed.symbol ?? provider.symbol, parsePair(pair)!), pair])),
      quotes,
      limits: { timeoutMs: 2_000, maxBytes: 100_000, maxBackoffMs: 50 },
      events,
      silenceMs: feed.silenceMs,
    },
    abort.signal,
  );
  return {
    exchange,
    quotes,
    told,
    price: (pair) => {
      const quote = quotes.get(name, pair);
      return quote === undefined ? undefined : formatDecimal(quote.price);
    },
    stop: async () => {
      abort.abort();
      await running;
      await exchange.close();
    },
  };
}

interface Case {
  readonly pairs: readonly string[];
  /** What must be sent, each as JSON or bare text. */
  readonly subscribes: readonly unknown[];
  /** What the venue sends after that, as it documents it: text, or bytes. */
  readonly sends: readonly (string | Buffer)[];
  readonly says: Readonly<Record<string, readonly [price: string, timeMs?: number]>>;
  /** A message of an error, and what is said of it. */
  readonly error?: readonly [string | Buffer, RegExp];
  /** What the venue wants answered, and the answer. */
  readonly asks?: readonly [string | Buffer, unknown];
  readonly ping?: unknown;
}

const now = Date.now();
const gzip = (value: unknown): Buffer => gzipSync(JSON.stringify(value));

const cases: Readonly<Record<string, Case>> = {
  binance: {
    pairs: ['BTC-USDT', 'ETH-USDT'],
    subscribes: [{ method: 'SUBSCRIBE', params: ['btcusdt@ticker', 'ethusdt@ticker'], id: 1 }],
    sends: [
      '{"result":null,"id":1}',
      `{"stream":"btcusdt@ticker","data":{"e":"24hrTicker","E":${now},"s":"BTCUSDT","c":"27944.71","b":"27944.70","a":"27944.72","v":"100"}}`,
    ],
    says: { 'BTC-USDT': ['27944.71', now] },
    error: ['{"error":{"code":2,"msg":"Invalid request"},"id":1}', /Invalid request/],
  },
  bitstamp: {
    pairs: ['BTC-USD', 'ETH-USD'],
    subscribes: [
      { event: 'bts:subscribe', data: { channel: 'live_trades_btcusd' } },
      { event: 'bts:subscribe', data: { channel: 'live_trades_ethusd' } },
    ],
    sends: [
      '{"event":"bts:subscription_succeeded","channel":"live_trades_btcusd","data":{}}',
      `{"data":{"id":1,"timestamp":"${Math.floor(now / 1000)}","amount":0.1,"price":27000.5,"price_str":"27000.50","type":0,"microtimestamp":"${now}123"},"channel":"live_trades_btcusd","event":"trade"}`,
    ],
    says: { 'BTC-USD': ['27000.5', now] },
    error: ['{"event":"bts:error","channel":"","data":{"code":4009,"message":"Bad subscription"}}', /Bad subscription/],
    ping: { event: 'bts:heartbeat' },
  },
  bybit: {
    pairs: ['BTC-USDT', 'ETH-USDT'],
    subscribes: [{ req_id: 'plimsoll-1', op: 'subscribe', args: ['tickers.BTCUSDT', 'tickers.ETHUSDT'] }],
    sends: [
      '{"success":true,"ret_msg":"subscribe","conn_id":"1","req_id":"plimsoll-1","op":"subscribe"}',
      `{"topic":"tickers.BTCUSDT","ts":${now},"type":"snapshot","cs":2588407389,"data":{"symbol":"BTCUSDT","lastPrice":"21109.77","highPrice24h":"21426.99","volume24h":"6780.866843","usdIndexPrice":"21120.2400136"}}`,
    ],
    says: { 'BTC-USDT': ['21109.77', now] },
    error: ['{"success":false,"ret_msg":"Invalid symbol :[tickers.X]","op":"subscribe"}', /Invalid symbol/],
    ping: { op: 'ping' },
  },
  coinbase: {
    pairs: ['BTC-USD'],
    subscribes: [{ type: 'subscribe', product_ids: ['BTC-USD'], channels: ['ticker', 'heartbeat'] }],
    sends: [
      '{"type":"subscriptions","channels":[{"name":"ticker","product_ids":["BTC-USD"]}]}',
      `{"type":"ticker","sequence":29912241,"product_id":"BTC-USD","price":"25500.00","best_bid":"25499.99","best_ask":"25500.01","volume_24h":"12","time":"${new Date(now).toISOString()}"}`,
    ],
    says: { 'BTC-USD': ['25500', now] },
    error: ['{"type":"error","message":"Failed to subscribe","reason":"XYZ is not a valid product"}', /Failed to sub/],
  },
  'crypto-com': {
    pairs: ['BTC-USDT'],
    subscribes: [{ id: 1, method: 'subscribe', params: { channels: ['ticker.BTC_USDT'] } }],
    sends: [
      '{"id":1,"method":"subscribe","code":0}',
      `{"id":-1,"method":"subscribe","code":0,"result":{"instrument_name":"BTC_USDT","subscription":"ticker.BTC_USDT","channel":"ticker","data":[{"h":"51790.00","l":"47895.50","a":"51174.5","b":"51170.0","k":"51180.0","v":"879.5","t":${now},"i":"BTC_USDT"}]}}`,
    ],
    says: { 'BTC-USDT': ['51174.5', now] },
    error: ['{"id":1,"code":40003,"message":"Unknown symbol","method":"subscribe"}', /Unknown symbol/],
    asks: [
      '{"id":1587523073344,"method":"public/heartbeat","code":0}',
      { id: 1587523073344, method: 'public/respond-heartbeat' },
    ],
  },
  gate: {
    pairs: ['BTC-USDT'],
    subscribes: [{ id: 1, channel: 'spot.tickers', event: 'subscribe', payload: ['BTC_USDT'] }],
    sends: [
      '{"time":1606292218,"time_ms":1606292218231,"channel":"spot.tickers","event":"subscribe","result":{"status":"success"}}',
      `{"time":${Math.floor(now / 1000)},"time_ms":${now},"channel":"spot.tickers","event":"update","result":{"currency_pair":"BTC_USDT","last":"15743.4","lowest_ask":"15744.4","highest_bid":"15743.5","base_volume":"1"}}`,
    ],
    says: { 'BTC-USDT': ['15743.5', now] },
    error: [
      '{"time":1,"channel":"spot.tickers","event":"subscribe","error":{"code":2,"message":"unknown currency pair GIBBERISH_USD"},"result":null}',
      /unknown currency pair/,
    ],
    ping: { channel: 'spot.ping' },
  },
  htx: {
    pairs: ['BTC-USDT', 'ETH-USDT'],
    subscribes: [
      { sub: 'market.btcusdt.ticker', id: 'plimsoll-1' },
      { sub: 'market.ethusdt.ticker', id: 'plimsoll-2' },
    ],
    sends: [
      gzip({ id: 'plimsoll-1', status: 'ok', subbed: 'market.btcusdt.ticker', ts: now }),
      gzip({
        ch: 'market.btcusdt.ticker',
        ts: now,
        tick: {
          open: 51732,
          close: 52735.63,
          bid: 52732.88,
          bidSize: 0.036,
          ask: 52732.89,
          lastPrice: 52735.63,
          amount: 3,
        },
      }),
    ],
    says: { 'BTC-USDT': ['52732.89', now] },
    error: [
      gzip({ status: 'error', 'err-code': 'bad-request', 'err-msg': 'invalid topic market.x.ticker' }),
      /invalid topic/,
    ],
    asks: [gzip({ ping: 18212558000 }), { pong: 18212558000 }],
  },
  kraken: {
    pairs: ['BTC-USD', 'ETH-USD'],
    subscribes: [{ event: 'subscribe', pair: ['XBT/USD', 'ETH/USD'], subscription: { name: 'ticker' } }],
    sends: [
      '{"connectionID":10371464400491757038,"event":"systemStatus","status":"online","version":"1.9.0"}',
      '{"channelID":10001,"channelName":"ticker","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"name":"ticker"}}',
      '{"event":"heartbeat"}',
      '[340,{"a":["24825.5",0,"1.0"],"b":["24820.5",2,"2.0"],"c":["24821.5","0.01"],"v":["2780.3","5239.6"],"p":["29267.8","29411.4"]},"ticker","XBT/USD"]',
    ],
    says: { 'BTC-USD': ['24821.5'] },
    error: [
      '{"errorMessage":"Currency pair not supported XYZ","event":"subscriptionStatus","pair":"XYZ","status":"error"}',
      /Currency pair not supported/,
    ],
  },
  kucoin: {
    pairs: ['BTC-USDT', 'ETH-USDT'],
    subscribes: [
      { id: 1, type: 'subscribe', topic: '/market/ticker:BTC-USDT,ETH-USDT', privateChannel: false, response: true },
    ],
    sends: [
      '{"id":"x","type":"welcome"}',
      '{"id":"1","type":"ack"}',
      `{"type":"message","topic":"/market/ticker:BTC-USDT","subject":"trade.ticker","data":{"sequence":"1545896668986","price":"25008.5","size":"0.011","bestAsk":"25008.6","bestAskSize":"0.18","bestBid":"25008.4","bestBidSize":"0.036","time":${now}}}`,
    ],
    says: { 'BTC-USDT': ['25008.5', now] },
    error: ['{"id":"1","type":"error","code":404,"data":"topic /market/ticker:X is not found"}', /is not found/],
    ping: { type: 'ping' },
  },
  okx: {
    pairs: ['BTC-USDT', 'ETH-USDT'],
    subscribes: [
      {
        op: 'subscribe',
        args: [
          { channel: 'tickers', instId: 'BTC-USDT' },
          { channel: 'tickers', instId: 'ETH-USDT' },
        ],
      },
    ],
    sends: [
      '{"event":"subscribe","arg":{"channel":"tickers","instId":"BTC-USDT"},"connId":"a4d3ae55"}',
      'pong',
      `{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{"instType":"SPOT","instId":"BTC-USDT","last":"24969.2","askPx":"24969.3","bidPx":"24969.2","vol24h":"2","ts":"${now}"}]}`,
    ],
    says: { 'BTC-USDT': ['24969.2', now] },
    error: ['{"event":"error","code":"60012","msg":"Illegal request","connId":"1"}', /Illegal request/],
    ping: 'ping',
  },
};

test('every provider with a WebSocket has its documented messages here', () => {
  const named = providers.filter(({ websocket }) => websocket !== undefined).map(({ name }) => name);
  assert.deepEqual(Object.keys(cases).sort(), named.sort());
});

/** A ticket that leads to the exchange itself. */
const withTicket = (exchange: Exchange): void => {
  exchange.answering = () => ({
    body: JSON.stringify({
      code: '200000',
      data: {
        token: 'abc',
        instanceServers: [{ endpoint: exchange.webSocketUrl, encrypt: true, pingInterval: 18000 }],
      },
    }),
  });
};

const readMessage = (text: string): unknown => {
  try {
    const { time: _, ...message } = JSON.parse(text) as Record<string, unknown>;
    return message;
  } catch {
    return text;
  }
};

for (const [name, { pairs, subscribes, sends, says, error, asks, ping }] of Object.entries(cases)) {
  test(`${name} is subscribed to as it wants to be and read as it says`, async () => {
    const listening = await listen(
      name,
      pairs,
      (exchange) => {
        withTicket(exchange);
        let heard = 0;
        exchange.serving = (socket) => {
          socket.on('message', () => {
            if (++heard !== subscribes.length) return;
            for (const message of sends) socket.send(message);
            if (error !== undefined) socket.send(error[0]);
            if (asks !== undefined) socket.send(asks[0]);
          });
        };
      },
      ping === undefined ? {} : { ping: { ...findProvider(name)!.websocket!.ping, everyMs: 300 } },
    );
    const { exchange, told } = listening;
    await until('prices', () => Object.keys(says).every((pair) => listening.price(pair) !== undefined));
    assert.deepEqual(exchange.messages.slice(0, subscribes.length).map(readMessage), subscribes);
    for (const [pair, [price, timeMs]] of Object.entries(says)) {
      assert.equal(listening.price(pair), price);
      assert.equal(listening.quotes.get(name, pair)!.timeMs, timeMs);
    }
    if (error !== undefined) {
      await until('the error to be told', () => told.some((line) => line.includes('venue_error')));
      assert.match(
        told.find((line) => line.includes('venue_error'))!,
        error[1],
      );
    }
    if (asks !== undefined)
      await until('the answer', () => exchange.messages.some((text) => deepEqual(readMessage(text), asks[1])));
    if (ping !== undefined)
      await until('a ping', () =>
        exchange.messages.map(readMessage).some((sent) => {
          if (typeof ping === 'string' || typeof sent === 'string') return sent === ping;
          const { id: _, ...rest } = sent as Record<string, unknown>;
          return deepEqual(rest, ping);
        }),
      );
    assert.deepEqual(
      told.filter((line) => line.startsWith('refused')),
      [],
    );
    await listening.stop();
  });
}

function deepEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

const tick = (price: string, sequence = 1, timeMs = Date.now()): string =>
  JSON.stringify({
    type: 'ticker',
    sequence,
    product_id: 'BTC-USD',
    price,
    time: new Date(timeMs).toISOString(),
  });

describe('a stream', () => {
  test('that falls silent is connected again', async () => {
    const listening = await listen(
      'coinbase',
      ['BTC-USD'],
      (exchange) => {
        exchange.serving = (socket) => socket.send(tick(`${exchange.connections}`));
      },
      { silenceMs: 200 },
    );
    await until('the third connection', () => listening.price('BTC-USD') === '3');
    assert.ok(listening.told.includes('websocket silent: nothing for 200 ms'), listening.told.join('; '));
    assert.equal(listening.exchange.sockets.size, 1);
    await listening.stop();
    assert.equal(
      listening.told.filter((line) => line === 'open').length,
      listening.told.filter((line) => line === 'ended').length,
    );
  });

  test('that carries heartbeats but no price any more is connected again', async () => {
    const listening = await listen(
      'kraken',
      ['BTC-USD'],
      (exchange) => {
        exchange.serving = (socket) => {
          const timer = setInterval(() => socket.send('{"event":"heartbeat"}'), 30);
          socket.on('close', () => clearInterval(timer));
        };
      },
      { silenceMs: 100 },
    );
    // On a busy machine heartbeats may be late too, which is another reason.
    const noPrice = 'websocket silent: no price for 600 ms';
    await until('a second connection for want of a price', () => listening.told.includes(noPrice));
    await until('it', () => listening.exchange.connections >= 2);
    await listening.stop();
  });

  test('that is closed, cut or refused is connected again until it holds', async () => {
    const ends: readonly ((socket: WebSocket) => void)[] = [
      (socket) => socket.close(1012),
      (socket) => socket.terminate(),
      (socket) => socket.close(),
      (socket) => socket.send('x'.repeat(200_000)),
      (socket) => {
        for (let count = 0; count < 25; count++) socket.send('{"broken":');
      },
    ];
    const listening = await listen('coinbase', ['BTC-USD'], (exchange) => {
      exchange.serving = (socket) => {
        const end = ends[exchange.connections - 1];
        if (end === undefined) socket.send(tick('7'));
        else end(socket);
      };
    });
    await until('a price at last', () => listening.price('BTC-USD') === '7');
    assert.equal(listening.exchange.connections, ends.length + 1);
    const said = listening.told.join('\n');
    for (const word of [/closed: closed with code 1012/, /too_large/, /not_json: 20 unusable messages/])
      assert.match(said, word);
    await listening.stop();
  });

  test('is connected again where the venue wants it', async () => {
    const listening = await listen('bitstamp', ['BTC-USD'], (exchange) => {
      exchange.serving = (socket) => {
        if (exchange.connections === 1) socket.send('{"event":"bts:request_reconnect","channel":"","data":""}');
      };
    });
    await until('the second connection', () => listening.exchange.connections === 2);
    assert.ok(listening.told.includes('websocket closed: the venue asked to connect again'), listening.told.join('; '));
    await listening.stop();
  });

  test('passes over messages that arrive late, and takes numbers from the start on a new connection', async () => {
    const listening = await listen('coinbase', ['BTC-USD'], (exchange) => {
      exchange.serving = (socket) => {
        const time = Date.now();
        if (exchange.connections === 1) {
          socket.send(tick('100', 50, time));
          socket.send(tick('99', 49, time));
          socket.send(tick('98', 51, time - 1_000));
          setTimeout(() => socket.close(), 50);
        } else socket.send(tick('101', 1));
      };
    });
    await until('the first price', () => listening.price('BTC-USD') === '100');
    await until('the next connection', () => listening.price('BTC-USD') === '101');
    assert.deepEqual(
      listening.told.filter((line) => line.startsWith('refused')),
      ['refused BTC-USD old_sequence', 'refused BTC-USD old_time'],
    );
    await listening.stop();
  });

  test('of a quiet market is kept alive by heartbeats', async () => {
    const listening = await listen('coinbase', ['BTC-USD'], (exchange) => {
      exchange.serving = (socket) => {
        socket.send(tick('100', 1, Date.now() - 60_000));
        const beat = (): void =>
          socket.send(`{"type":"heartbeat","sequence":2,"product_id":"BTC-USD","time":"${new Date().toISOString()}"}`);
        const timer = setInterval(beat, 20);
        socket.on('close', () => clearInterval(timer));
      };
    });
    await until('a heartbeat', () => listening.quotes.get('coinbase', 'BTC-USD')?.aliveMs !== undefined);
    const { aliveMs, timeMs } = listening.quotes.get('coinbase', 'BTC-USD')!;
    assert.ok(aliveMs! - timeMs! > 59_000, `${aliveMs! - timeMs!} ms`);
    await listening.stop();
  });

  test('shares its symbols among connections as the venue allows', async () => {
    const listening = await listen('okx', ['BTC-USDT', 'ETH-USDT', 'SOL-USDT'], () => {}, {
      perConnection: 2,
      batch: 1,
    });
    await until('all subscriptions', () => listening.exchange.messages.length === 3);
    assert.equal(listening.exchange.connections, 2);
    await listening.stop();
  });

  test('of lies brings none of them', async () => {
    const lies = ['NaN', '1e308', '-1', '0', '', 'null', '0x10', '1e-30', '١'];
    const listening = await listen('coinbase', ['BTC-USD'], (exchange) => {
      exchange.serving = (socket) => {
        for (const price of lies) socket.send(tick(price));
        socket.send(tick('5').replace('BTC-USD', 'ETH-USD'));
        socket.send(tick('5', 1, Date.now() + 60_000));
        socket.send(tick('5').replace(/"time":"[^"]+"/, '"time":"yesterday"'));
        socket.send('{"type":"ticker","product_id":"BTC-USD","price":{"__proto__":1}}');
      };
    });
    await until(
      'the last one',
      () => listening.told.filter((line) => line.startsWith('refused')).length >= lies.length + 3,
    );
    assert.equal(listening.price('BTC-USD'), undefined);
    await listening.stop();
  });

  test('does not follow a ticket that leads to something else than a WebSocket', async () => {
    const listening = await listen('kucoin', ['BTC-USDT'], (exchange) => {
      exchange.answering = () => ({
        body: '{"code":"200000","data":{"token":"abc","instanceServers":[{"endpoint":"file:///etc/passwd"}]}}',
      });
    });
    await until('a complaint', () => listening.told.some((line) => line.includes('expected a ws or wss address')));
    await listening.stop();
    await pause(0);
  });
});
