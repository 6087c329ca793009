import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MsgSend } from '../../gen/cosmos/bank/v1beta1/tx.js';
import { QuerySubaccountRequest } from '../../gen/plimsoll/perps/v1/query.js';
import { MsgDeposit } from '../../gen/plimsoll/perps/v1/tx.js';
import { serveAbci, type AbciServer } from '../../runtime/abci/server/index.js';
import { AbciClient } from '../../runtime/abci/testing/client.js';
import { RemoteApp } from '../../runtime/abci/testing/remote-app.js';
import { silentLogger, type Logger } from '../../runtime/log.js';
import { testChain } from '../support/chain.js';
import { Fuzzer, type FuzzCase } from './support/fuzzer.js';

const count = Number(process.env['PLIMSOLL_FUZZ'] ?? '10000');
const seed = Number(process.env['PLIMSOLL_SEED'] ?? '1');
const blocks = 20;
const hangMs = 20_000;

/** A query or a refused proposal that ends in "internal error" is a bug that the fuzzer has found. */
const watchful: Logger = {
  ...silentLogger,
  error(fields, message) {
    if (message === 'internal error') throw new Error(`${message} ${JSON.stringify(fields)}`);
  },
};

async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer and no end: ${what}`)), hangMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

test(`${count} malformed frames, transactions, queries and proposals (seed ${seed}): no crash, no hang, no other state`, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-fuzz-'));
  const fatal: Error[] = [];
  let server: AbciServer | undefined;
  const reference = await testChain();
  const fuzzed = await testChain({
    logger: watchful,
    behind: async (app) => {
      server = await serveAbci({
        app,
        address: `unix://${join(directory, 'abci.sock')}`,
        logger: silentLogger,
        onFatal: (error) => fatal.push(error),
        maxFrameBytes: 1 << 20,
      });
      return RemoteApp.connect(server.address);
    },
  });
  const { address } = server!;
  const [alice, bob] = reference.keys as [(typeof reference.keys)[0], (typeof reference.keys)[0]];
  const send = (amount: number) => ({
    typeName: 'cosmos.bank.v1beta1.MsgSend',
    bytes: MsgSend.encode({
      fromAddress: alice.address,
      toAddress: bob.address,
      amount: [{ denom: 'uusdc', amount: String(amount) }],
    }).finish(),
  });
  const deposit = {
    typeName: 'plimsoll.perps.v1.MsgDeposit',
    bytes: MsgDeposit.encode(
      MsgDeposit.fromPartial({ owner: alice.address, amount: { denom: 'uusdc', amount: '5' } }),
    ).finish(),
  };
  await Promise.all([reference.block(), fuzzed.block()]);

  const fuzzer = new Fuzzer(seed, {
    txs: [
      reference.sign(alice, [send(1)], { sequence: 0n }),
      reference.sign(alice, [deposit], { sequence: 0n }),
      reference.sign(alice, [send(1), deposit], { sequence: 3n }),
    ],
    queries: [
      {
        path: '/plimsoll.perps.v1.Query/Subaccount',
        data: QuerySubaccountRequest.encode({ owner: alice.address, number: 0 }).finish(),
      },
      { path: '/plimsoll.perps.v1.Query/Markets', data: new Uint8Array(0) },
      {
        path: '/cosmos.bank.v1beta1.Query/AllBalances',
        data: Buffer.concat([Buffer.of(10, 43), Buffer.from(alice.address)]),
      },
      { path: '/cosmos.tx.v1beta1.Service/Simulate', data: new Uint8Array(0) },
      { path: '/store/bank/key', data: Buffer.of(1) },
    ],
  });

  // Forgets the sequences that the corpus signed with.
  await Promise.all([reference.block(), fuzzed.block()]);

  let steady = await AbciClient.connect(address);
  const seen = new Map<string, number>();
  async function throwOne({ kind, request, bytes }: FuzzCase, index: number): Promise<void> {
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    const what = `case ${index}, ${kind}`;
    if (request !== undefined) {
      const answer = await inTime(steady.call(request), what);
      assert.ok(answer !== undefined, `${what}: the connection ended without an answer`);
      // Refused for good: the engine would stop here, the next one connects again.
      if (answer.exception !== undefined) steady = await AbciClient.connect(address);
      return;
    }
    const client = await AbciClient.connect(address);
    const closed = once(client.socket, 'close');
    client.socket.end(bytes!);
    client.socket.resume();
    await inTime(closed, what);
  }

  for (let block = 0, index = 0; block < blocks; block++) {
    for (const until = Math.floor((count * (block + 1)) / blocks); index < until; index++) {
      await throwOne(fuzzer.next(), index);
    }
    const txs = [reference.sign(alice, [send(block + 1)]), reference.sign(alice, [deposit])];
    const price = String(60_000 + 37 * block);
    for (const { prices } of [reference, fuzzed]) prices.set({ 'BTC-USD': price, 'ETH-USD': '3000' });
    const [expected, actual] = [await reference.block(txs), await fuzzed.block(txs)];
    assert.deepEqual(
      expected.results.txResults.slice(1).map(({ code, log }) => [code, log]),
      [
        [0, ''],
        [0, ''],
      ],
    );
    assert.equal(
      Buffer.from(actual.results.appHash).toString('hex'),
      Buffer.from(expected.results.appHash).toString('hex'),
      `state after block ${actual.height}, seed ${seed}`,
    );
  }
  assert.deepEqual(fatal, []);
  assert.equal(seen.size, 8);
  steady.close();
  await fuzzed.close();
  await server!.close();
  await reference.close();
  rmSync(directory, { recursive: true, force: true });
});
