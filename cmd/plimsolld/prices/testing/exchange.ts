import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** How a request is answered, or is not. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Before anything is sent. */
  readonly delayMs?: number;
  /** Sends so many bytes at a time, so far apart. */
  readonly drip?: { readonly bytes: number; readonly everyMs: number };
  /** Ends the connection: before the headers, or in the middle of the body that the headers promised. */
  readonly cut?: 'reset' | 'body';
  /** Never stops sending. */
  readonly endless?: boolean;
}

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
  readonly timeMs: number;
}

export type Answering = (asked: Asked) => Reply;
/** Does what a venue does with a connection: answers messages, sends prices, falls silent. */
export type Serving = (socket: WebSocket, asked: Asked) => void;

/** An exchange on loopback that does what it is told: real HTTP, real WebSockets. */
export class Exchange {
  /** Everything that was asked, in order. */
  readonly requests: Asked[] = [];
  /** Texts that clients sent, over all connections. */
  readonly messages: string[] = [];
  readonly sockets = new Set<WebSocket>();
  /** Connections ever made. */
  connections = 0;
  answering: Answering = () => ({ status: 404, body: '{"message":"NotFound"}' });
  serving: Serving = () => {};
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor() {
    this.#server = createServer((request, response) => this.#read(request, response));
    this.#webSockets = new WebSocketServer({ server: this.#server });
    this.#webSockets.on('connection', (socket, request) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
      socket.on('message', (data) => this.messages.push((data as Buffer).toString('utf8')));
      this.serving(socket, this.#asked(request, ''));
    });
  }

  static async start(): Promise<Exchange> {
    const exchange = new Exchange();
    await new Promise<void>((resolve) => exchange.#server.listen(0, '127.0.0.1', resolve));
    return exchange;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get webSocketUrl(): string {
    return this.url.replace('http', 'ws');
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.sockets) socket.terminate();
    this.#webSockets.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #asked({ method = 'GET', url = '/' }: IncomingMessage, body: string): Asked {
    return { method, url: new URL(url, this.url), body, timeMs: Date.now() };
  }

  #read(request: IncomingMessage, response: ServerResponse): void {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const asked = this.#asked(request, body);
      this.requests.push(asked);
      const reply = this.answering(asked);
      this.#later(reply.delayMs ?? 0, () => this.#send(reply, response));
    });
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }

  #send({ status = 200, headers, body = '', drip, cut, endless }: Reply, response: ServerResponse): void {
    if (cut === 'reset') return void response.socket?.resetAndDestroy();
    const bytes = Buffer.from(body);
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(endless !== true && { 'content-length': String(bytes.length) }),
      ...headers,
    });
    if (cut === 'body') {
      response.write(bytes.subarray(0, bytes.length >> 1), () => response.socket?.destroy());
      return;
    }
    if (endless === true) {
      const more = (): void => {
        if (response.destroyed) return;
        // Not faster than it is read.
        if (response.write(Buffer.alloc(65_536, ' '))) setImmediate(more);
        else response.once('drain', more);
      };
      return more();
    }
    if (drip === undefined) return void response.end(bytes);
    let sent = 0;
    const timer = setInterval(() => {
      response.write(bytes.subarray(sent, sent + drip.bytes));
      sent += drip.bytes;
      if (sent >= bytes.length || response.destroyed) {
        clearInterval(timer);
        this.#timers.delete(timer);
        response.end();
      }
    }, drip.everyMs);
    this.#timers.add(timer);
  }
}

/** Waits until something holds. @throws Error naming what never came */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
