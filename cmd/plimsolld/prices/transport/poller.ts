import { ageMs, type Quotes } from '../quotes.js';
import type { RestFeed } from '../providers/description.js';
import { readRows } from '../providers/read.js';
import { ask, askMode, failureOf } from './ask.js';
import { Backoff, sleep } from './backoff.js';
import type { FeedEvents, FeedLimits, SymbolMap } from './feed.js';
import type { RateLimiter } from './rate-limit.js';

export interface PollerOptions {
  readonly provider: string;
  readonly feed: RestFeed;
  /** Instead of the described address. */
  readonly baseUrl: string;
  readonly symbols: SymbolMap;
  readonly pollMs: number;
  /** Pairs whose price is younger come by another way, so they are not asked for. 0 asks for all. */
  readonly skipYoungerMs: number;
  readonly quotes: Quotes;
  readonly limiter: RateLimiter;
  readonly limits: FeedLimits;
  readonly events: FeedEvents;
}

/** Symbols that are asked for together. */
interface Question {
  readonly symbols: readonly string[];
  readonly backoff: Backoff;
  notBefore: number;
}

const firstBackoffMs = 1_000;

/**
 * Asks a provider again and again. A venue that fails is left alone for longer
 * each time, or for as long as it says; a question that is refused is halved
 * until the one symbol that the venue does not know is found, and only that one waits.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #venueBackoff: Backoff;
  #venueNotBefore = 0;
  #questions: Question[];

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#venueBackoff = new Backoff(firstBackoffMs, options.limits.maxBackoffMs);
    const symbols = [...options.symbols.keys()];
    const mode = askMode(options.feed);
    const size = mode === 'one' ? 1 : mode === 'all' ? symbols.length : (options.feed.maxSymbols ?? symbols.length);
    this.#questions = [];
    for (let from = 0; from < symbols.length; from += size)
      this.#questions.push(this.#question(symbols.slice(from, from + size)));
  }

  /** Returns when aborted; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { pollMs } = this.#options;
    // Not all providers at the same instant.
    await sleep(Math.random() * Math.min(pollMs, 250), signal);
    while (!signal.aborted) {
      const started = performance.now();
      await Promise.all([...this.#questions].map((question) => this.#askOnce(question, signal)));
      // At least a little pause, and never quite in step with others.
      await sleep(Math.max(pollMs * (0.9 + Math.random() / 5) - (performance.now() - started), 10), signal);
    }
  }

  async #askOnce(question: Question, signal: AbortSignal): Promise<void> {
    const { provider, feed, baseUrl, limits, limiter, events } = this.#options;
    const now = performance.now();
    if (now < question.notBefore || now < this.#venueNotBefore || !this.#isWanted(question)) return;
    await sleep(limiter.take(), signal);
    if (signal.aborted || performance.now() < this.#venueNotBefore) return;
    const started = performance.now();
    try {
      const answer = await ask(feed, baseUrl, question.symbols, limits, signal);
      events.outcome(provider, 'rest', 'ok', '', performance.now() - started);
      this.#venueBackoff.reset();
      question.backoff.reset();
      this.#keep(readRows(answer, feed, question.symbols, Date.now(), true));
    } catch (error) {
      if (signal.aborted) return;
      const { outcome, message, blame, retryAfterMs } = failureOf(error);
      events.outcome(provider, 'rest', outcome, message, performance.now() - started);
      if (blame === 'question') this.#refused(question);
      // Questions that failed together are one failure of the venue.
      else if (performance.now() >= this.#venueNotBefore)
        this.#venueNotBefore = performance.now() + Math.max(retryAfterMs ?? 0, this.#venueBackoff.next());
    }
  }

  #keep({ observations, refusals }: ReturnType<typeof readRows>): void {
    const { provider, symbols, quotes, events } = this.#options;
    for (const observation of observations) {
      const reason = quotes.put(provider, symbols.get(observation.symbol)!, observation, Date.now());
      // A newer price came over the WebSocket meanwhile: nothing is wrong.
      if (reason !== undefined && reason !== 'old_time') events.refused(provider, observation.symbol, reason, '');
    }
    for (const { symbol, reason, detail } of refusals) events.refused(provider, symbol, reason, detail);
  }

  #refused(question: Question): void {
    if (question.symbols.length === 1 || askMode(this.#options.feed) === 'all') {
      question.notBefore = performance.now() + question.backoff.next();
      return;
    }
    const half = question.symbols.length >> 1;
    this.#questions = this.#questions.flatMap((other) =>
      other === question
        ? [this.#question(question.symbols.slice(0, half)), this.#question(question.symbols.slice(half))]
        : [other],
    );
  }

  #question(symbols: readonly string[]): Question {
    return { symbols, backoff: new Backoff(firstBackoffMs, this.#options.limits.maxBackoffMs), notBefore: 0 };
  }

  #isWanted({ symbols }: Question): boolean {
    const { provider, quotes, skipYoungerMs } = this.#options;
    if (skipYoungerMs === 0) return true;
    return symbols.some((symbol) => {
      const quote = quotes.get(provider, this.#options.symbols.get(symbol)!);
      return quote === undefined || ageMs(quote, Date.now()) > skipYoungerMs;
    });
  }
}
