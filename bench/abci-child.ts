import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { serveAbci } from '../runtime/abci/server/index.js';
import { KvApp } from '../runtime/engine/testing/kv-app.js';
import { silentLogger } from '../runtime/log.js';

// The other side of the ABCI benchmark, in a process of its own: an application
// that does next to nothing behind the server, and sockets that echo bytes.
const [, , directory] = process.argv;
const serve = (address: string) =>
  serveAbci({
    app: new KvApp(),
    address,
    logger: silentLogger,
    onFatal: (error) => {
      throw error;
    },
  });
const raw = [createServer(echo), createServer(echo)];
function echo(socket: Socket): void {
  socket.setNoDelay(true);
  socket.pipe(socket);
}
raw[0]!.listen(0, '127.0.0.1');
await once(raw[0]!, 'listening');
raw[1]!.listen(`${directory}/raw.sock`);
await once(raw[1]!, 'listening');
const tcp = await serve('tcp://127.0.0.1:0');
const unix = await serve(`unix://${directory}/abci.sock`);
process.send!({
  tcp: { abci: tcp.address, raw: `tcp://127.0.0.1:${(raw[0]!.address() as AddressInfo).port}` },
  unix: { abci: unix.address, raw: `unix://${directory}/raw.sock` },
});
process.once('disconnect', () => process.exit(0));
