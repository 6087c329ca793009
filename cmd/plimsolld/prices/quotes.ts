import type { Decimal } from './decimal.js';
import type { BookDepth, Observation, RefusalReason } from './providers/read.js';

/** The newest price of one pair at one provider. */
export interface Quote {
  readonly price: Decimal;
  readonly volume?: Decimal;
  /** When the venue made it, where it says so. */
  readonly timeMs?: number;
  /** When it came here. */
  readonly receivedMs: number;
  /** When the venue last said that it still stands. */
  readonly aliveMs?: number;
  /** Since when it has not changed. */
  readonly changedMs: number;
  readonly sequence?: bigint;
  /** Connection it came over; 0 for a request. */
  readonly connection: number;
}

export interface Book extends BookDepth {
  readonly receivedMs: number;
}

/** How old a price is, by its venue's time or its arrival, whichever is longer ago. */
export const ageMs = (quote: Quote, nowMs: number): number => nowMs - asOfMs(quote);

/** The time for which a price is known to hold. */
export const asOfMs = ({ timeMs, receivedMs, aliveMs = 0 }: Quote): number =>
  Math.min(receivedMs, timeMs === undefined ? receivedMs : Math.max(timeMs, aliveMs));

/** What is known of all pairs at all providers: written by the transports, read by the aggregation. */
export class Quotes {
  readonly #quotes = new Map<string, Quote>();
  readonly #books = new Map<string, Book>();

  get(provider: string, pair: string): Quote | undefined {
    return this.#quotes.get(`${provider} ${pair}`);
  }

  /**
   * Keeps an observation unless a newer one is known: sequences grow on one
   * connection, and times everywhere.
   * @returns why it was not kept
   */
  put(
    provider: string,
    pair: string,
    { price, volume, timeMs, sequence }: Observation,
    nowMs: number,
    connection = 0,
  ): RefusalReason | undefined {
    const known = this.get(provider, pair);
    if (known !== undefined) {
      const sameConnection = connection !== 0 && connection === known.connection;
      if (sameConnection && sequence !== undefined && known.sequence !== undefined && sequence < known.sequence)
        return 'old_sequence';
      if (timeMs !== undefined && known.timeMs !== undefined && timeMs < known.timeMs) return 'old_time';
    }
    this.#quotes.set(`${provider} ${pair}`, {
      price,
      receivedMs: nowMs,
      changedMs: known?.price === price ? known.changedMs : nowMs,
      connection,
      ...(volume !== undefined && { volume }),
      ...(timeMs !== undefined && { timeMs }),
      ...(sequence !== undefined && { sequence }),
    });
    return undefined;
  }

  /** The venue says that its last price on this connection still stands. */
  touch(provider: string, pair: string, nowMs: number, connection: number): void {
    const known = this.get(provider, pair);
    if (known === undefined || known.connection !== connection) return;
    this.#quotes.set(`${provider} ${pair}`, { ...known, receivedMs: nowMs, changedMs: nowMs, aliveMs: nowMs });
  }

  book(provider: string, pair: string): Book | undefined {
    return this.#books.get(`${provider} ${pair}`);
  }

  putBook(provider: string, pair: string, book: BookDepth, nowMs: number): void {
    this.#books.set(`${provider} ${pair}`, { ...book, receivedMs: nowMs });
  }
}
