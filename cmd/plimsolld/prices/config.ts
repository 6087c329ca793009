import { join } from 'node:path';
import { stringify } from 'smol-toml';
import { z } from 'zod';
import { daemonAddress, load, paths, type Overrides } from '../config.js';
import { Failure } from '../failure.js';
import type { Market, Source } from './aggregate/markets.js';
import { defaultMarkets } from './defaults.js';
import { pairText, parsePair, type Pair } from './pair.js';
import type { Provider } from './providers/description.js';
import { findProvider, providers } from './providers/index.js';

const webUrl = z.string().regex(/^https?:\/\/[^\s]+$/, 'expected a URL like https://host or http://127.0.0.1:8080');
const socketUrl = z.string().regex(/^wss?:\/\/[^\s]+$/, 'expected a URL like wss://host/path');
const symbol = z.string().refine((text) => parsePair(text) !== undefined, 'expected a form like BTC-USD');
const source = z
  .string()
  .regex(/^[a-z0-9-]+(:[A-Z0-9]+-[A-Z0-9]+)?$/, 'expected a provider, or provider:PAIR like binance:BTC-USDT');

const marketToml = z.strictObject({
  /** "coinbase" for the pair of the market, "binance:BTC-USDT" for another one. */
  providers: z.array(source).min(1, 'expected at least one provider').max(50),
  min_providers: z.int().min(1).max(50).default(3),
  max_deviation_ppm: z.int().min(100).max(500_000).default(30_000),
  max_conversion_gap_ppm: z.int().min(100).max(500_000).default(10_000),
  freshness_ms: z.int().min(100).max(600_000).default(15_000),
  max_unchanged_ms: z.int().min(0).max(86_400_000).default(900_000),
  perp_providers: z.array(source).max(50).default([]),
  min_perp_providers: z.int().min(1).max(50).default(2),
});

const providerToml = z.strictObject({
  /** auto: WebSocket where there is one, requests for what it does not bring. */
  transport: z.enum(['auto', 'rest', 'websocket', 'off']).default('auto'),
  rest_url: webUrl.optional(),
  book_url: webUrl.optional(),
  websocket_url: socketUrl.optional(),
  poll_ms: z.int().min(50).max(600_000).optional(),
  silence_ms: z.int().min(100).max(600_000).optional(),
});

export const pricesToml = z.strictObject({
  /** host:port, or unix:/path of a socket. */
  laddr: daemonAddress.default('127.0.0.1:26680'),
  log_level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  log_format: z.enum(['text', 'json']).default('text'),
  request_timeout_ms: z.int().min(100).max(60_000).default(3_000),
  max_response_bytes: z.int().min(1_024).max(64_000_000).default(4_000_000),
  max_backoff_ms: z.int().min(100).max(3_600_000).default(60_000),
  /** 0 reads no order books. */
  book_interval_ms: z.int().min(0).max(3_600_000).default(60_000),
  markets: z.record(symbol, marketToml).prefault(structuredClone(defaultMarkets) as Record<string, never>),
  providers: z.record(z.string(), providerToml).default({}),
});

export type PricesToml = z.infer<typeof pricesToml>;
export type ProviderToml = z.infer<typeof providerToml>;

/** A provider that some market needs, with what prices.toml says of it. */
export interface ProviderSetup {
  readonly provider: Provider;
  readonly settings: ProviderToml;
  /** What is asked of it. */
  readonly pairs: readonly Pair[];
  /** Whose books are read. */
  readonly bookPairs: readonly Pair[];
  /** The shortest freshness of the markets that it serves. */
  readonly freshnessMs: number;
}

export interface PricesConfig {
  readonly toml: PricesToml;
  readonly markets: readonly Market[];
  readonly providers: readonly ProviderSetup[];
}

export const pricesTomlPath = (home: string): string => join(paths(home).config, 'prices.toml');

/**
 * prices.toml, then PLIMSOLLD_PRICE_DAEMON_* variables (PLIMSOLLD_PRICE_DAEMON_LADDR overrides laddr), then flags.
 * @throws Failure naming the file, variable or flag, the field, and what would be accepted
 */
export function loadPricesConfig(path: string, flags: Overrides = {}): PricesConfig {
  return resolveConfig(load(pricesToml, path, flags, { prefix: 'PLIMSOLLD_PRICE_DAEMON_' }), path);
}

/** Checks what no field can say alone. @throws Failure */
export function resolveConfig(toml: PricesToml, path: string): PricesConfig {
  const fail = (field: string, what: string): never => {
    throw new Failure(`${path}: ${field}: ${what}`);
  };
  for (const name of Object.keys(toml.providers))
    if (findProvider(name) === undefined) fail(`providers.${name}`, `no such provider; there are ${names()}`);
  const enabled = ({ provider }: Source): boolean => toml.providers[provider]?.transport !== 'off';

  const markets = Object.entries(toml.markets).map(([name, market]): Market => {
    const pair = parsePair(name)!;
    const field = `markets.${name}`;
    const read = (list: 'providers' | 'perp_providers', kind: Provider['kind']): Source[] =>
      market[list].map((text, index) =>
        readSource(text, pair, kind, (what) => fail(`${field}.${list}[${index}]`, what)),
      );
    const sources = read('providers', 'spot');
    const perpSources = read('perp_providers', 'perp');
    for (const [list, found] of [
      ['providers', sources],
      ['perp_providers', perpSources],
    ] as const) {
      const twice = found.find(
        ({ provider }, index) => found.findIndex((other) => other.provider === provider) < index,
      );
      if (twice !== undefined) fail(`${field}.${list}`, `${twice.provider} is listed twice; a venue is one source`);
    }
    for (const { provider, pair: asked } of [...sources, ...perpSources]) {
      const through = `${asked.quote}-${pair.quote}`;
      if (asked.quote === pair.quote) continue;
      const conversion = toml.markets[through];
      if (conversion === undefined)
        return fail(field, `${provider}:${pairText(asked)} needs a market ${through} that converts it`);
      const chained = conversion.providers.find((text) => text.includes(':') && !text.endsWith(`-${pair.quote}`));
      if (chained !== undefined)
        fail(`markets.${through}`, `${chained} would have to be converted itself, so it cannot convert ${field}`);
    }
    const on = sources.filter(enabled);
    if (on.length < market.min_providers)
      fail(`${field}.min_providers`, `${market.min_providers}; only ${on.length} providers are listed and not off`);
    const perpOn = perpSources.filter(enabled);
    return {
      symbol: name,
      pair,
      sources: on,
      perpSources: perpOn,
      minProviders: market.min_providers,
      minPerpProviders: market.min_perp_providers,
      maxDeviationPpm: market.max_deviation_ppm,
      maxConversionGapPpm: market.max_conversion_gap_ppm,
      freshnessMs: market.freshness_ms,
      maxUnchangedMs: market.max_unchanged_ms,
      bookSources:
        toml.book_interval_ms === 0
          ? []
          : [...on, ...perpOn].filter(({ provider }) => findProvider(provider)!.book !== undefined),
      // A book that was missed twice no longer counts.
      bookFreshnessMs: 3 * toml.book_interval_ms,
    };
  });
  if (markets.length === 0) fail('markets', 'expected at least one');
  return { toml, markets, providers: setups(markets, toml) };
}

function readSource(text: string, market: Pair, kind: Provider['kind'], fail: (what: string) => never): Source {
  const [name, other] = text.split(':') as [string, string | undefined];
  const provider = findProvider(name);
  if (provider === undefined) return fail(`no provider ${name}; there are ${names(kind)}`);
  if (provider.kind !== kind) return fail(`${name} is a ${provider.kind} provider; expected one of ${names(kind)}`);
  const pair = other === undefined ? market : parsePair(other);
  if (pair === undefined) return fail(`${other} is no pair; expected a form like BTC-USDT`);
  if (pair.base !== market.base) return fail(`${text} is a price of ${pair.base}, not of ${market.base}`);
  return { provider: name, pair };
}

const names = (kind?: Provider['kind']): string =>
  providers
    .filter((provider) => kind === undefined || provider.kind === kind)
    .map(({ name }) => name)
    .join(', ');

function setups(markets: readonly Market[], toml: PricesToml): ProviderSetup[] {
  return providers.flatMap((provider) => {
    const mine = (sources: readonly Source[]): readonly Source[] =>
      sources.filter((one) => one.provider === provider.name);
    const serving = markets.filter(({ sources, perpSources }) => mine([...sources, ...perpSources]).length > 0);
    if (serving.length === 0) return [];
    return [
      {
        provider,
        settings: toml.providers[provider.name] ?? providerToml.parse({}),
        pairs: unique(serving.flatMap(({ sources, perpSources }) => mine([...sources, ...perpSources]))),
        bookPairs: unique(serving.flatMap(({ bookSources }) => mine(bookSources))),
        freshnessMs: Math.min(...serving.map(({ freshnessMs }) => freshnessMs)),
      },
    ];
  });
}

const unique = (sources: readonly Source[]): Pair[] => [
  ...new Map(sources.map(({ pair }) => [pairText(pair), pair])).values(),
];

/** The whole configuration as a file. */
export function pricesTomlText(toml: PricesToml): string {
  return `# The price daemon: which markets, from which providers, and what to believe.
# Values outside [markets] and [providers] can be overridden by variables: PLIMSOLLD_PRICE_DAEMON_ and the name in capitals.

${stringify(toml)}`;
}
