import { distance, divideHalfUp, isDecimal, parseDecimal, ppmUp, type Decimal } from '../decimal.js';
import { at, scalar, type Json } from '../json.js';
import type { Check, Fields, Rows, TimeUnit } from './description.js';

/** What a venue said of one symbol at one time. */
export interface Observation {
  /** As the venue writes it. */
  readonly symbol: string;
  /** Median of last trade, bid and ask, of those that the venue gave. */
  readonly price: Decimal;
  readonly volume?: Decimal;
  /** When the venue made it, by its own clock. */
  readonly timeMs?: number;
  readonly sequence?: bigint;
}

/** Why a row is not used; the words of `refusals_total`. */
export type RefusalReason =
  | 'missing'
  | 'not_decimal'
  | 'not_positive'
  | 'out_of_range'
  | 'crossed'
  | 'wide_spread'
  | 'bad_time'
  | 'future'
  | 'wrong_symbol'
  | 'duplicate'
  | 'old_sequence'
  | 'old_time';

export interface Refusal {
  readonly symbol: string;
  readonly reason: RefusalReason;
  /** For people. */
  readonly detail: string;
}

export interface Reading {
  readonly observations: readonly Observation[];
  readonly refusals: readonly Refusal[];
}

/** A book with a wider gap between bid and ask does not say what anything is worth: 5 %. */
const maxSpreadPpm = 50_000n;

/** A venue's clock may be ahead of ours by this much. */
const maxAheadMs = 10_000;

/** Do all conditions hold? */
export function holds(checks: readonly Check[], message: Json): boolean {
  return checks.every(({ path, is }) => {
    const value = at(message, path);
    if (is === 'present') return value !== undefined && value !== null;
    if (is === 'empty') return value === undefined || value === null || value === '' || isEmptyArray(value);
    const text = scalar(value);
    return text !== undefined && is.includes(text);
  });
}

const isEmptyArray = (value: Json): boolean => Array.isArray(value) && value.length === 0;

/**
 * Reads the rows of a message for the symbols in `asked`; rows of other
 * symbols are passed over, but where one symbol was asked for and the only
 * row names another, the venue answers something else than it was asked.
 */
export function readRows(
  message: Json,
  { rows, fields }: Rows,
  asked: readonly string[],
  nowMs: number,
  expectAll: boolean,
): Reading {
  const found = new Map<string, Observation>();
  const refusals: Refusal[] = [];
  const refused = new Set<string>();
  const refuse = (symbol: string, reason: RefusalReason, detail: string): void => {
    refused.add(symbol);
    refusals.push({ symbol, reason, detail });
  };
  const entries = rowsOf(message, rows);
  for (const [key, row] of entries) {
    const symbol = symbolOf(message, row, key, fields, asked);
    if (symbol === undefined || !asked.includes(symbol)) {
      if (expectAll && asked.length === 1 && entries.length === 1)
        refuse(asked[0]!, 'wrong_symbol', `asked for ${asked[0]}, the answer is of ${symbol ?? 'nothing'}`);
      continue;
    }
    const read = readRow(message, row, fields, nowMs);
    if ('reason' in read) refuse(symbol, read.reason, read.detail);
    else if (found.has(symbol)) refuse(symbol, 'duplicate', 'two rows');
    else found.set(symbol, { symbol, ...read });
  }
  if (expectAll) {
    for (const symbol of asked)
      if (!found.has(symbol) && !refused.has(symbol)) refuse(symbol, 'missing', 'not in the answer');
  }
  return { observations: [...found.values()].filter(({ symbol }) => !refused.has(symbol)), refusals };
}

/** Rows with their keys; one row that is no array or map of rows has the key "". */
function rowsOf(message: Json, path: string): readonly (readonly [key: string, row: Json])[] {
  if (path === '$message') return [['', message]];
  if (path.endsWith('*')) {
    const map = at(message, path.replace(/\.?\*$/, ''));
    return typeof map === 'object' && map !== null && !Array.isArray(map) ? Object.entries(map) : [];
  }
  const value = at(message, path);
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map((row: Json) => ['', row] as const) : [['', value]];
}

function symbolOf(
  message: Json,
  row: Json,
  key: string,
  { symbol: path, symbolForm }: Fields,
  asked: readonly string[],
): string | undefined {
  if (path === undefined) return asked.length === 1 ? asked[0] : undefined;
  if (path === '$key') return key;
  const text = scalar(path.startsWith('/') ? at(message, path.slice(1)) : at(row, path));
  if (symbolForm === undefined) return text;
  return asked.find((symbol) => symbolForm.replace('{symbol}', symbol) === text);
}

type RowResult = Omit<Observation, 'symbol'> | Omit<Refusal, 'symbol'>;

function readRow(message: Json, row: Json, fields: Fields, nowMs: number): RowResult {
  const prices: Partial<Record<'last' | 'bid' | 'ask', Decimal>> = {};
  for (const name of ['last', 'bid', 'ask'] as const) {
    const path = fields[name];
    const value = path === undefined ? undefined : at(row, path);
    if (value === undefined || value === null) continue;
    const text = scalar(value);
    const parsed = text === undefined ? 'not_decimal' : parseDecimal(text);
    if (!isDecimal(parsed)) return { reason: parsed, detail: `${name}: ${JSON.stringify(value)?.slice(0, 60)}` };
    prices[name] = parsed;
  }
  const { last, bid, ask } = prices;
  if (bid !== undefined && ask !== undefined) {
    if (bid > ask) return { reason: 'crossed', detail: 'the bid is above the ask' };
    if (ppmUp(ask - bid, bid) > maxSpreadPpm)
      return { reason: 'wide_spread', detail: 'bid and ask are 5 % apart or more' };
  }
  const price = venuePrice(last, bid, ask);
  if (price === undefined) return { reason: 'missing', detail: 'no last trade, and not both bid and ask' };

  const time = timeOf(message, row, fields.time);
  if (time === 'bad_time') return { reason: time, detail: 'a time is there but cannot be read' };
  if (time !== undefined && time > nowMs + maxAheadMs)
    return { reason: 'future', detail: `its time is ${time - nowMs} ms ahead of this clock` };
  const volume = optional(row, fields.volume);
  const sequence = fields.sequence === undefined ? undefined : scalar(at(row, fields.sequence));
  return {
    price,
    ...(volume !== undefined && { volume }),
    ...(time !== undefined && { timeMs: time }),
    ...(sequence !== undefined && /^\d{1,30}$/.test(sequence) && { sequence: BigInt(sequence) }),
  };
}

/**
 * Median of last trade, bid and ask: a single stale print does not move it.
 * Without a last trade the middle of the book; without a book the last trade.
 */
export function venuePrice(
  last: Decimal | undefined,
  bid: Decimal | undefined,
  ask: Decimal | undefined,
): Decimal | undefined {
  if (bid === undefined || ask === undefined) return last;
  if (last === undefined) return divideHalfUp(bid + ask, 2n);
  return last < bid ? bid : last > ask ? ask : last;
}

function optional(row: Json, path: string | undefined): Decimal | undefined {
  const text = path === undefined ? undefined : scalar(at(row, path));
  const parsed = text === undefined ? 'not_decimal' : parseDecimal(text);
  return isDecimal(parsed) ? parsed : undefined;
}

function timeOf(message: Json, row: Json, time: Fields['time']): number | undefined | 'bad_time' {
  if (time === undefined) return undefined;
  const { path, unit } = time;
  const value = path.startsWith('/') ? at(message, path.slice(1)) : at(row, path);
  if (value === undefined || value === null) return undefined;
  const text = scalar(value);
  return text === undefined ? 'bad_time' : parseTime(text, unit);
}

/** Milliseconds since 1970, rounded down. */
function parseTime(text: string, unit: TimeUnit): number | 'bad_time' {
  if (unit === 'iso') {
    const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)$/.exec(text);
    if (match === null) return 'bad_time';
    const timeMs = Date.parse(`${match[1]}.${(match[2] ?? '').padEnd(3, '0').slice(0, 3)}Z`);
    return Number.isNaN(timeMs) ? 'bad_time' : timeMs;
  }
  const match = /^(\d{9,17})(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) return 'bad_time';
  const milliseconds = (match[2] ?? '').padEnd(3, '0').slice(0, 3);
  if (unit === 's') return Number(match[1]) * 1_000 + Number(milliseconds);
  return unit === 'us' ? Math.floor(Number(match[1]) / 1_000) : Number(match[1]);
}

/** US dollars, or whatever the quote is, that stand within 1 % of the middle of a book: the smaller of the two sides. */
export interface BookDepth {
  readonly middle: Decimal;
  readonly depth: Decimal;
}

/** Levels of one side that are looked at. */
const maxLevels = 10_000;

/**
 * Depth of a book: for each side, price times size of all levels within 1 % of
 * the middle; the smaller side counts. A book that was cut short says too little, never too much.
 */
export function readBook(
  message: Json,
  book: { readonly bids: string; readonly asks: string; readonly price: string; readonly size: string },
): BookDepth | Omit<Refusal, 'symbol'> {
  const sides: (readonly (readonly [price: Decimal, size: Decimal])[])[] = [];
  for (const path of [book.bids, book.asks]) {
    const levels = atAny(message, path);
    if (!Array.isArray(levels) || levels.length === 0) return { reason: 'missing', detail: `${path}: no levels` };
    const side: (readonly [Decimal, Decimal])[] = [];
    for (const level of (levels as readonly Json[]).slice(0, maxLevels)) {
      const parsed = [book.price, book.size].map((field) => parseDecimal(scalar(at(level, field)) ?? ''));
      const [price, size] = parsed;
      if (price === undefined || size === undefined) return { reason: 'missing', detail: path };
      if (size === 'not_positive') continue;
      if (!isDecimal(price)) return { reason: price, detail: path };
      if (!isDecimal(size)) return { reason: size, detail: path };
      side.push([price, size]);
    }
    if (side.length === 0) return { reason: 'missing', detail: `${path}: no levels` };
    sides.push(side);
  }
  const [bids, asks] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const bid = bids.reduce((best, [price]) => (price > best ? price : best), 0n);
  const ask = asks.reduce((best, [price]) => (price < best ? price : best), asks[0]![0]);
  if (bid > ask) return { reason: 'crossed', detail: 'the best bid is above the best ask' };
  if (ppmUp(ask - bid, bid) > maxSpreadPpm)
    return { reason: 'wide_spread', detail: 'bid and ask are 5 % apart or more' };
  const middle = divideHalfUp(bid + ask, 2n);
  const [bidDepth, askDepth] = [bids, asks].map((side) =>
    side.reduce(
      (sum, [price, size]) => (distance(price, middle) * 100n <= middle ? sum + (price * size) / 10n ** 18n : sum),
      0n,
    ),
  ) as [Decimal, Decimal];
  return { middle, depth: bidDepth < askDepth ? bidDepth : askDepth };
}

/** Like `at`, where a step "*" goes into the only entry of a map. */
function atAny(message: Json, path: string): Json | undefined {
  const [before, after] = path.split('.*.');
  if (after === undefined) return at(message, path);
  const map = at(message, before!);
  if (typeof map !== 'object' || map === null || Array.isArray(map)) return undefined;
  const values = Object.values(map as Record<string, Json>);
  return values.length === 1 ? at(values[0], after) : undefined;
}
