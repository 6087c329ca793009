import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A relay in front of a port that hands everything on later, in both directions. */
export class SlowLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(targetPort: number, delayMs: number) {
    this.#server = createServer((near) => {
      const far = connect(targetPort, '127.0.0.1');
      this.#pipe(near, far, delayMs);
      this.#pipe(far, near, delayMs);
    });
  }

  static async open(targetPort: number, delayMs: number): Promise<SlowLink> {
    const link = new SlowLink(targetPort, delayMs);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Timers of the same length fire in the order they were set: bytes keep theirs. */
  #pipe(from: Socket, to: Socket, delayMs: number): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk) => void setTimeout(() => to.writable && to.write(chunk), delayMs));
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      setTimeout(() => to.destroy(), delayMs);
    });
  }
}
