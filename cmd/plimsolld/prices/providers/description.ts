import type { SymbolRule } from '../pair.js';
import type { Template } from './template.js';

/**
 * What the daemon knows of a venue, as data: where to ask, how the venue
 * writes a pair, where in its answer the prices lie, what its errors look
 * like and how often it may be asked. One interpreter reads them all.
 *
 * Paths are dotted with indices, like `result.list[0].price`.
 */
export interface Provider {
  /** As written in prices.toml. */
  readonly name: string;
  readonly title: string;
  /** spot: what is bought is delivered; perp: a perpetual future, reported as such and never part of a price. */
  readonly kind: 'spot' | 'perp';
  /** Where the venue describes this interface. */
  readonly docs: string;
  readonly symbol: SymbolRule;
  readonly limit: RateLimit;
  readonly rest: RestFeed;
  readonly websocket?: WebSocketFeed;
  readonly book?: BookFeed;
}

/** At most so many requests in so many milliseconds, our share of what the venue allows. */
export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
}

/** A condition on a message: the value at a path is one of these texts, or is there, or is missing or empty. */
export interface Check {
  readonly path: string;
  readonly is: readonly string[] | 'present' | 'empty';
}

/** Numbers of time units since 1970, or text like 2023-06-16T02:26:52.037760Z. */
export type TimeUnit = 's' | 'ms' | 'us' | 'iso';

/** Where the parts of a price lie in one row. What is missing or null is not used; what is there must be right. */
export interface Fields {
  /**
   * The venue's symbol. `$key` is the key of the row in its map. Absent where
   * the answer names none: then it is the one that was asked for.
   */
  readonly symbol?: string;
  /** The symbol is embedded in a text, like "market.{symbol}.ticker". */
  readonly symbolForm?: string;
  readonly last?: string;
  readonly bid?: string;
  readonly ask?: string;
  /** Traded in 24 hours, in base units. */
  readonly volume?: string;
  /** When the venue made this price; a path from the whole message when it starts with "/". */
  readonly time?: { readonly path: string; readonly unit: TimeUnit };
  /** Grows with every message of a symbol on one connection. */
  readonly sequence?: string;
}

/** Where the rows of a message are. */
export interface Rows {
  /** An array of rows, one row, or with a last step "*" a map of rows. "$message" is the whole message as one row. */
  readonly rows: string;
  readonly fields: Fields;
}

/** How a request is made and its failure told from success. */
export interface Request {
  /** https://host */
  readonly url: string;
  /**
   * Path and query. With {symbol} each pair is asked for alone; with {symbols} many
   * in one request, joined by `join`; with neither one answer holds all pairs.
   */
  readonly path: string;
  readonly join?: string;
  /** Symbols in one request at most. */
  readonly maxSymbols?: number;
  readonly method?: 'POST';
  readonly body?: Template;
  /** All must hold, or the answer is an error whatever its status. */
  readonly success?: readonly Check[];
  /** Where an error says what is wrong. */
  readonly message?: readonly string[];
}

export interface RestFeed extends Request, Rows {
  readonly pollMs: number;
}

export interface WebSocketFeed extends Rows {
  /** wss://host/path */
  readonly url: string;
  /** A request that must be made first; its answer fills `{@path}` in `url`. */
  readonly ticket?: { readonly path: string; readonly url: string };
  /** When the REST symbols do not hold here. */
  readonly symbol?: SymbolRule;
  /** Sent after opening; an array element with {symbol} stands for one element for each symbol. */
  readonly subscribe: Template;
  /** Symbols in one subscribe message, and on one connection, at most. */
  readonly batch: number;
  readonly perConnection: number;
  /** Between two messages that we send. */
  readonly writeGapMs: number;
  /** Before the first message that we send. */
  readonly afterOpenMs?: number;
  readonly compression?: 'gzip';
  /** Sent so often; without a message it is a ping frame. */
  readonly ping?: { readonly everyMs: number; readonly message?: Template };
  /** What must be answered, and how; {@path} in the answer is filled from the message. */
  readonly answers?: readonly { readonly when: readonly Check[]; readonly send: Template }[];
  /** Which messages are errors, and where they say what is wrong. */
  readonly errors?: readonly { readonly when: readonly Check[]; readonly message: string }[];
  /** After this message the venue wants us to connect again. */
  readonly reconnect?: readonly Check[];
  /** Which messages carry prices. */
  readonly when: readonly Check[];
  /** Says that the last price of a symbol still stands. */
  readonly alive?: { readonly when: readonly Check[]; readonly symbol: string };
  /** Without any message for this long the connection is dead. */
  readonly silenceMs: number;
}

/** An order book: how much money stands within 1 % of its middle. */
export interface BookFeed extends Request {
  /** Arrays of levels. "*" as a step stands for the only entry of a map. */
  readonly bids: string;
  readonly asks: string;
  /** In a level, price and size in base units. */
  readonly price: string;
  readonly size: string;
}
