import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { silentLogger } from '../../../runtime/log.js';
import { pricesToml, resolveConfig, type PricesConfig } from './config.js';
import { PriceDaemon } from './daemon.js';
import { servePrices, type ServedPrice } from './server.js';
import { Exchange, pause, until, type Asked, type Reply } from './testing/exchange.js';
import { answerOf, honest, shapes, type Said } from './simulator/venues.js';

const venues = Object.keys(shapes);
const markets = {
  'BTC-USD': {
    providers: ['coinbase', 'kraken', 'bitstamp', 'okx:BTC-USDT', 'bybit:BTC-USDT', 'binance:BTC-USDT'],
    min_providers: 4,
  },
  'USDT-USD': { providers: ['coinbase', 'kraken', 'bitstamp'], min_providers: 2, freshness_ms: 60_000 },
};

const dollars = { providers: ['coinbase', 'kraken', 'bitstamp'], min_providers: 1 };

/** What honest venues say now: BTC at 60,000 USD or 60,060.06 USDT, USDT at 0.999 USD. */
const truth = (): Record<string, Said> => ({
  'BTC-USD': honest(60_000),
  'BTC-USDT': honest(60_000 / 0.999),
  'USDT-USD': honest(0.999),
});

const started = new Set<Running>();
after(async () => {
  for (const one of started) await one.stop();
});

interface Status {
  readonly markets: readonly { readonly sources: readonly { readonly state: string }[] }[];
}

interface Running {
  readonly daemon: PriceDaemon;
  readonly at: Readonly<Record<string, Exchange>>;
  get(path: string): Promise<{ status: number; text: string; json: never }>;
  prices(): Promise<readonly ServedPrice[]>;
  price(symbol: string): Promise<ServedPrice | undefined>;
  stateOf(symbol: string, provider: string): string;
  readonly address: string;
  stop(): Promise<void>;
}

/** Honest venues, each on a server of its own, a daemon that asks them, and its server. */
async function run(
  prepare: (at: Readonly<Record<string, Exchange>>) => void = () => {},
  changes: object = {},
  settings: (at: Readonly<Record<string, Exchange>>) => object = () => ({}),
): Promise<Running> {
  const at: Record<string, Exchange> = {};
  for (const venue of venues) {
    const exchange = (at[venue] = await Exchange.start());
    exchange.answering = (asked) => answerOf(venue, asked, truth());
  }
  prepare(at);
  const config: PricesConfig = resolveConfig(
    pricesToml.parse({
      laddr: '127.0.0.1:0',
      markets,
      request_timeout_ms: 10_000,
      max_backoff_ms: 100,
      max_response_bytes: 100_000,
      book_interval_ms: 0,
      providers: {
        ...Object.fromEntries(
          venues.map((venue) => [venue, { transport: 'rest', rest_url: at[venue]!.url, poll_ms: 50 }]),
        ),
        ...settings(at),
      },
      ...changes,
    }),
    'prices.toml',
  );
  const daemon = new PriceDaemon(config, silentLogger);
  const server = await servePrices(daemon, config.toml.laddr, silentLogger);
  daemon.start();
  const get: Running['get'] = async (path) => {
    const response = await fetch(`http://${server.address}${path}`);
    const text = await response.text();
    return { status: response.status, text, json: (path === '/metrics' ? undefined : JSON.parse(text)) as never };
  };
  const prices = async (): Promise<readonly ServedPrice[]> =>
    ((await get('/v1/prices')).json as { prices: ServedPrice[] }).prices;
  const one: Running = {
    daemon,
    at,
    address: server.address,
    get,
    prices,
    price: async (symbol) => (await prices()).find((one) => one.symbol === symbol),
    stateOf: (symbol, provider) =>
      daemon
        .prices()
        .find((one) => one.symbol === symbol)!
        .sources.find((source) => source.provider === provider)!.state,
    stop: async () => {
      started.delete(one);
      await server.close();
      await daemon.stop();
      for (const exchange of Object.values(at)) await exchange.close();
    },
  };
  started.add(one);
  return one;
}

test('six honest exchanges give one price, with true dollars and converted ones together', async () => {
  const running = await run();
  await until('all six', async () => (await running.price('BTC-USD'))?.providers.length === 6);
  const btc = (await running.price('BTC-USD'))!;
  assert.ok(Math.abs(Number(btc.price) - 60_000) < 1, btc.price);
  assert.match(btc.price, /^\d+(\.\d+)?$/);
  assert.ok(btc.dispersion_ppm <= 20);
  assert.ok(Math.abs(Date.now() - btc.time_ms) < 15_000);
  assert.equal((await running.price('USDT-USD'))!.price, '0.999');
  assert.equal((await running.get('/health')).status, 200);
  await running.stop();
});

const btcWith = (change: (said: Said) => Said): Record<string, Said> => {
  const said = truth();
  for (const pair of ['BTC-USD', 'BTC-USDT']) said[pair] = change(said[pair]!);
  return said;
};
const scaled = (factor: number): Record<string, Said> =>
  btcWith(({ last, bid, ask, timeMs }) => {
    const [a, b, c] = [last, bid, ask].map((text) => (Number(text) * factor).toFixed(8)) as [string, string, string];
    return { last: a, bid: b, ask: c, timeMs };
  });

/** Everything that two of six exchanges can do wrong at once, and what is said of them then. */
const misdeeds: readonly (readonly [
  what: string,
  reply: (venue: string) => (asked: Asked) => Reply,
  states: RegExp,
  counted: RegExp,
])[] = [
  ['price 50 % too high', lie(() => scaled(1.5)), /outlier/, /sources\{symbol="BTC-USD",state="outlier"\} 2/],
  ['price 50 % too low', lie(() => scaled(0.5)), /outlier/, /state="outlier"\} 2/],
  ['price a thousandfold', lie(() => scaled(1000)), /outlier/, /state="outlier"\} 2/],
  ['price 4 % off', lie(() => scaled(1.04)), /outlier/, /state="outlier"\} 2/],
  ['say NaN', lie(() => btcWith((said) => ({ ...said, last: 'NaN' }))), /unknown/, /reason="not_decimal"/],
  ['say 1e308', lie(() => btcWith((said) => ({ ...said, last: '1e308' }))), /unknown/, /reason="out_of_range"/],
  ['say a negative price', lie(() => btcWith((said) => ({ ...said, bid: '-5' }))), /unknown/, /reason="not_positive"/],
  ['say zero', lie(() => btcWith((said) => ({ ...said, last: '0' }))), /unknown/, /reason="not_positive"/],
  ['cross their books', lie(() => btcWith((said) => ({ ...said, bid: '90000' }))), /unknown/, /reason="crossed"/],
  [
    'leave a hole in the book',
    lie(() => btcWith((said) => ({ ...said, bid: '1' }))),
    /unknown/,
    /reason="wide_spread"/,
  ],
  [
    'repeat a price of a minute ago',
    lie(() => btcWith((said) => ({ ...said, timeMs: Date.now() - 60_000 }))),
    /stale/,
    /state="stale"\} 2/,
  ],
  [
    'bring prices from the future',
    lie(() => btcWith((said) => ({ ...said, timeMs: Date.now() + 60_000 }))),
    /unknown/,
    /reason="future"/,
  ],
  [
    'answer for another pair',
    (venue) => (asked) => {
      const { body, ...rest } = answerOf(venue, asked, truth());
      return { ...rest, body: String(body).replaceAll('BTC', 'BCH') };
    },
    /unknown/,
    /reason="(wrong_symbol|missing)"/,
  ],
  ['say nothing', () => () => ({ body: '' }), /unknown/, /outcome="not_json"/],
  ['answer an empty object', () => () => ({ body: '{}' }), /unknown/, /reason="missing"|outcome="venue_error"/],
  ['answer an empty list', () => () => ({ body: '[]' }), /unknown/, /reason="missing"|outcome="venue_error"/],
  [
    'show a page of their proxy',
    () => () => ({ status: 503, headers: { 'content-type': 'text/html' }, body: '<html>502 Bad Gateway</html>' }),
    /unknown/,
    /outcome="http_error"/,
  ],
  [
    'show a page with status 200',
    () => () => ({ headers: { 'content-type': 'text/html' }, body: '<!doctype html><html>Checking your browser' }),
    /unknown/,
    /outcome="not_json"/,
  ],
  [
    'ask to be left alone',
    () => () => ({ status: 429, headers: { 'retry-after': '600' }, body: '{}' }),
    /unknown/,
    /outcome="rate_limited"/,
  ],
  ['ban us', () => () => ({ status: 418, body: '{"code":-1003,"msg":"banned"}' }), /unknown/, /outcome="rate_limited"/],
  [
    'send us elsewhere',
    () => () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }),
    /unknown/,
    /outcome="http_error"/,
  ],
  [
    'cut their answers',
    (venue) => (asked) => ({ ...answerOf(venue, asked, truth()), cut: 'body' }),
    /unknown/,
    /outcome="network"/,
  ],
  [
    'send half of the JSON',
    (venue) => (asked) => {
      const body = String(answerOf(venue, asked, truth()).body);
      return { body: body.slice(0, body.length / 2) };
    },
    /unknown/,
    /outcome="not_json"/,
  ],
  ['never stop sending', () => () => ({ endless: true }), /unknown/, /outcome="too_large"/],
  [
    'answer a bomb of zeros',
    () => () => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(20_000_000)) }),
    /unknown/,
    /outcome="too_large"/,
  ],
  [
    'answer a thousand brackets deep',
    () => () => ({ body: '['.repeat(45_000) + ']'.repeat(45_000) }),
    /unknown/,
    /outcome="(not_json|venue_error)"|reason="missing"/,
  ],
  [
    'drip a byte at a time',
    (venue) => (asked) => ({ ...answerOf(venue, asked, truth()), drip: { bytes: 1, everyMs: 50 } }),
    /unknown/,
    /outcome="timeout"/,
  ],
  [
    'answer too late',
    (venue) => (asked) => ({ ...answerOf(venue, asked, truth()), delayMs: 5_000 }),
    /unknown/,
    /outcome="timeout"/,
  ],
  ['reset connections', () => () => ({ cut: 'reset' }), /unknown/, /outcome="network"/],
];

function lie(said: () => Record<string, Said>): (venue: string) => (asked: Asked) => Reply {
  return (venue) => (asked) => answerOf(venue, asked, said());
}

describe('the price stands while two of six exchanges', () => {
  // Both tell the time, and one is converted.
  const bad = ['bitstamp', 'okx'];
  for (const [what, reply, states, counted] of misdeeds) {
    test(what, async () => {
      const slow = counted.source.includes('timeout');
      const running = await run(
        (at) => {
          for (const venue of bad) at[venue]!.answering = reply(venue)!;
        },
        slow ? { request_timeout_ms: 1_000 } : {},
      );
      await until('four good ones', async () => (await running.price('BTC-USD'))?.providers.length === 4);
      await until('a word on the bad ones', async () => counted.test((await running.get('/metrics')).text));
      const btc = (await running.price('BTC-USD'))!;
      assert.deepEqual(btc.providers, ['coinbase', 'kraken', 'bybit', 'binance']);
      assert.ok(Math.abs(Number(btc.price) - 60_000) < 1, btc.price);
      for (const venue of bad) assert.match(running.stateOf('BTC-USD', venue), states);
      await running.stop();
    });
  }
});

describe('no price is better than a wrong one', () => {
  test('where too few exchanges are left, also when one of them prints a thousandfold', async () => {
    const quick = { ...markets['BTC-USD'], freshness_ms: 1_500 };
    const running = await run(() => {}, { markets: { ...markets, 'BTC-USD': quick } });
    await until('a price', async () => (await running.price('BTC-USD')) !== undefined);
    for (const venue of ['kraken', 'bitstamp', 'bybit', 'binance'])
      running.at[venue]!.answering = () => ({ cut: 'reset' });
    running.at['okx']!.answering = lie(() => scaled(1000))('okx');
    await until('the price to be gone', async () => (await running.price('BTC-USD')) === undefined);
    const { status, json } = await running.get('/health');
    assert.equal(status, 503);
    assert.match(JSON.stringify(json), /BTC-USD.*too_few/);
    await running.stop();
  });

  test('where exchanges are split in two halves 10 % apart', async () => {
    const running = await run((at) => {
      for (const venue of ['coinbase', 'okx', 'binance']) at[venue]!.answering = lie(() => scaled(1.1))(venue);
    });
    await until('all six', async () => {
      const { markets: all } = (await running.get('/v1/status')).json as Status;
      return all[0]!.sources.every(({ state }) => state !== 'unknown');
    });
    assert.equal(await running.price('BTC-USD'), undefined);
    assert.match((await running.get('/health')).text, /disagreement: 6 providers are \d+ ppm apart, at most 30000/);
    await running.stop();
  });

  test('where an exchange repeats one price for ever without a time', async () => {
    const still = { ...markets['BTC-USD'], max_unchanged_ms: 1_500 };
    const running = await run(() => {}, { markets: { ...markets, 'BTC-USD': still } });
    const once = truth();
    running.at['kraken']!.answering = (asked) => answerOf('kraken', asked, once);
    let price = 60_000;
    for (const venue of venues.filter((name) => name !== 'kraken'))
      running.at[venue]!.answering = (asked) => {
        price += 0.01;
        const moving = { 'BTC-USD': honest(price), 'BTC-USDT': honest(price / 0.999) };
        return answerOf(venue, asked, { ...truth(), ...moving });
      };
    await until('kraken to be left out', () => running.stateOf('BTC-USD', 'kraken') === 'frozen');
    assert.equal((await running.price('BTC-USD'))!.providers.includes('kraken'), false);
    await running.stop();
  });
});

describe('a stablecoin', () => {
  const tether = (price: number) => (venue: string) => (asked: Asked) =>
    answerOf(venue, asked, { ...truth(), 'USDT-USD': honest(price) });

  test('without a price takes the converted exchanges out', async () => {
    const running = await run((at) => {
      for (const venue of ['coinbase', 'kraken', 'bitstamp'])
        at[venue]!.answering = (asked) => answerOf(venue, asked, { 'BTC-USD': honest(60_000) });
    });
    await until('okx to be heard', () => running.stateOf('BTC-USD', 'okx') === 'no_conversion');
    assert.equal(await running.price('BTC-USD'), undefined);
    await running.stop();
  });

  test('that one exchange sees at 1.30 stays at 1', async () => {
    const running = await run((at) => void (at['coinbase']!.answering = tether(1.3)('coinbase')));
    await until('all six', async () => (await running.price('BTC-USD'))?.providers.length === 6);
    assert.equal((await running.price('USDT-USD'))!.price, '0.999');
    await running.stop();
  });

  test('off its peg by the word of two exchanges converts nothing, by that of three it does', async () => {
    const running = await run((at) => {
      for (const venue of ['coinbase', 'kraken']) at[venue]!.answering = tether(0.9)(venue);
      at['bitstamp']!.answering = (asked) => answerOf('bitstamp', asked, { 'BTC-USD': honest(60_000) });
    });
    await until('the dollar of two', async () => (await running.price('USDT-USD'))?.price === '0.9');
    await until('okx to be heard', () => running.stateOf('BTC-USD', 'okx') === 'no_conversion');
    running.at['bitstamp']!.answering = tether(0.9)('bitstamp');
    for (const venue of ['okx', 'bybit', 'binance'])
      running.at[venue]!.answering = (asked) => answerOf(venue, asked, { 'BTC-USDT': honest(60_000 / 0.9) });
    await until('all six', async () => (await running.price('BTC-USD'))?.providers.length === 6);
    assert.ok(Math.abs(Number((await running.price('BTC-USD'))!.price) - 60_000) < 1);
    await running.stop();
  });
});

describe('an exchange that misbehaves', () => {
  test('is asked less and less, and heard at once when it is back', async () => {
    const running = await run((at) => void (at['binance']!.answering = () => ({ status: 500 })), {
      max_backoff_ms: 400,
    });
    const binance = running.at['binance']!;
    await until('some failures', () => binance.requests.length >= 4);
    const gaps = binance.requests.slice(1).map(({ timeMs }, index) => timeMs - binance.requests[index]!.timeMs);
    // The first pause is drawn from 500 to 1,000 ms but cut at 400, half of it at least.
    assert.ok(
      gaps.every((gap) => gap >= 190),
      `${gaps}`,
    );
    binance.answering = (asked) => answerOf('binance', asked, truth());
    await until('binance again', () => running.stateOf('BTC-USD', 'binance') === 'used');
    await running.stop();
  });

  test('and says for how long is left alone for that long', async () => {
    const running = await run((at) => {
      at['binance']!.answering = () => ({ status: 429, headers: { 'retry-after': '1' } });
    });
    const binance = running.at['binance']!;
    await until('a second question', () => binance.requests.length >= 2);
    assert.ok(binance.requests[1]!.timeMs - binance.requests[0]!.timeMs >= 990);
    await running.stop();
  });

  test('by refusing a whole question for one unknown pair is asked for the others without it', async () => {
    const running = await run(
      (at) => {
        at['binance']!.answering = (asked) =>
          asked.url.searchParams.get('symbols')!.includes('"NOPEUSDT"')
            ? { status: 400, body: '{"code":-1121,"msg":"Invalid symbol."}' }
            : answerOf('binance', asked, truth());
      },
      { markets: { ...markets, 'NOPE-USD': { providers: ['binance:NOPE-USDT'], min_providers: 1 } } },
    );
    await until('the others', () => running.stateOf('BTC-USD', 'binance') === 'used');
    assert.equal(running.stateOf('NOPE-USD', 'binance'), 'unknown');
    const { json } = await running.get('/v1/status');
    assert.match(JSON.stringify(json), /"provider":"binance".*http_error: status 400: Invalid symbol./);
    await running.stop();
  });
});

test('a crash of 15 % in the last trade and the book is seen where a daily average does not move', async () => {
  const running = await run();
  await until('kraken', () => running.stateOf('BTC-USD', 'kraken') === 'used');
  for (const venue of venues)
    running.at[venue]!.answering = (asked) =>
      answerOf(venue, asked, {
        'BTC-USD': honest(51_000),
        'BTC-USDT': honest(51_000 / 0.999),
        'USDT-USD': honest(0.999),
      });
  await until('the new price', async () => Math.abs(Number((await running.price('BTC-USD'))?.price) - 51_000) < 1);
  await until('kraken to follow', () => running.stateOf('BTC-USD', 'kraken') === 'used');
  await running.stop();
});

test('requests fill in for a WebSocket that falls silent, and rest while it speaks', async () => {
  let speaking = true;
  const running = await run(
    (at) => {
      const coinbase = at['coinbase']!;
      coinbase.serving = (socket) => {
        const speak = (): void => {
          const { last: price, bid, ask, timeMs } = honest(60_000);
          const time = new Date(timeMs).toISOString();
          const ticker = { type: 'ticker', product_id: 'BTC-USD', price, best_bid: bid, best_ask: ask, time };
          if (speaking) socket.send(JSON.stringify(ticker));
        };
        const timer = setInterval(speak, 20);
        socket.on('close', () => clearInterval(timer));
      };
    },
    { markets: { 'BTC-USD': { ...dollars, freshness_ms: 6_000 } } },
    (at) => ({ coinbase: { rest_url: at['coinbase']!.url, websocket_url: at['coinbase']!.webSocketUrl, poll_ms: 50 } }),
  );
  const coinbase = running.at['coinbase']!;
  await until(
    'the stream',
    () => coinbase.sockets.size === 1 && running.daemon.telemetry.health('coinbase').connections === 1,
  );
  await until('a price', () => running.stateOf('BTC-USD', 'coinbase') === 'used');
  assert.deepEqual(JSON.parse(coinbase.messages[0]!), {
    type: 'subscribe',
    product_ids: ['BTC-USD'],
    channels: ['ticker', 'heartbeat'],
  });
  const asked = coinbase.requests.length;
  await pause(300);
  assert.ok(coinbase.requests.length <= asked + 1, 'nothing is asked while the stream brings it');
  speaking = false;
  await until('requests again', () => coinbase.requests.length > asked + 3);
  assert.equal(running.stateOf('BTC-USD', 'coinbase'), 'used', 'without a gap');
  speaking = true;
  await running.stop();
  assert.equal(running.daemon.telemetry.health('coinbase').connections, 0);
});

test('the server answers only what it serves, and says what that is', async () => {
  const running = await run();
  const { status, text } = await running.get('/prices');
  assert.equal(status, 404);
  assert.match(text, /GET \/v1\/prices/);
  await assert.rejects(
    servePrices(running.daemon, running.address, silentLogger),
    /laddr 127.0.0.1:\d+: something listens there already; choose another --laddr/,
  );
  await running.stop();
});
