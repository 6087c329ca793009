import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultMempoolLimits, Mempool, type MempoolLimits } from './mempool.js';
import { KvApp } from './testing/kv-app.js';
import { tx } from './testing/open.js';

const mempoolOf = (limits: Partial<MempoolLimits> = {}): Mempool =>
  new Mempool(new KvApp(), { ...defaultMempoolLimits, ...limits });

test('a transaction over the size limit is refused', async () => {
  await assert.rejects(mempoolOf({ maxTxBytes: 3 }).add(tx('a=12')), /Tx too large. Max size is 3, but got 4/);
});

test('a full mempool takes no more: by number and by bytes', async () => {
  const few = mempoolOf({ maxTxs: 1 });
  await few.add(tx('a=1'));
  await assert.rejects(few.add(tx('b=1')), /mempool is full/);
  const small = mempoolOf({ maxBytes: 5 });
  await small.add(tx('a=1'));
  await assert.rejects(small.add(tx('b=1')), /mempool is full/);
  assert.deepEqual([small.size, small.bytes], [1, 3]);
});

test('a repeat is refused until the cache has forgotten it', async () => {
  const mempool = mempoolOf({ cacheSize: 1 });
  await mempool.add(tx('a=1'));
  await assert.rejects(mempool.add(tx('a=1')), /tx already exists in cache/);
});

test('a transaction the application refuses is not kept and may come again', async () => {
  const mempool = mempoolOf();
  assert.equal((await mempool.add(tx('bad'))).code, 5);
  assert.equal((await mempool.add(tx('bad'))).code, 5);
  assert.equal(mempool.size, 0);
});

test('a block takes transactions in their order within its bytes and gas', async () => {
  const mempool = mempoolOf();
  for (const each of ['a=1', 'b=1', 'c=1']) await mempool.add(tx(each));
  const names = (txs: readonly Uint8Array[]): string[] => txs.map((each) => Buffer.from(each).toString());
  assert.deepEqual(names(mempool.reap(1_000, -1n)), ['a=1', 'b=1', 'c=1']);
  assert.deepEqual(names(mempool.reap(1_000, 2n)), ['a=1', 'b=1']);
  assert.deepEqual(names(mempool.reap(9, -1n)), ['a=1']);
});
