import { gunzipSync } from 'node:zlib';
import { at, parseJson, scalar, type Json } from '../json.js';
import type { WebSocketFeed } from '../providers/description.js';
import { holds, readRows, type Reading } from '../providers/read.js';
import { fill } from '../providers/template.js';
import { clean } from './feed.js';

/** What a message of a venue means. */
export type Meaning =
  | { readonly kind: 'prices'; readonly reading: Reading }
  | { readonly kind: 'alive'; readonly symbol: string }
  | { readonly kind: 'answer'; readonly send: unknown }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'reconnect' }
  /** Acknowledgements, pongs, heartbeats: the connection lives. */
  | { readonly kind: 'other' };

/** Text of a frame. @throws Error where it cannot be decompressed or becomes too long */
export function frameText(data: Buffer, isBinary: boolean, feed: WebSocketFeed, maxBytes: number): string {
  const plain = feed.compression === 'gzip' && isBinary ? gunzipSync(data, { maxOutputLength: maxBytes }) : data;
  return plain.toString('utf8');
}

/** Reads a message as the venue's description says. @throws Error for what is not JSON */
export function meaningOf(text: string, feed: WebSocketFeed, symbols: readonly string[], nowMs: number): Meaning {
  // Some venues answer "ping" with a bare "pong".
  if (text === 'pong' || text === 'ping') return { kind: 'other' };
  const message: Json = parseJson(text);
  if (feed.reconnect !== undefined && holds(feed.reconnect, message)) return { kind: 'reconnect' };
  for (const { when, send } of feed.answers ?? [])
    if (holds(when, message)) return { kind: 'answer', send: fill(send, { message, nowMs }) };
  for (const { when, message: path } of feed.errors ?? [])
    if (holds(when, message)) return { kind: 'error', message: clean(scalar(at(message, path)) ?? text) };
  if (feed.alive !== undefined && holds(feed.alive.when, message)) {
    const symbol = scalar(at(message, feed.alive.symbol));
    return symbol === undefined ? { kind: 'other' } : { kind: 'alive', symbol };
  }
  if (!holds(feed.when, message)) return { kind: 'other' };
  return { kind: 'prices', reading: readRows(message, feed, symbols, nowMs, false) };
}
