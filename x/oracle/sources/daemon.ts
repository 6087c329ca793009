import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { silentLogger, type Logger } from '../../../runtime/log.js';
import type { PriceSource, QuotedPrice } from '../price-source.js';

export interface DaemonSourceOptions {
  /** host:port, or unix:/path. */
  readonly address: string;
  /** Between two questions, in milliseconds. */
  readonly pollMs?: number;
  /** A price older than this is not given out. */
  readonly maxAgeMs?: number;
  /** For one question, from connecting to the last byte. */
  readonly timeoutMs?: number;
  /** Symbols to take; all well-formed ones when absent. */
  readonly symbols?: readonly string[];
  readonly logger?: Logger;
}

/** Bytes of an answer that are read at most: a thousand markets fit. */
const maxResponseBytes = 256 * 1024;
const maxPrices = 1_024;
/** The daemon runs beside this node: its clock is this clock, or nearly so. */
const maxAheadMs = 5_000;

const symbolForm = /^[A-Z0-9]{1,16}-[A-Z0-9]{1,16}$/;
/** Plain decimal, at most 15 digits before the point and 18 after it; no sign, no exponent. */
const amountForm = /^(?:0|[1-9]\d{0,14})(?:\.\d{1,18})?$/;

interface Entry extends QuotedPrice {
  readonly timeMs: number;
}

interface Answer {
  readonly entries: readonly Entry[];
  /** On a clock that nobody sets. */
  readonly receivedAt: number;
}

/**
 * What the price daemon says, asked for in the background. Asked for prices it
 * answers at once from the last good answer, leaves out what has grown old by this node's
 * own clock, and never throws: a daemon that is dead, slow or talks nonsense costs prices, not blocks.
 */
export class DaemonPriceSource implements PriceSource {
  readonly #options: Required<Omit<DaemonSourceOptions, 'symbols'>>;
  readonly #symbols: ReadonlySet<string> | undefined;
  #answer: Answer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #current: ClientRequest | undefined;
  #closed = false;
  /** Fault of the last question; undefined when it was answered. */
  #fault: string | undefined;

  constructor({
    pollMs = 500,
    maxAgeMs = 15_000,
    timeoutMs = 2_000,
    logger = silentLogger,
    symbols,
    address,
  }: DaemonSourceOptions) {
    this.#options = { pollMs, maxAgeMs, timeoutMs, logger, address };
    this.#symbols = symbols === undefined ? undefined : new Set(symbols);
    this.#ask();
  }

  /** Why the last question to the daemon brought nothing; undefined when it did. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** The block time is not used: what counts is how old a price is here and now. */
  prices(_timeMs: bigint): readonly QuotedPrice[] {
    const answer = this.#answer;
    const { maxAgeMs } = this.#options;
    if (answer === undefined || performance.now() - answer.receivedAt > maxAgeMs) return [];
    const now = Date.now();
    return answer.entries
      .filter(({ timeMs }) => now - timeMs <= maxAgeMs && timeMs - now <= maxAheadMs)
      .map(({ timeMs: _, ...quoted }) => quoted);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#current?.destroy();
  }

  #ask(): void {
    let done = false;
    const finish = (fault: string | undefined): void => {
      if (done) return;
      done = true;
      clearTimeout(deadline);
      asked?.destroy();
      if (this.#closed) return;
      this.#note(fault);
      this.#timer = setTimeout(() => this.#ask(), this.#options.pollMs).unref();
    };
    // A deadline of its own: a server that drips bytes never runs into an idle timeout.
    const { timeoutMs } = this.#options;
    const deadline = setTimeout(() => finish(`no whole answer within ${timeoutMs} ms`), timeoutMs).unref();
    let asked: ClientRequest | undefined;
    try {
      asked = request({ ...target(this.#options.address), path: '/v1/prices', agent: false }, (response) =>
        this.#read(response, finish),
      );
      this.#current = asked;
      asked.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
      asked.on('close', () => finish('closed without an answer'));
      asked.end();
    } catch (error) {
      finish((error as Error).message);
    }
  }

  #read(response: IncomingMessage, finish: (fault: string | undefined) => void): void {
    if (response.statusCode !== 200) return finish(`status ${response.statusCode}`);
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxResponseBytes) finish(`more than ${maxResponseBytes} bytes`);
      else chunks.push(chunk);
    });
    response.on('error', (error) => finish(error.message));
    response.on('aborted', () => finish('cut off'));
    response.on('end', () => {
      if (size > maxResponseBytes) return;
      const entries = readAnswer(Buffer.concat(chunks).toString('utf8'), this.#symbols);
      if (typeof entries === 'string') return finish(entries);
      this.#answer = { entries, receivedAt: performance.now() };
      finish(undefined);
    });
  }

  /** Logs when the daemon is lost and when it is back, not each time it is asked. */
  #note(fault: string | undefined): void {
    const { logger, address } = this.#options;
    if (fault !== undefined && this.#fault === undefined)
      logger.warn({ address, fault }, 'the price daemon does not answer: its prices run out');
    if (fault === undefined && this.#fault !== undefined) logger.info({ address }, 'the price daemon answers again');
    this.#fault = fault;
  }
}

function target(address: string): { readonly socketPath: string } | { readonly host: string; readonly port: number } {
  if (address.startsWith('unix:')) return { socketPath: address.slice('unix:'.length) };
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}

/**
 * Entries of an answer; a text says why it is none. An entry that is not exactly as it should be is
 * left out, and so is a symbol that is named twice: which one would be right?
 */
export function readAnswer(text: string, symbols?: ReadonlySet<string>): readonly Entry[] | string {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  const list = isRecord(answer) ? answer['prices'] : undefined;
  if (!Array.isArray(list)) return 'no list of prices';
  if (list.length > maxPrices) return `more than ${maxPrices} prices`;
  const found = new Map<string, Entry | undefined>();
  for (const item of list as readonly unknown[]) {
    const entry = readEntry(item);
    if (entry === undefined || symbols?.has(entry.symbol) === false) continue;
    found.set(entry.symbol, found.has(entry.symbol) ? undefined : entry);
  }
  return [...found.values()].filter((entry) => entry !== undefined);
}

function readEntry(item: unknown): Entry | undefined {
  if (!isRecord(item)) return undefined;
  const { symbol, price, time_ms: timeMs, perp_price: perpPrice, depth_usd: depthUsd, providers } = item;
  if (typeof symbol !== 'string' || !symbolForm.test(symbol)) return undefined;
  if (!isAmount(price) || !Number.isSafeInteger(timeMs) || (timeMs as number) < 0) return undefined;
  if (perpPrice !== undefined && !isAmount(perpPrice)) return undefined;
  if (depthUsd !== undefined && !isAmount(depthUsd)) return undefined;
  if (providers !== undefined && !Array.isArray(providers)) return undefined;
  return {
    symbol,
    price,
    timeMs: timeMs as number,
    ...(perpPrice !== undefined && { perpPrice }),
    ...(depthUsd !== undefined && { depthUsd }),
    ...(providers !== undefined && { sources: providers.length }),
  };
}

/** A positive decimal text. */
const isAmount = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= 34 && amountForm.test(value) && /[1-9]/.test(value);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
