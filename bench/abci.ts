import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AbciClient } from '../runtime/abci/testing/client.js';
import { measurement, quick, timedAsync, type Measurements } from './measure.js';

const roundTrips = quick ? 500 : 20_000;
const pipelined = quick ? 1_000 : 50_000;
/** CometBFT's request queue. */
const windowSize = 256;
const txBytes = 300;

type Addresses = Record<'tcp' | 'unix', { readonly abci: string; readonly raw: string }>;

/**
 * What the socket to the engine costs, without an application behind it:
 * synchronous calls (a request and its Flush, one after the other) and
 * CheckTx as CometBFT pipelines it. The baseline is the same number of bytes
 * echoed by a bare socket, one round trip after the other.
 */
export async function abciBench(): Promise<Measurements> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const self = fileURLToPath(import.meta.url);
  const child = fork(self.replace(/abci\.(js|ts)$/, `abci-child${extname(self)}`), [directory], { stdio: 'inherit' });
  try {
    const [addresses] = (await once(child, 'message')) as [Addresses];
    let results: Measurements = {};
    for (const kind of ['tcp', 'unix'] as const) {
      const bare = await bareRoundTrips(addresses[kind].raw);
      const client = await AbciClient.connect(addresses[kind].abci);
      const sync = await calls(client);
      const checks = await pipeline(client);
      client.close();
      results = {
        ...results,
        [`abci.${kind}.roundTrips`]: measurement(sync, 'calls/s', bare),
        [`abci.${kind}.checkTx`]: measurement(checks, 'tx/s', bare),
      };
    }
    return results;
  } finally {
    child.disconnect();
    rmSync(directory, { recursive: true, force: true });
  }
}

const perSecond = (count: number, ms: number): number => (count * 1_000) / ms;

async function bareRoundTrips(address: string): Promise<number> {
  const client = await AbciClient.connect(address);
  const { socket } = client;
  socket.removeAllListeners('data');
  const message = AbciClient.frame({ echo: { message: 'x'.repeat(10) } });
  const ms = await timedAsync(async () => {
    for (let index = 0; index < roundTrips; index++) {
      const back = new Promise((resolve) => socket.once('data', resolve));
      socket.write(message);
      await back;
    }
  });
  client.close();
  return perSecond(roundTrips, ms);
}

async function calls(client: AbciClient): Promise<number> {
  const ms = await timedAsync(async () => {
    for (let index = 0; index < roundTrips; index++) {
      client.send({ echo: { message: 'x'.repeat(10) } });
      client.send({ flush: {} });
      await client.next();
      await client.next();
    }
  });
  return perSecond(roundTrips, ms);
}

async function pipeline(client: AbciClient): Promise<number> {
  const request = { checkTx: { tx: new Uint8Array(txBytes).fill(97), type: 0 } };
  const ms = await timedAsync(async () => {
    let sent = 0;
    for (; sent < windowSize && sent < pipelined; sent++) client.send(request);
    for (let received = 0; received < pipelined; received++) {
      await client.next();
      if (sent++ < pipelined) client.send(request);
    }
  });
  return perSecond(pipelined, ms);
}
