import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { silentLogger } from '../../../runtime/log.js';
import { pricesToml, resolveConfig, type PricesConfig } from './config.js';
import { PriceDaemon } from './daemon.js';
import { servePrices, type ServedPrice } from './server.js';
import { Exchange, pause, until, type Reply } from './testing/exchange.js';
import { answerOf, honest, shapes, type Said } from './testing/venues.js';

const venues = Object.keys(shapes);
const markets = {
  'BTC-USD': {
    providers: ['coinbase', 'kraken', 'bitstamp', 'okx:BTC-USDT', 'bybit:BTC-USDT', 'binance:BTC-USDT'],
    min_providers: 4,
  },
  'USDT-USD': { providers: ['coinbase', 'kraken', 'bitstamp'], min_providers: 2, freshness_ms: 60_000 },
};

/** What honest venues say now: BTC at 60,000 USD or 60,060.06 USDT, USDT at 0.999 USD. */
const truth = (): Record<string, Said> => ({
  'BTC-USD': honest(60_000),
  'BTC-USDT': honest(60_000 / 0.999),
  'USDT-USD': honest(0.999),
});

const exchanges: Exchange[] = [];
const stops: (() => Promise<void>)[] = [];
after(async () => {
  for (const stop of stops) await stop();
  for (const exchange of exchanges) await exchange.close();
});

interface Running {
  readonly daemon: PriceDaemon;
  readonly at: Readonly<Record<string, Exchange>>;
  get(path: string): Promise<{ status: number; text: string; json: never }>;
  prices(): Promise<readonly ServedPrice[]>;
  price(symbol: string): Promise<ServedPrice | undefined>;
  stateOf(symbol: string, provider: string): string;
}

/** Honest venues, each on a server of its own, a daemon that asks them, and its server. */
async function run(changes: object = {}): Promise<Running> {
  const at: Record<string, Exchange> = {};
  for (const venue of venues) {
    const exchange = (at[venue] = await Exchange.start());
    exchanges.push(exchange);
    exchange.answering = (asked) => answerOf(venue, asked, truth());
  }
  const config: PricesConfig = resolveConfig(
    pricesToml.parse({
      laddr: '127.0.0.1:0',
      markets,
      request_timeout_ms: 1_000,
      max_backoff_ms: 100,
      max_response_bytes: 100_000,
      book_interval_ms: 0,
      providers: Object.fromEntries(
        venues.map((venue) => [venue, { transport: 'rest', rest_url: at[venue]!.url, poll_ms: 50 }]),
      ),
      ...changes,
    }),
    'prices.toml',
  );
  const daemon = new PriceDaemon(config, silentLogger);
  const server = await servePrices(daemon, config.toml.laddr, silentLogger);
  daemon.start();
  stops.push(async () => {
    await server.close();
    await daemon.stop();
  });
  const get: Running['get'] = async (path) => {
    const response = await fetch(`http://${server.address}${path}`);
    const text = await response.text();
    return { status: response.status, text, json: (path === '/metrics' ? undefined : JSON.parse(text)) as never };
  };
  const prices = async (): Promise<readonly ServedPrice[]> =>
    ((await get('/v1/prices')).json as { prices: ServedPrice[] }).prices;
  return {
    daemon,
    at,
    get,
    prices,
    price: async (symbol) => (await prices()).find((one) => one.symbol === symbol),
    stateOf: (symbol, provider) =>
      daemon
        .prices()
        .find((one) => one.symbol === symbol)!
        .sources.find((source) => source.provider === provider)!.state,
  };
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
  assert.deepEqual((await running.get('/health')).status, 200);
  void pause;
  void describe;
  void ({} as Reply);
});
