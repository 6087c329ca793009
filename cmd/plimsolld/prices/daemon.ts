import { setMaxListeners } from 'node:events';
import type { Logger } from '../../../runtime/log.js';
import { priceMarkets, type MarketPrice } from './aggregate/markets.js';
import type { PricesConfig, ProviderSetup } from './config.js';
import { Telemetry } from './metrics.js';
import { pairText, venueSymbol, type Pair, type SymbolRule } from './pair.js';
import { Quotes } from './quotes.js';
import { pollBooks } from './transport/book-poller.js';
import type { FeedLimits, SymbolMap } from './transport/feed.js';
import { Poller } from './transport/poller.js';
import { RateLimiter } from './transport/rate-limit.js';
import { stream } from './transport/stream.js';

/** Feeds and what is known from them; the server and the commands stand on it. */
export class PriceDaemon {
  readonly config: PricesConfig;
  readonly telemetry: Telemetry;
  readonly #quotes = new Quotes();
  readonly #stop = new AbortController();
  #feeds: readonly Promise<void>[] = [];

  constructor(config: PricesConfig, logger: Logger) {
    this.config = config;
    this.telemetry = new Telemetry(logger);
    // Every feed listens, and each of them also while it waits.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Begins to ask; prices come as answers do. */
  start(): void {
    this.#feeds = this.config.providers.flatMap((setup) => this.#feedsOf(setup));
  }

  /** All markets now, with or without a price. */
  prices(nowMs: number = Date.now()): readonly MarketPrice[] {
    return priceMarkets(this.config.markets, this.#quotes, nowMs);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#feeds);
  }

  #feedsOf({ provider, settings, pairs, bookPairs, freshnessMs }: ProviderSetup): Promise<void>[] {
    const { name, rest, websocket, book } = provider;
    const { signal } = this.#stop;
    const {
      request_timeout_ms: timeoutMs,
      max_response_bytes: maxBytes,
      max_backoff_ms: maxBackoffMs,
    } = this.config.toml;
    const limits: FeedLimits = { timeoutMs, maxBytes, maxBackoffMs };
    const common = { provider: name, quotes: this.#quotes, limits, events: this.telemetry };
    const limiter = new RateLimiter(provider.limit);
    const streams = websocket !== undefined && settings.transport !== 'rest';
    const feeds: Promise<void>[] = [];
    if (streams) {
      const described = websocket.url;
      feeds.push(
        stream(
          {
            ...common,
            feed: websocket,
            url: settings.websocket_url ?? described,
            ticketUrl: settings.rest_url ?? websocket.ticket?.url ?? '',
            symbols: symbolMap(websocket.symbol ?? provider.symbol, pairs),
            silenceMs: settings.silence_ms ?? websocket.silenceMs,
          },
          signal,
        ),
      );
    }
    if (!streams || settings.transport === 'auto') {
      const poller = new Poller({
        ...common,
        feed: rest,
        baseUrl: settings.rest_url ?? rest.url,
        symbols: symbolMap(provider.symbol, pairs),
        pollMs: settings.poll_ms ?? rest.pollMs,
        // Early enough that a stream which stopped is replaced before its last price is too old.
        skipYoungerMs: streams ? freshnessMs / 3 : 0,
        limiter,
      });
      feeds.push(poller.run(signal));
    }
    if (book !== undefined && bookPairs.length > 0) {
      feeds.push(
        pollBooks(
          {
            ...common,
            feed: book,
            baseUrl: settings.book_url ?? settings.rest_url ?? book.url,
            symbols: symbolMap(provider.symbol, bookPairs),
            intervalMs: this.config.toml.book_interval_ms,
            limiter,
          },
          signal,
        ),
      );
    }
    return feeds;
  }
}

const symbolMap = (rule: SymbolRule, pairs: readonly Pair[]): SymbolMap =>
  new Map(pairs.map((pair) => [venueSymbol(rule, pair), pairText(pair)]));
