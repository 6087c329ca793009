import type { BookFeed } from '../providers/description.js';
import { readBook } from '../providers/read.js';
import type { Quotes } from '../quotes.js';
import { ask, failureOf } from './ask.js';
import { Backoff, sleep } from './backoff.js';
import type { FeedEvents, FeedLimits, SymbolMap } from './feed.js';
import type { RateLimiter } from './rate-limit.js';

export interface BookPollerOptions {
  readonly provider: string;
  readonly feed: BookFeed;
  readonly baseUrl: string;
  readonly symbols: SymbolMap;
  readonly intervalMs: number;
  readonly quotes: Quotes;
  readonly limiter: RateLimiter;
  readonly limits: FeedLimits;
  readonly events: FeedEvents;
}

/** Reads order books, one after the other, spread over the interval: nothing depends on them within seconds. */
export async function pollBooks(options: BookPollerOptions, signal: AbortSignal): Promise<void> {
  const { provider, feed, baseUrl, symbols, intervalMs, quotes, limiter, limits, events } = options;
  const backoff = new Backoff(intervalMs, Math.max(limits.maxBackoffMs, intervalMs));
  const pauseMs = intervalMs / symbols.size;
  await sleep(Math.random() * Math.min(pauseMs, 1_000), signal);
  while (!signal.aborted) {
    for (const [symbol, pair] of symbols) {
      let waitMs = pauseMs * (0.9 + Math.random() / 5);
      await sleep(limiter.take(), signal);
      if (signal.aborted) return;
      const started = performance.now();
      try {
        const answer = await ask(feed, baseUrl, [symbol], limits, signal);
        events.outcome(provider, 'book', 'ok', '', performance.now() - started);
        const book = readBook(answer, feed);
        if ('reason' in book) events.refused(provider, symbol, book.reason, book.detail);
        else quotes.putBook(provider, pair, book, Date.now());
        backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        const { outcome, message, retryAfterMs } = failureOf(error);
        events.outcome(provider, 'book', outcome, message, performance.now() - started);
        waitMs = Math.max(retryAfterMs ?? 0, backoff.next());
      }
      await sleep(waitMs, signal);
    }
  }
}
