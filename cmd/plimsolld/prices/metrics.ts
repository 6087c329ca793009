import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Logger } from '../../../runtime/log.js';
import type { MarketPrice } from './aggregate/markets.js';
import { formatDecimal } from './decimal.js';
import type { RefusalReason } from './providers/read.js';
import { clean, type FeedEvents, type Outcome, type Transport } from './transport/feed.js';

/** How a provider has been doing. */
export interface ProviderHealth {
  readonly lastOkMs?: number;
  readonly lastFault?: { readonly timeMs: number; readonly transport: Transport; readonly what: string };
  readonly connections: number;
}

/** A way that worked must fail this often in a row to be called failing. */
const failuresToWarn = 3;

/** Counts what transports do, for Prometheus, and says in the log when a provider is lost and when it is back. */
export class Telemetry implements FeedEvents {
  readonly registry = new Registry();
  readonly #logger: Logger;
  readonly #health = new Map<string, ProviderHealth>();
  readonly #failures = new Map<string, number>();
  readonly #requests = this.#counter('requests_total', 'Requests and connections', [
    'provider',
    'transport',
    'outcome',
  ]);
  readonly #refused = this.#counter('refused_total', 'Prices that were not used', ['provider', 'reason']);
  readonly #seconds = new Histogram({
    name: 'plimsoll_prices_request_seconds',
    help: 'How long requests took',
    labelNames: ['provider'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });
  readonly #connections = this.#gauge('websocket_connections', 'Open WebSocket connections', ['provider']);
  readonly #price = this.#gauge('price', 'Price, rounded to a float: for charts only', ['symbol']);
  readonly #perp = this.#gauge('perp_price', 'Price of perpetuals, rounded to a float', ['symbol']);
  readonly #depth = this.#gauge('depth_usd', 'Money within 1 % of the middle', ['symbol']);
  readonly #providers = this.#gauge('providers', 'Providers that make the price', ['symbol']);
  readonly #dispersion = this.#gauge('dispersion_ppm', 'Median absolute deviation of the providers', ['symbol']);
  readonly #age = this.#gauge('age_seconds', 'Age of the price', ['symbol']);
  readonly #up = this.#gauge('up', 'Whether the symbol has a price', ['symbol']);
  readonly #sources = this.#gauge('sources', 'Sources of a symbol by what became of them', ['symbol', 'state']);

  constructor(logger: Logger) {
    this.#logger = logger;
    collectDefaultMetrics({ register: this.registry });
  }

  health(provider: string): ProviderHealth {
    return this.#health.get(provider) ?? { connections: 0 };
  }

  outcome(provider: string, transport: Transport, outcome: Outcome, detail: string, durationMs?: number): void {
    this.#requests.inc({ provider, transport, outcome });
    if (durationMs !== undefined) this.#seconds.observe({ provider }, durationMs / 1_000);
    const way = `${provider} ${transport}`;
    const failures = this.#failures.get(way) ?? 0;
    if (outcome === 'ok') {
      this.#health.set(provider, { ...this.health(provider), lastOkMs: Date.now() });
      this.#failures.set(way, 0);
      if (failures >= failuresToWarn) this.#logger.info({ provider, transport }, 'provider answers again');
      return;
    }
    const what = clean(`${outcome}${detail === '' ? '' : `: ${detail}`}`);
    this.#health.set(provider, { ...this.health(provider), lastFault: { timeMs: Date.now(), transport, what } });
    this.#failures.set(way, failures + 1);
    if (failures + 1 === failuresToWarn) this.#logger.warn({ provider, transport, fault: what }, 'provider fails');
    else this.#logger.debug({ provider, transport, fault: what }, 'no answer');
  }

  refused(provider: string, symbol: string, reason: RefusalReason, detail: string): void {
    this.#refused.inc({ provider, reason });
    this.#logger.debug({ provider, symbol, reason, detail: clean(detail) }, 'price refused');
  }

  connections(provider: string, change: 1 | -1): void {
    const { connections } = this.health(provider);
    this.#health.set(provider, { ...this.health(provider), connections: connections + change });
    this.#connections.set({ provider }, connections + change);
  }

  /** Prometheus text, with the prices of now. */
  async text(prices: readonly MarketPrice[], nowMs: number): Promise<string> {
    for (const gauge of [this.#price, this.#perp, this.#depth, this.#dispersion, this.#age, this.#sources])
      gauge.reset();
    for (const { symbol, price, perpPrice, depth, providers, dispersionPpm, timeMs, sources } of prices) {
      this.#up.set({ symbol }, price === undefined ? 0 : 1);
      this.#providers.set({ symbol }, providers.length);
      if (price !== undefined) this.#price.set({ symbol }, Number(formatDecimal(price)));
      if (perpPrice !== undefined) this.#perp.set({ symbol }, Number(formatDecimal(perpPrice)));
      if (depth !== undefined) this.#depth.set({ symbol }, Number(formatDecimal(depth)));
      if (dispersionPpm !== undefined) this.#dispersion.set({ symbol }, Number(dispersionPpm));
      if (timeMs !== undefined) this.#age.set({ symbol }, (nowMs - timeMs) / 1_000);
      for (const { state } of sources) this.#sources.inc({ symbol, state });
    }
    return this.registry.metrics();
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name: `plimsoll_prices_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> {
    return new Gauge({ name: `plimsoll_prices_${name}`, help, labelNames, registers: [this.registry] });
  }
}
