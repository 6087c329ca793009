import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'smol-toml';
import { QueryPriceRequest, QueryPriceResponse } from '../../../gen/plimsoll/oracle/v1/query.js';
import { silentLogger } from '../../../runtime/log.js';
import { ChainClient } from '../chain-client.js';
import { loadAppConfig, loadNodeConfig } from '../config.js';
import { demoMarkets } from '../devnet/demo.js';
import { buildAppState, genesisDoc, writeHome } from '../node/init.js';
import { startNode } from '../node/node.js';
import { pricesToml, pricesTomlPath, resolveConfig } from './config.js';
import { PriceDaemon } from './daemon.js';
import { servePrices } from './server.js';
import { Exchange, until } from './testing/exchange.js';
import { answerOf, honest, shapes } from './simulator/venues.js';

const stops: (() => Promise<void>)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

for (const inside of [false, true])
  test(`what exchanges say is the price on the chain, through a daemon ${inside ? 'inside' : 'beside'} the node and its votes, and follows them`, () =>
    follows(inside));

async function follows(inside: boolean): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'plimsoll-prices-'));
  stops.push(() => Promise.resolve(rmSync(home, { recursive: true, force: true })));
  let price = 60_000;
  const urls: Record<string, string> = {};
  for (const venue of Object.keys(shapes)) {
    const exchange = await Exchange.start();
    stops.push(() => exchange.close());
    exchange.answering = (asked) => answerOf(venue, asked, { 'BTC-USD': honest(price), 'ETH-USD': honest(3_000) });
    urls[venue] = exchange.url;
  }
  const list = { providers: ['coinbase', 'bitstamp', 'kraken'], min_providers: 2 };
  const toml = pricesToml.parse({
    laddr: `unix:${join(home, 'prices.sock')}`,
    markets: { 'BTC-USD': list, 'ETH-USD': list },
    providers: Object.fromEntries(
      Object.entries(urls).map(([name, url]) => [name, { transport: 'rest', rest_url: url, poll_ms: 100 }]),
    ),
    book_interval_ms: 0,
  });
  if (!inside) {
    const daemon = new PriceDaemon(resolveConfig(toml, 'prices.toml'), silentLogger);
    const server = await servePrices(daemon, toml.laddr, silentLogger);
    daemon.start();
    stops.push(async () => {
      await server.close();
      await daemon.stop();
    });
  }

  const state = await buildAppState(demoMarkets(1_000_000_000_000n), () => {});
  writeHome(home, (validator) => genesisDoc('prices-1', '2024-01-01T00:00:00Z', validator, state), {
    app: {
      prices: inside ? { source: 'exchanges' } : { source: 'daemon', daemon: { address: toml.laddr, poll_ms: 50 } },
    },
  });
  writeFileSync(pricesTomlPath(home), stringify(toml));
  const overrides = {
    'rpc.laddr': { flag: '--rpc', text: '127.0.0.1:0' },
    'grpc.address': { flag: '--grpc', text: '127.0.0.1:0' },
    'consensus.block_interval_ms': { flag: '--block-interval', text: '100' },
  };
  const node = await startNode({
    home,
    node: loadNodeConfig(home, overrides),
    app: loadAppConfig(home, overrides),
    logger: silentLogger,
    onFatal: (error) => assert.fail(error),
  });
  stops.push(() => node.stop());
  await until('a first block', () => node.engine.height > 0n);
  const client = await ChainClient.connect(node.rpcUrl, 'prices-1');
  stops.push(() => Promise.resolve(client.close()));

  /** In 10^-6 USD. */
  const onChain = async (): Promise<bigint | undefined> => {
    const request = QueryPriceRequest.encode({ pairId: 1 }).finish();
    const { price: found } = QueryPriceResponse.decode(await client.query('/plimsoll.oracle.v1.Query/Price', request));
    return found?.price?.price;
  };
  await until('60,000 on the chain', async () => (await onChain()) === 60_000_000_000n);
  price = 60_100;
  await until('60,100 on the chain', async () => (await onChain()) === 60_100_000_000n);
}
