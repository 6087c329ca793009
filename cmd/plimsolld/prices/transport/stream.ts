import WebSocket from 'ws';
import type { Quotes } from '../quotes.js';
import type { WebSocketFeed } from '../providers/description.js';
import { fill, type Template } from '../providers/template.js';
import { ask } from './ask.js';
import { Backoff, sleep } from './backoff.js';
import type { FeedEvents, FeedLimits, Outcome, SymbolMap } from './feed.js';
import { frameText, meaningOf } from './frame.js';

export interface StreamOptions {
  readonly provider: string;
  readonly feed: WebSocketFeed;
  /** Instead of the described address. */
  readonly url: string;
  /** Where the ticket is asked for. */
  readonly ticketUrl: string;
  /** Symbols as this feed writes them. */
  readonly symbols: SymbolMap;
  readonly quotes: Quotes;
  readonly limits: FeedLimits;
  readonly events: FeedEvents;
  readonly silenceMs: number;
}

const firstBackoffMs = 500;
/** A connection that carries messages but no price for this long, in silences, has lost its subscriptions. */
const priceSilences = 6;
/** Unusable messages in a row after which a connection is given up. */
const maxGarbage = 20;

let connections = 0;

/** Keeps connections to a venue open, each with its share of the symbols, until aborted. Never throws. */
export async function stream(options: StreamOptions, signal: AbortSignal): Promise<void> {
  const all = [...options.symbols.keys()];
  const { perConnection } = options.feed;
  const shares: string[][] = [];
  for (let from = 0; from < all.length; from += perConnection) shares.push(all.slice(from, from + perConnection));
  await Promise.all(shares.map((share) => keepOpen(options, share, signal)));
}

async function keepOpen(options: StreamOptions, symbols: readonly string[], signal: AbortSignal): Promise<void> {
  const { provider, events, limits } = options;
  const backoff = new Backoff(firstBackoffMs, limits.maxBackoffMs);
  while (!signal.aborted) {
    const end = await new Connection(options, symbols, signal).run();
    if (signal.aborted) return;
    events.outcome(provider, 'websocket', end.outcome, end.detail);
    if (end.gavePrices) backoff.reset();
    await sleep(backoff.next(), signal);
  }
}

interface End {
  readonly outcome: Outcome;
  readonly detail: string;
  /** It worked until now, so the next try need not wait long. */
  readonly gavePrices: boolean;
}

/** One connection, from opening to its end. */
class Connection {
  readonly #options: StreamOptions;
  readonly #symbols: readonly string[];
  readonly #signal: AbortSignal;
  readonly #number = ++connections;
  readonly #timers: NodeJS.Timeout[] = [];
  #finish!: (end: Omit<End, 'gavePrices'>) => void;
  #socket: WebSocket | undefined;
  #sent = 0;
  #garbage = 0;
  #heardAt = 0;
  #pricedAt = 0;
  #gavePrices = false;
  #writes: Promise<void> = Promise.resolve();

  constructor(options: StreamOptions, symbols: readonly string[], signal: AbortSignal) {
    this.#options = options;
    this.#symbols = symbols;
    this.#signal = signal;
  }

  async run(): Promise<End> {
    const { provider, events } = this.#options;
    const ended = new Promise<Omit<End, 'gavePrices'>>((resolve) => (this.#finish = resolve));
    const abort = (): void => this.#finish({ outcome: 'closed', detail: 'stopping' });
    this.#signal.addEventListener('abort', abort);
    let opened = false;
    try {
      const url = await this.#address();
      if (this.#signal.aborted) abort();
      const socket = this.#open(url);
      socket.once('open', () => {
        opened = true;
        events.connections(provider, 1);
      });
      return { ...(await ended), gavePrices: this.#gavePrices };
    } catch (error) {
      return { outcome: 'network', detail: (error as Error).message, gavePrices: false };
    } finally {
      this.#signal.removeEventListener('abort', abort);
      for (const timer of this.#timers) clearInterval(timer);
      this.#socket?.terminate();
      if (opened) events.connections(provider, -1);
    }
  }

  /** The configured address, or one filled from a ticket that is asked for first. */
  async #address(): Promise<string> {
    const { feed, url, ticketUrl, limits } = this.#options;
    if (feed.ticket === undefined || !url.includes('{')) return url;
    const ticket = { url: ticketUrl, path: feed.ticket.path, method: 'POST' as const };
    const message = await ask(ticket, ticketUrl, [], limits, this.#signal);
    const filled = String(fill(url, { message }));
    const secure = ticketUrl.startsWith('https:');
    if (!(secure ? /^wss:\/\// : /^wss?:\/\//).test(filled))
      throw new Error(`the ticket leads to ${filled.slice(0, 60)}, expected a ${secure ? 'wss' : 'ws or wss'} address`);
    return filled;
  }

  #open(url: string): WebSocket {
    const { feed, limits, silenceMs } = this.#options;
    const socket = new WebSocket(url, {
      handshakeTimeout: limits.timeoutMs,
      maxPayload: limits.maxBytes,
      followRedirects: false,
      headers: { 'user-agent': 'plimsolld-prices' },
    });
    this.#socket = socket;
    socket.on('open', () => {
      this.#heardAt = this.#pricedAt = performance.now();
      this.#every(Math.max(silenceMs / 4, 10), () => this.#watch());
      void this.#subscribe();
      if (feed.ping !== undefined) this.#every(feed.ping.everyMs, () => this.#ping());
    });
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on('ping', () => (this.#heardAt = performance.now()));
    socket.on('pong', () => (this.#heardAt = performance.now()));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#finish({
        outcome: error.message.includes('Max payload') ? 'too_large' : 'network',
        detail: error.code ?? error.message,
      }),
    );
    socket.on('close', (code) => this.#finish({ outcome: 'closed', detail: `closed with code ${code}` }));
    return socket;
  }

  #every(ms: number, work: () => void): void {
    this.#timers.push(setInterval(work, ms));
  }

  #watch(): void {
    const { silenceMs } = this.#options;
    const now = performance.now();
    if (now - this.#heardAt > silenceMs) this.#finish({ outcome: 'silent', detail: `nothing for ${silenceMs} ms` });
    else if (now - this.#pricedAt > priceSilences * silenceMs)
      this.#finish({ outcome: 'silent', detail: `no price for ${priceSilences * silenceMs} ms` });
  }

  async #subscribe(): Promise<void> {
    const { feed } = this.#options;
    await sleep(feed.afterOpenMs ?? 0, this.#signal);
    for (let from = 0; from < this.#symbols.length; from += feed.batch)
      this.#send(feed.subscribe, this.#symbols.slice(from, from + feed.batch));
  }

  #ping(): void {
    const message = this.#options.feed.ping?.message;
    if (message === undefined) this.#socket?.ping();
    else this.#send(message);
  }

  /** Queues a message, so that two are never closer than the venue allows. */
  #send(template: Template, symbols: readonly string[] = []): void {
    this.#queue(() => fill(template, { symbols, id: ++this.#sent, nowMs: Date.now() }));
  }

  #queue(make: () => unknown): void {
    this.#writes = this.#writes.then(async () => {
      if (this.#socket?.readyState !== WebSocket.OPEN) return;
      const message = make();
      this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      await sleep(this.#options.feed.writeGapMs, this.#signal);
    });
  }

  #receive(data: Buffer, isBinary: boolean): void {
    const { provider, feed, symbols, quotes, events, limits } = this.#options;
    this.#heardAt = performance.now();
    const nowMs = Date.now();
    let meaning;
    try {
      meaning = meaningOf(frameText(data, isBinary, feed, limits.maxBytes), feed, this.#symbols, nowMs);
    } catch {
      if (++this.#garbage >= maxGarbage)
        this.#finish({ outcome: 'not_json', detail: `${maxGarbage} unusable messages in a row` });
      return;
    }
    this.#garbage = 0;
    switch (meaning.kind) {
      case 'prices':
        for (const observation of meaning.reading.observations) {
          const pair = symbols.get(observation.symbol)!;
          const reason = quotes.put(provider, pair, observation, nowMs, this.#number);
          if (reason !== undefined) events.refused(provider, observation.symbol, reason, '');
          else this.#priced();
        }
        for (const { symbol, reason, detail } of meaning.reading.refusals)
          events.refused(provider, symbol, reason, detail);
        return;
      case 'alive': {
        const pair = symbols.get(meaning.symbol);
        if (pair !== undefined) quotes.touch(provider, pair, nowMs, this.#number);
        if (this.#gavePrices) this.#pricedAt = this.#heardAt;
        return;
      }
      case 'answer': {
        const { send } = meaning;
        this.#queue(() => send);
        return;
      }
      case 'error':
        events.outcome(provider, 'websocket', 'venue_error', meaning.message);
        return;
      case 'reconnect':
        this.#finish({ outcome: 'closed', detail: 'the venue asked to connect again' });
        return;
      case 'other':
        return;
    }
  }

  #priced(): void {
    this.#pricedAt = performance.now();
    if (!this.#gavePrices) {
      this.#gavePrices = true;
      this.#options.events.outcome(this.#options.provider, 'websocket', 'ok', '');
    }
  }
}
