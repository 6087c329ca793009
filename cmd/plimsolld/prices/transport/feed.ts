import type { HttpFault } from './http.js';
import type { RefusalReason } from '../providers/read.js';

export type Transport = 'rest' | 'websocket' | 'book';

/** How a request or a connection went; the words of `requests_total{outcome}`. `internal` is a fault of ours. */
export type Outcome = 'ok' | HttpFault | 'not_json' | 'venue_error' | 'silent' | 'closed' | 'internal';

/** What transports tell of themselves. */
export interface FeedEvents {
  outcome(provider: string, transport: Transport, outcome: Outcome, detail: string, durationMs?: number): void;
  refused(provider: string, symbol: string, reason: RefusalReason, detail: string): void;
  /** A WebSocket opened (1) or ended (-1). */
  connections(provider: string, change: 1 | -1): void;
}

/** What every transport needs. */
export interface FeedLimits {
  readonly timeoutMs: number;
  /** Of one answer or message, after decompression. */
  readonly maxBytes: number;
  /** Longest pause between two tries. */
  readonly maxBackoffMs: number;
}

/** Symbols of a provider and the pairs they stand for: BTCUSDT is BTC-USDT. */
export type SymbolMap = ReadonlyMap<string, string>;

/** Text of a stranger, made fit for a log line. */
export const clean = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200);
