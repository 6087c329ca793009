import { Command, Option } from 'commander';
import { silentLogger } from '../../../runtime/log.js';
import type { Overrides } from '../config.js';
import { Failure } from '../failure.js';
import { demoPrices } from '../devnet/demo.js';
import { createLogger } from '../node/log.js';
import { runUntilStopped } from '../node/run.js';
import { print, table, type OutputFormat } from '../output.js';
import type { MarketPrice } from '../prices/aggregate/markets.js';
import { loadPricesConfig, pricesTomlPath, pricesTomlText, type PricesConfig } from '../prices/config.js';
import { PriceDaemon } from '../prices/daemon.js';
import { formatDecimal } from '../prices/decimal.js';
import { pairText } from '../prices/pair.js';
import { providers } from '../prices/providers/index.js';
import { served, servePrices } from '../prices/server.js';
import { serveExchanges, simulatedVenues } from '../prices/simulator/serve.js';
import { sleep } from '../prices/transport/backoff.js';
import { homeOption } from './common.js';

interface ConfigFlags {
  readonly home: string;
  readonly config?: string;
  readonly laddr?: string;
  readonly logLevel?: string;
  readonly logFormat?: string;
}

/** plimsolld prices: what assets cost elsewhere, for validators to vote. */
export function pricesCommand(): Command {
  return new Command('prices')
    .description('Collect prices from exchanges for a validator to vote')
    .addCommand(startCommand())
    .addCommand(onceCommand())
    .addCommand(providersCommand())
    .addCommand(configCommand())
    .addCommand(simulateCommand())
    .addHelpText(
      'after',
      `
A validator votes what the price daemon says. The daemon asks many exchanges, leaves out those
that are silent, old or far off, and serves the median of the others on a local address.

  plimsolld prices once                   does it work from here?
  plimsolld prices start                  run the daemon
  plimsolld start --price-source daemon   run the node that votes its prices`,
    );
}

const configFlags = (command: Command): Command =>
  command
    .addOption(homeOption())
    .option('--config <file>', 'configuration (default: <home>/config/prices.toml; without it, built-in markets)');

function configOf(flags: ConfigFlags): PricesConfig {
  const overrides: Overrides = {
    laddr: { flag: '--laddr', text: flags.laddr },
    log_level: { flag: '--log-level', text: flags.logLevel },
    log_format: { flag: '--log-format', text: flags.logFormat },
  };
  return loadPricesConfig(flags.config ?? pricesTomlPath(flags.home), overrides);
}

function startCommand(): Command {
  return configFlags(new Command('start'))
    .description('Run the price daemon until it is interrupted')
    .option('--laddr <address>', 'serve on host:port or unix:/path (prices.toml laddr)')
    .addOption(
      new Option('--log-level <level>', 'least level that is logged (prices.toml log_level)').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
    .addOption(
      new Option('--log-format <format>', 'lines for people, or JSON (prices.toml log_format)').choices([
        'text',
        'json',
      ]),
    )
    .addHelpText(
      'after',
      `
It serves, without any password, so keep the address local:
  GET /v1/prices   fresh prices: {"time_ms":…,"prices":[{"symbol":"BTC-USD","price":"60000.5",…}]}
  GET /v1/status   every source of every market, and how each provider is doing
  GET /health      200 when every market has a price, 503 otherwise
  GET /metrics     Prometheus

Flags win over PLIMSOLLD_PRICE_DAEMON_* variables, which win over prices.toml.

Examples:
  plimsolld prices start
  plimsolld prices start --laddr unix:/run/plimsoll/prices.sock
  PLIMSOLLD_PRICE_DAEMON_LOG_FORMAT=json plimsolld prices start --config prices.toml`,
    )
    .action(async (flags: ConfigFlags) => {
      const config = configOf(flags);
      const logger = createLogger(config.toml);
      await runUntilStopped(async () => {
        const daemon = new PriceDaemon(config, logger);
        const server = await servePrices(daemon, config.toml.laddr, logger);
        daemon.start();
        logger.info(
          { address: server.address, markets: config.markets.length, providers: config.providers.length },
          'price daemon started',
        );
        return {
          stop: async () => {
            await server.close();
            await daemon.stop();
          },
        };
      }, logger);
    });
}

function simulateCommand(): Command {
  return new Command('simulate')
    .description('Serve made-up exchanges with moving prices, for networks without the internet')
    .option('--laddr <host:port>', 'where to serve', '127.0.0.1:26690')
    .option('--seed <text>', 'names the paths that prices take', 'plimsoll')
    .option('--price <symbol=price...>', 'a market and where its path starts; may be repeated', [
      ...Object.entries(demoPrices).map(([symbol, price]) => `${symbol}=${price}`),
    ])
    .addHelpText(
      'after',
      `
Exchanges: ${simulatedVenues.join(', ')}. In prices.toml:
  [providers.coinbase]
  transport = "rest"
  rest_url = "http://127.0.0.1:26690/coinbase"

Examples:
  plimsolld prices simulate
  plimsolld prices simulate --laddr 127.0.0.1:8080 --price BTC-USD=60000 SOL-USD=150`,
    )
    .action(async (flags: { laddr: string; seed: string; price: readonly string[] }) => {
      const [, host, port] = /^([^:\s]+):(\d{1,5})$/.exec(flags.laddr) ?? [];
      if (host === undefined) throw new Failure(`--laddr: ${flags.laddr}; expected host:port`, 2);
      const prices = Object.fromEntries(
        flags.price.map((entry) => {
          const [, symbol, price] = /^([A-Z0-9]{1,16}-USD)=(\d{1,12}(?:\.\d{1,8})?)$/.exec(entry) ?? [];
          if (symbol === undefined) throw new Failure(`--price: ${entry}; expected a form like BTC-USD=60000`, 2);
          return [symbol, price!] as const;
        }),
      );
      const logger = createLogger({ log_level: 'info', log_format: 'text' });
      await runUntilStopped(async () => {
        const running = await serveExchanges(host, Number(port), { seed: flags.seed, prices });
        logger.info({ url: running.url, venues: simulatedVenues.length }, 'exchanges simulated');
        return running;
      }, logger);
    });
}

function onceCommand(): Command {
  return configFlags(new Command('once'))
    .description('Ask every provider, print a table of prices and leave')
    .option('--timeout <ms>', 'wait at most so long for all markets', '10000')
    .addOption(new Option('--output <format>', 'text for people, json for programs').choices(['text', 'json']))
    .addHelpText(
      'after',
      `
Waits until every source has answered or failed, or until the timeout. It makes requests only, except
to providers with transport = "websocket".
Exit status: 0 when every market has a price, 1 otherwise.

Examples:
  plimsolld prices once
  plimsolld prices once --config prices.toml --timeout 30000 --output json`,
    )
    .action(async (flags: ConfigFlags & { timeout: string; output?: OutputFormat }) => {
      if (!/^\d{1,7}$/.test(flags.timeout)) throw new Failure('--timeout: expected milliseconds, 0 to 9999999', 2);
      const daemon = new PriceDaemon(withRequests(configOf(flags)), silentLogger);
      daemon.start();
      const deadline = performance.now() + Number(flags.timeout);
      const never = new AbortController().signal;
      while (performance.now() < deadline && !isSettled(daemon)) await sleep(50, never);
      const prices = daemon.prices();
      await daemon.stop();
      if (flags.output === 'json') print(prices.map((market) => onceJson(market)) as never, 'json');
      else process.stdout.write(`${onceTable(prices)}\n`);
      const without = prices.filter(({ price }) => price === undefined);
      if (without.length > 0) {
        throw new Failure(
          `no price of ${without.map(({ symbol, fault }) => `${symbol} (${fault})`).join(', ')}${faultsOf(daemon)}`,
        );
      }
    });
}

/** Requests answer sooner than streams begin to flow. */
const withRequests = (config: PricesConfig): PricesConfig => ({
  ...config,
  providers: config.providers.map((setup) =>
    setup.settings.transport === 'auto' ? { ...setup, settings: { ...setup.settings, transport: 'rest' } } : setup,
  ),
});

/** Every source has answered, or its provider has failed. */
const isSettled = (daemon: PriceDaemon): boolean =>
  daemon
    .prices()
    .every(({ sources }) =>
      sources.every(
        ({ provider, state }) => state !== 'unknown' || daemon.telemetry.health(provider).lastFault !== undefined,
      ),
    );

const onceJson = (market: MarketPrice): object =>
  served(market) ?? { symbol: market.symbol, fault: market.fault ?? 'no price' };

function onceTable(prices: readonly MarketPrice[]): string {
  const rows = prices.map((market) => {
    const { symbol, price, dispersionPpm, perpPrice, depth, sources } = market;
    const left = sources.filter(({ state }) => state !== 'used').map(({ provider, state }) => `${provider} ${state}`);
    return [
      symbol,
      price === undefined ? '-' : shorten(formatDecimal(price)),
      `${market.providers.length}/${sources.length}`,
      dispersionPpm === undefined ? '-' : `${dispersionPpm}`,
      perpPrice === undefined ? '-' : shorten(formatDecimal(perpPrice)),
      depth === undefined ? '-' : formatDecimal(depth).split('.')[0]!,
      left.length === 0 ? '' : left.join(', '),
    ];
  });
  return table([['symbol', 'price', 'used', 'ppm apart', 'perp', 'depth', 'left out'], ...rows]);
}

/** At most eight decimals; the daemon serves all of them. */
const shorten = (text: string): string => text.replace(/(\.\d{8})\d+$/, '$1…');

/** The newest fault of each provider that never answered. */
function faultsOf(daemon: PriceDaemon): string {
  const faults = daemon.config.providers.flatMap(({ provider: { name } }) => {
    const { lastOkMs, lastFault } = daemon.telemetry.health(name);
    return lastOkMs === undefined && lastFault !== undefined ? [`\n  ${name}: ${lastFault.what}`] : [];
  });
  return faults.length === 0 ? '' : `\nproviders that did not answer:${faults.join('')}`;
}

function providersCommand(): Command {
  return new Command('providers')
    .description('List the exchanges that can be asked')
    .addOption(new Option('--output <format>', 'text for people, json for programs').choices(['text', 'json']))
    .addHelpText(
      'after',
      `
In prices.toml a market names a provider alone for its own pair, or with a pair in another quote:
  [markets.BTC-USD]
  providers = ["coinbase", "kraken", "binance:BTC-USDT"]

Example:
  plimsolld prices providers --output json`,
    )
    .action((flags: { output?: OutputFormat }) => {
      const list = providers.map(({ name, title, kind, rest, websocket, book, limit, docs }) => ({
        name,
        title,
        kind,
        rest: rest.url,
        websocket: websocket?.url.replace(/^\{.*/, 'by ticket') ?? '-',
        book: book === undefined ? 'no' : 'yes',
        limit: `${limit.requests} in ${limit.perMs / 1_000} s`,
        docs,
      }));
      if (flags.output === 'json') return print(list, 'json');
      const rows = list.map(({ name, title, kind, rest, websocket, book, limit }) => [
        name,
        title,
        kind,
        rest,
        websocket,
        book,
        limit,
      ]);
      process.stdout.write(
        `${table([['name', 'exchange', 'kind', 'rest', 'websocket', 'book', 'our limit'], ...rows])}\n`,
      );
    });
}

function configCommand(): Command {
  return configFlags(new Command('config'))
    .description('Check the configuration and print all of it, with its defaults')
    .addHelpText('after', '\nExample:\n  plimsolld prices config > ~/.plimsolld/config/prices.toml')
    .action((flags: ConfigFlags) => {
      const config = configOf(flags);
      process.stdout.write(pricesTomlText(config.toml));
      const pairs = config.markets.reduce((sum, { sources }) => sum + sources.length, 0);
      process.stderr.write(
        `${config.markets.length} markets (${config.markets.map(({ pair }) => pairText(pair)).join(', ')}), ${pairs} sources at ${config.providers.length} providers\n`,
      );
    });
}
