import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import {
  RequestCheckTx,
  RequestFinalizeBlock,
  RequestInfo,
  RequestQuery,
  type Request,
} from 'cosmjs-types/tendermint/abci/types';
import { KvApp } from '../../engine/testing/kv-app.js';
import { silentLogger } from '../../log.js';
import { SequenceError } from '../errors.js';
import { AbciClient } from '../testing/client.js';
import { framePrefix } from './frames.js';
import { serveAbci, type AbciServer, type AbciServerOptions } from './server.js';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-abci-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const checkTx = (text: string): Partial<Request> => ({
  checkTx: RequestCheckTx.fromPartial({ tx: Buffer.from(text) }),
});
const query = (key: string): Partial<Request> => ({ query: RequestQuery.fromPartial({ data: Buffer.from(key) }) });
const finalize = (height: bigint, ...txs: string[]): Partial<Request> => ({
  finalizeBlock: RequestFinalizeBlock.fromPartial({ height, txs: txs.map((tx) => Buffer.from(tx)) }),
});
const info: Partial<Request> = { info: RequestInfo.fromPartial({ version: '0.38.25' }) };
const flush: Partial<Request> = { flush: {} };

/** An application whose FinalizeBlock and Commit wait until the test lets them go. */
class SlowApp extends KvApp {
  gate: Promise<void> = Promise.resolve();
  open: () => void = () => {};
  shut(): void {
    this.gate = new Promise((resolve) => (this.open = resolve));
  }
  override async finalizeBlock(request: RequestFinalizeBlock) {
    await this.gate;
    return super.finalizeBlock(request);
  }
  override async commit() {
    await this.gate;
    return super.commit();
  }
}

for (const kind of ['tcp', 'unix']) {
  describe(`served over ${kind}`, () => {
    let server: AbciServer;
    let app: SlowApp;
    const fatal: Error[] = [];
    const clients: AbciClient[] = [];

    async function serve(options: Partial<AbciServerOptions> = {}): Promise<void> {
      app = new SlowApp();
      fatal.length = 0;
      const address = kind === 'tcp' ? 'tcp://127.0.0.1:0' : `unix://${join(directory, 'abci.sock')}`;
      server = await serveAbci({
        app,
        address,
        logger: silentLogger,
        onFatal: (error) => fatal.push(error),
        ...options,
      });
    }
    async function client(): Promise<AbciClient> {
      const made = await AbciClient.connect(server.address);
      clients.push(made);
      return made;
    }
    afterEach(async () => {
      app.open();
      for (const made of clients.splice(0)) made.close();
      await server.close();
    });

    test('answers Echo, Flush, Info and Query', async () => {
      await serve();
      const engine = await client();
      assert.equal((await engine.call({ echo: { message: 'héllo' } }))!.echo!.message, 'héllo');
      assert.deepEqual((await engine.call(flush))!.flush, {});
      assert.equal((await engine.call(info))!.info!.data, 'kv');
      assert.equal((await engine.call(query('nothing')))!.query!.code, 22);
    });

    test('Flush is three bytes on the wire', async () => {
      await serve();
      const engine = await client();
      engine.socket.removeAllListeners('data');
      engine.send(flush);
      const [bytes] = (await once(engine.socket, 'data')) as [Buffer];
      assert.equal(bytes.toString('hex'), '021a00');
    });

    test('answers 2,000 pipelined requests in order, cut at odd places', async () => {
      await serve();
      const engine = await client();
      const count = 2_000;
      const stream = Buffer.concat(
        Array.from({ length: count }, (_, index) => AbciClient.frame({ echo: { message: String(index) } })),
      );
      for (let at = 0; at < stream.length; at += 977) engine.socket.write(stream.subarray(at, at + 977));
      for (let index = 0; index < count; index++) {
        assert.equal((await engine.next())!.echo!.message, String(index));
      }
    });

    test('a block runs through four connections at once', async () => {
      await serve();
      const [queries, snapshots, mempool, consensus] = [await client(), await client(), await client(), await client()];
      for (let index = 0; index < 100; index++) mempool.send(checkTx(index % 10 === 0 ? 'bad' : `a${index}=1`));
      mempool.send(flush);
      const block = consensus.call(finalize(1n, 'k=v', 'fail=1'));
      assert.equal((await snapshots.call({ listSnapshots: {} }))!.listSnapshots!.snapshots.length, 0);
      assert.deepEqual(
        (await block)!.finalizeBlock!.txResults.map(({ code }) => code),
        [0, 7],
      );
      for (let index = 0; index < 100; index++) {
        assert.equal((await mempool.next())!.checkTx!.code, index % 10 === 0 ? 5 : 0);
      }
      assert.ok((await mempool.next())!.flush !== undefined);
      assert.ok((await consensus.call({ commit: {} }))!.commit !== undefined);
      assert.equal(Buffer.from((await queries.call(query('k')))!.query!.value).toString(), 'v');
    });

    test('while a block runs, queries are answered; CheckTx and Info wait for it', async () => {
      await serve();
      const [queries, mempool, consensus] = [await client(), await client(), await client()];
      app.shut();
      const order: string[] = [];
      const block = consensus.call(finalize(1n, 'k=v')).then(() => order.push('block'));
      // The block's request arrived when a later one of the same kind of connection is answered.
      await queries.call(query('k'));
      const checked = mempool.call(checkTx('a=1')).then(() => order.push('checkTx'));
      const known = queries.call(info).then(() => order.push('info'));
      assert.equal((await (await client()).call(query('k')))!.query!.code, 22);
      assert.deepEqual(order, []);
      app.open();
      await Promise.all([block, checked, known]);
      assert.deepEqual(order.sort(), ['block', 'checkTx', 'info']);
    });

    test('Info never tells a height whose commit is under way', async () => {
      await serve();
      const [queries, consensus] = [await client(), await client()];
      await consensus.call(finalize(1n));
      app.shut();
      const committed = consensus.call({ commit: {} });
      await queries.call({ echo: { message: '' } });
      const told = queries.call(info);
      app.open();
      await committed;
      assert.equal((await told)!.info!.lastBlockHeight, 1n);
    });

    test('an engine that does not read its answers is not read from for ever; others are served', async () => {
      await serve();
      const [deaf, other] = [await client(), await client()];
      deaf.socket.pause();
      const big = AbciClient.frame({ echo: { message: 'x'.repeat(1 << 18) } });
      let sent = 0;
      while (sent < 200 && deaf.socket.write(big)) sent++;
      for (let rest = 0; rest < 64; rest++) deaf.socket.write(big);
      assert.equal((await other.call({ echo: { message: 'here' } }))!.echo!.message, 'here');
      assert.ok(deaf.socket.writableLength > 0, 'the server took everything although nobody reads its answers');
      deaf.socket.resume();
      for (let index = 0; index < sent + 64; index++) assert.equal((await deaf.next())!.echo!.message.length, 1 << 18);
    });

    const broken: [what: string, bytes: Buffer, why: RegExp][] = [
      ['that is no protobuf', Buffer.from('05ffffffffff', 'hex'), /no ABCI request/],
      ['of a method that does not exist', Buffer.from('03ba0200', 'hex'), /without a method/],
      ['without content', Buffer.of(0), /without a method/],
      ['with two methods', Buffer.from('040a001200', 'hex'), /echo and flush at once/],
      ['longer than is accepted', Buffer.from(framePrefix(5_000_000)), /5000000 bytes is announced; at most 4000000/],
      ['whose length never ends', Buffer.from('ffffffffffffff', 'hex'), /more than 5 bytes/],
    ];
    for (const [what, bytes, why] of broken) {
      test(`a message ${what} gets an exception and the end of its connection, no more`, async () => {
        await serve({ maxFrameBytes: 4_000_000 });
        const [engine, other] = [await client(), await client()];
        engine.socket.write(Buffer.concat([AbciClient.frame({ echo: { message: 'before' } }), bytes]));
        assert.equal((await engine.next())!.echo!.message, 'before');
        assert.match((await engine.next())!.exception!.error, why);
        assert.equal(await engine.next(), undefined);
        assert.equal((await other.call({ echo: { message: 'still here' } }))!.echo!.message, 'still here');
        assert.deepEqual(fatal, []);
      });
    }

    test('an application that cannot go on answers with an exception and the node hears of it', async () => {
      await serve();
      const engine = await client();
      app.fault = new Error('the books do not balance');
      assert.match((await engine.call(finalize(1n)))!.exception!.error, /books do not balance/);
      assert.equal(await engine.next(), undefined);
      assert.match(fatal[0]!.message, /books do not balance/);
    });

    test('a request out of sequence stops the engine, not the node', async () => {
      await serve();
      const engine = await client();
      app.fault = new SequenceError('FinalizeBlock of height 9: the next one is 1');
      assert.match((await engine.call(finalize(9n)))!.exception!.error, /height 9/);
      assert.deepEqual(fatal, []);
      assert.equal((await (await client()).call(finalize(1n)))!.finalizeBlock!.txResults.length, 0);
    });

    test('an engine that was killed connects again; what it had asked and nobody began is dropped', async () => {
      await serve();
      const engine = await client();
      app.shut();
      engine.send(finalize(1n, 'k=v'));
      const waiting = await client();
      waiting.send({ commit: {} });
      await (await client()).call(query('k'));
      waiting.close();
      engine.close();
      await Promise.all([once(waiting.socket, 'close'), once(engine.socket, 'close')]);
      const again = await client();
      await again.call(query('k'));
      app.open();
      assert.equal((await again.call(info))!.info!.lastBlockHeight, 0n);
      assert.equal(app.commits, 0);
      await again.call(finalize(1n, 'k=v'));
      await again.call({ commit: {} });
      assert.equal((await again.call(info))!.info!.lastBlockHeight, 1n);
    });

    test('closing finishes the running request, answers it, and takes no other', async () => {
      await serve();
      const engine = await client();
      app.shut();
      engine.send(finalize(1n, 'k=v'));
      engine.send({ commit: {} });
      await (await client()).call(query('k'));
      const closing = server.close();
      app.open();
      assert.equal((await engine.next())!.finalizeBlock!.txResults.length, 1);
      assert.equal(await engine.next(), undefined);
      await closing;
      assert.equal(app.commits, 0);
      await serve();
    });

    test('what the application keeps of a request is no view of the receive buffer', async () => {
      await serve();
      const kept: Uint8Array[] = [];
      app.checkTx = async ({ tx }) => {
        kept.push(tx);
        return KvApp.prototype.checkTx.call(app, RequestCheckTx.fromPartial({ tx }));
      };
      const engine = await client();
      for (let index = 0; index < 500; index++) engine.send(checkTx(`transaction ${index}`));
      for (let index = 0; index < 500; index++) await engine.next();
      kept.forEach((tx, index) => assert.equal(Buffer.from(tx).toString(), `transaction ${index}`));
    });

    test('tells how long each method ran', async () => {
      const seen: string[] = [];
      await serve({ observe: (method, ms) => seen.push(`${method} ${ms >= 0}`) });
      await (await client()).call(query('k'));
      assert.deepEqual(seen, ['query true']);
    });
  });
}

describe('listening', () => {
  const options = { app: new KvApp(), logger: silentLogger, onFatal: () => {} };

  test('on a taken port fails and says so', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await assert.rejects(serveAbci({ ...options, address: `tcp://127.0.0.1:${port}` }), /EADDRINUSE/);
    other.close();
  });

  test('takes over the socket of a killed process, not that of a living one nor a file', async () => {
    const path = join(directory, 'taken.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    assert.ok(existsSync(path));
    const server = await serveAbci({ ...options, address: `unix://${path}` });
    await assert.rejects(serveAbci({ ...options, address: `unix://${path}` }), /another process listens/);
    await server.close();
    assert.ok(!existsSync(path));
    writeFileSync(path, 'not a socket');
    await assert.rejects(serveAbci({ ...options, address: `unix://${path}` }), /is no socket/);
  });
});
