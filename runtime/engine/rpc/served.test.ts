import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { after, before, test } from 'node:test';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { silentLogger } from '../../log.js';
import type { EmbeddedEngine } from '../engine.js';
import { KvApp } from '../testing/kv-app.js';
import { openEngine, tx } from '../testing/open.js';
import { serveRpc, type RpcServer } from './server.js';

let engine: EmbeddedEngine;
let rpc: RpcServer;
let client: Comet38Client;

before(async () => {
  engine = await openEngine(new KvApp());
  rpc = await serveRpc({ engine, host: '127.0.0.1', port: 0, moniker: 'kv', logger: silentLogger });
  for (const value of [0, 1, 2]) {
    await engine.broadcastTx(tx(`k${value}=${value}.5`));
    await engine.produceBlock();
  }
  client = await Comet38Client.connect(rpc.url);
});

after(async () => {
  client.disconnect();
  await rpc.close();
  await engine.stop();
  // CosmJS goes on connecting to the server after disconnect(): it would keep this process alive for ever.
  setTimeout(() => process.exit(), 500).unref();
});

test('CosmJS reads status, blocks, results, validators, commits and genesis', async () => {
  const { nodeInfo, syncInfo } = await client.status();
  assert.deepEqual([nodeInfo.network, syncInfo.latestBlockHeight], ['kv-1', 3]);
  const { block, blockId } = await client.block(2);
  assert.deepEqual([block.header.height, block.txs.length, block.lastCommit?.signatures.length], [2, 1, 1]);
  assert.deepEqual(blockId.hash, (await client.commit(2)).commit.blockId.hash);
  const { results } = await client.blockResults(2);
  assert.deepEqual([results.length, Buffer.from(results[0]!.data!).toString()], [1, '1.5']);
  assert.equal((await client.validatorsAll()).validators[0]!.votingPower, 10n);
  assert.equal((await client.genesis()).chainId, 'kv-1');
});

test('CosmJS searches transactions and blocks', async () => {
  const { totalCount, txs } = await client.txSearch({ query: "kv.key='k1'" });
  assert.deepEqual([totalCount, txs[0]!.height, Buffer.from(txs[0]!.tx).toString()], [1, 2, 'k1=1.5']);
  assert.equal((await client.tx({ hash: txs[0]!.hash })).height, 2);
  const { blocks } = await client.blockSearch({ query: 'block.height > 1' });
  assert.deepEqual(
    blocks.map(({ block }) => block.header.height),
    [2, 3],
  );
});

test('CosmJS broadcasts, waits for a block, and hears of it', async () => {
  const socket = await Comet38Client.connect(rpc.url.replace('http', 'ws'));
  const heard: string[] = [];
  const block = socket.subscribeNewBlock().subscribe({ next: (event) => heard.push(`block ${event.header.height}`) });
  const txs = socket.subscribeTx().subscribe({ next: (event) => heard.push(`tx ${event.height}`) });
  await sleep(100);
  const sync = await client.broadcastTxSync({ tx: tx('sync=1') });
  assert.equal(sync.code, 0);
  await assert.rejects(client.broadcastTxSync({ tx: tx('sync=1') }), /tx already exists in cache/);
  assert.equal((await client.broadcastTxSync({ tx: tx('bad') })).code, 5);
  const waiting = client.broadcastTxCommit({ tx: tx('commit=1') });
  while (engine.mempool.size < 2) await sleep(5);
  const { height } = await engine.produceBlock();
  const committed = await waiting;
  assert.deepEqual([BigInt(committed.height), committed.txResult?.code], [height, 0]);
  await sleep(100);
  assert.deepEqual(heard, [`block ${height}`, `tx ${height}`, `tx ${height}`]);
  block.unsubscribe();
  txs.unsubscribe();
  await sleep(100);
  socket.disconnect();
});

interface Answer {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly data: string };
}

async function post(body: unknown): Promise<Answer> {
  const response = await fetch(rpc.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return (await response.json()) as Answer;
}

const refusals: readonly [string, unknown, number, RegExp][] = [
  ['text that is not JSON', '{', -32700, /JSON/],
  ['an empty body', '', -32700, /JSON/],
  ['a call without a method', { id: 1 }, -32600, /method/],
  ['an empty batch', [], -32600, /batch/],
  ['a batch of 101', Array(101).fill({ id: 1, method: 'health' }), -32600, /1 to 100/],
  ['an unknown method', { id: 1, method: 'nope' }, -32601, /nope/],
  ['a height that is no number', { id: 1, method: 'block', params: { height: 'x' } }, -32602, /height/],
  ['positional parameters', { id: 1, method: 'block', params: ['2'] }, -32602, /object/],
  ['bad hexadecimal', { id: 1, method: 'abci_query', params: { data: 'zz' } }, -32602, /hexadecimal/],
  ['a bad query', { id: 1, method: 'tx_search', params: { query: 'tx.height >' } }, -32602, /query/],
  [
    'a wrong order',
    { id: 1, method: 'tx_search', params: { query: 'tx.height>0', order_by: 'up' } },
    -32602,
    /order_by/,
  ],
  ['a body of 5 MiB', 'x'.repeat(5 << 20), -32600, /too large/],
  ['a page too far', { id: 1, method: 'tx_search', params: { query: 'tx.height>0', page: '99' } }, -32602, /page/],
  ['a height beyond the newest', { id: 1, method: 'block', params: { height: '99' } }, -32603, /less than or equal/],
  ['a negative height', { id: 1, method: 'block', params: { height: '-1' } }, -32603, /greater than 0/],
];

for (const [name, body, code, data] of refusals) {
  test(`${name} is answered with ${code}`, async () => {
    const { error } = await post(body);
    assert.equal(error?.code, code);
    assert.match(error!.data, data);
  });
}

test('a notification gets no answer, alone or in a batch', async () => {
  const send = (body: unknown) => fetch(rpc.url, { method: 'POST', body: JSON.stringify(body) });
  const alone = await send({ method: 'health' });
  assert.deepEqual([alone.status, await alone.text()], [204, '']);
  const batch = await send([{ method: 'health' }, { id: 7, method: 'health' }]);
  assert.deepEqual(
    ((await batch.json()) as Answer[]).map(({ id }) => id),
    [7],
  );
});

test('a WebSocket with more than 100 calls unanswered is cut off', async () => {
  const socket = new WebSocket(`${rpc.url.replace('http', 'ws')}/websocket`);
  await once(socket, 'open');
  const closed = once(socket, 'close');
  const call = JSON.stringify({ id: 1, method: 'broadcast_tx_commit', params: { tx: 'd3M9MQ==' } });
  for (let sent = 0; sent < 150; sent++) socket.send(call);
  await closed;
});

test('methods answer by URI too, and an unknown one is not found', async () => {
  const good = await fetch(`${rpc.url}/block?height=2`);
  const body = (await good.json()) as { result: { block: { header: { height: string } } } };
  assert.equal(body.result.block.header.height, '2');
  assert.equal((await fetch(`${rpc.url}/nope`)).status, 404);
});
