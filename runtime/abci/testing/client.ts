import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Request, Response } from 'cosmjs-types/tendermint/abci/types';
import { parseAbciAddress } from '../server/address.js';
import { framePrefix, FrameReader } from '../server/frames.js';

/** One connection of an engine: sends requests, gets responses in order. */
export class AbciClient {
  readonly socket: Socket;
  readonly #reader = new FrameReader();
  readonly #waiting: ((response: Response | undefined) => void)[] = [];
  readonly #arrived: Response[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
        const response = Response.decode(frame);
        const waiting = this.#waiting.shift();
        if (waiting === undefined) this.#arrived.push(response);
        else waiting(response);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const waiting of this.#waiting.splice(0)) waiting(undefined);
    });
  }

  static async connect(address: string): Promise<AbciClient> {
    const target = parseAbciAddress(address);
    const socket = target.kind === 'unix' ? connect(target.path) : connect(target.port, target.host);
    await once(socket, 'connect');
    return new AbciClient(socket);
  }

  /** Bytes of a request on the wire. */
  static frame(request: Partial<Request>): Buffer {
    const body = Request.encode(request as Request).finish();
    return Buffer.concat([framePrefix(body.length), body]);
  }

  /** Sends and does not wait. */
  send(request: Partial<Request>): void {
    this.socket.write(AbciClient.frame(request));
  }

  /** The next response; undefined when the connection closed first. */
  async next(): Promise<Response | undefined> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return arrived;
    if (this.socket.destroyed) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async call(request: Partial<Request>): Promise<Response | undefined> {
    this.send(request);
    return this.next();
  }

  close(): void {
    this.socket.destroy();
  }
}
