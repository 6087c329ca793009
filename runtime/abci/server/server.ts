import { once } from 'node:events';
import { lstatSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Logger } from '../../log.js';
import type { Application } from '../application.js';
import { parseAbciAddress, type AbciAddress } from './address.js';
import { Connection, type ConnectionContext } from './connection.js';
import { defaultMaxFrameBytes } from './frames.js';
import { WorkQueue } from './queue.js';

export interface AbciServerOptions {
  readonly app: Application;
  /** tcp://host:port (port 0: any that is free) or unix:///path */
  readonly address: string;
  readonly logger: Logger;
  /** Called when the application could not do what it must: the node has to stop. */
  readonly onFatal: (error: Error) => void;
  readonly maxFrameBytes?: number;
  readonly observe?: ConnectionContext['observe'];
}

export interface AbciServer {
  /** In the form of the option, with the port that was taken. */
  readonly address: string;
  /** Refuses new connections, finishes running requests, then closes. */
  close(): Promise<void>;
}

/** An engine has four; twice as many may overlap while it restarts. */
const maxConnections = 16;
const closeTimeoutMs = 1_000;

/**
 * Serves an application to CometBFT v0.38 over its socket protocol. Every
 * connection speaks the whole protocol: nothing on the wire says which of the
 * engine's four it is.
 * @throws Error when the address is malformed or taken
 */
export async function serveAbci(options: AbciServerOptions): Promise<AbciServer> {
  const { app, logger, onFatal, observe } = options;
  const wanted = parseAbciAddress(options.address);
  const context: ConnectionContext = {
    app,
    queue: new WorkQueue(),
    maxFrameBytes: options.maxFrameBytes ?? defaultMaxFrameBytes,
    logger,
    onFatal,
    ...(observe === undefined ? {} : { observe }),
  };
  const open = new Set<Connection>();
  const server = createServer((socket: Socket) => {
    const connection = new Connection(socket, context);
    open.add(connection);
    socket.once('close', () => open.delete(connection));
  });
  server.maxConnections = maxConnections;
  server.on('drop', () => logger.warn({ most: maxConnections }, 'abci connection refused: too many'));
  await listen(server, wanted);
  return {
    address: wanted.kind === 'unix' ? `unix://${wanted.path}` : tcpText(server.address() as AddressInfo),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      await Promise.all([...open].map((connection) => connection.stop(closeTimeoutMs)));
      await context.queue.idle();
      await closed;
    },
  };
}

async function listen(server: Server, address: AbciAddress): Promise<void> {
  if (address.kind === 'unix') await removeStale(address.path);
  server.listen(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port });
  await once(server, 'listening');
}

/** A killed process leaves its socket behind; one that still answers belongs to somebody. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} exists and is no socket`);
  const probe = connect(path);
  const answered = await new Promise<boolean>((resolve) => {
    probe.once('connect', () => resolve(true));
    probe.once('error', () => resolve(false));
  });
  probe.destroy();
  if (answered) throw new Error(`another process listens on ${path}`);
  rmSync(path);
}

function tcpText({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `tcp://[${address}]:${port}` : `tcp://${address}:${port}`;
}
