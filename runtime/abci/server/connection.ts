import { once } from 'node:events';
import type { Socket } from 'node:net';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Response } from 'cosmjs-types/tendermint/abci/types';
import type { Logger } from '../../log.js';
import type { Application } from '../application.js';
import { encodeFinalizeBlock } from '../encode.js';
import { SequenceError } from '../errors.js';
import { callOf, type Answer, type Call, type Method } from './dispatcher.js';
import { framePrefix, FrameReader, ProtocolError } from './frames.js';
import type { WorkQueue } from './queue.js';

export interface ConnectionContext {
  readonly app: Application;
  /** Shared by all connections: what may change state runs one at a time. */
  readonly queue: WorkQueue;
  readonly maxFrameBytes: number;
  readonly logger: Logger;
  /** The application could not do what it must: the node has to stop. */
  readonly onFatal: (error: Error) => void;
  /** Called for each answered request with its run time. */
  readonly observe?: (method: Method, milliseconds: number) => void;
}

/** Received bytes beyond which no more are read until some are worked off. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** Work on one connection before the others get a turn. */
const sliceMs = 10;

/** One of the engine's connections: answers its requests strictly in order, however far it runs ahead. */
export class Connection {
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #reader: FrameReader;
  #work: Promise<void> | undefined;
  #stopping = false;
  #corked = false;
  /** Ends the wait for an engine that does not read. */
  readonly #halt = new AbortController();

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.#reader = new FrameReader(context.maxFrameBytes);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      this.#start();
    });
    // A lost engine connects again; its own log says why it went.
    socket.on('error', (error) => context.logger.debug({ error: error.message }, 'abci connection failed'));
    socket.on('close', () => {
      this.#stopping = true;
      this.#halt.abort();
    });
  }

  /** Finishes the running request, sends its answer and closes; later requests stay unanswered. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    this.#halt.abort();
    await this.#work;
    if (this.#socket.closed) return;
    // Not events.once: it fails on an error, which is one more way to be closed.
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.end();
    // The engine may keep its side open.
    const timer = setTimeout(() => this.#socket.destroy(), timeoutMs);
    this.#socket.resume();
    await closed;
    clearTimeout(timer);
  }

  #start(): void {
    if (this.#work !== undefined) {
      if (this.#reader.buffered > maxWaitingBytes) this.#socket.pause();
      return;
    }
    this.#work = this.#drainInput().finally(() => {
      this.#work = undefined;
      if (!this.#socket.destroyed) this.#socket.resume();
    });
  }

  async #drainInput(): Promise<void> {
    let sliceEnd = performance.now() + sliceMs;
    try {
      while (!this.#stopping) {
        const frame = this.#reader.next();
        if (frame === undefined) return;
        await this.#answer(callOf(this.#context.app, frame));
        if (performance.now() < sliceEnd) continue;
        await new Promise((resolve) => setImmediate(resolve));
        sliceEnd = performance.now() + sliceMs;
      }
    } catch (error) {
      await this.#giveUp(error as Error);
    }
  }

  async #answer(call: Call): Promise<void> {
    const { queue, observe } = this.#context;
    const run = async (): Promise<Answer | undefined> => {
      // Nobody waits for the answer: an engine that comes back asks anew.
      if (this.#socket.destroyed) return undefined;
      const started = performance.now();
      const answer = await call.run();
      observe?.(call.method, performance.now() - started);
      return answer;
    };
    const answer = await (call.exclusive ? queue.run(run) : run());
    if (answer !== undefined) await this.#send(answer);
  }

  /** Says why on the wire and closes. Tells the node to stop unless the engine alone is at fault. */
  async #giveUp(error: Error): Promise<void> {
    const { logger, onFatal } = this.#context;
    const engineAtFault = error instanceof ProtocolError || error instanceof SequenceError;
    logger.error({ error: error.message }, engineAtFault ? 'abci request refused' : 'abci request failed');
    this.#stopping = true;
    await this.#send({ exception: { error: error.message } });
    this.#socket.end();
    // What still comes in is not read; the engine stops on the exception.
    setTimeout(() => this.#socket.destroy(), 1_000).unref();
    if (!engineAtFault) onFatal(error);
  }

  /** Writes one response; waits while the engine does not read. Responses of one turn of the event loop leave together. */
  async #send(answer: Answer): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable) return;
    const body = bytesOf(answer);
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      setImmediate(() => this.#uncork());
    }
    socket.write(framePrefix(body.length));
    if (socket.write(body)) return;
    this.#uncork();
    if (!socket.writableNeedDrain || this.#halt.signal.aborted) return;
    await once(socket, 'drain', { signal: this.#halt.signal }).catch(() => {});
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }
}

/** Field finalize_block of tendermint.abci.Response, length-delimited. */
const finalizeBlockTag = 170;

function bytesOf(answer: Answer): Uint8Array {
  return answer.finalizeBlock === undefined
    ? Response.encode(answer as Response).finish()
    : new BinaryWriter().uint32(finalizeBlockTag).bytes(encodeFinalizeBlock(answer.finalizeBlock)).finish();
}
