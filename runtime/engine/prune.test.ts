import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { sha256 } from '../crypto/hash.js';
import { routes } from './rpc/routes.js';
import { Params } from './rpc/params.js';
import { KvApp } from './testing/kv-app.js';
import { openEngine, tx } from './testing/open.js';

const identity = () => ({ nodeId: '', moniker: '', listenAddress: '' });
const paramsOf = (values: Record<string, string>) => new Params(new Map(Object.entries(values)), false);
const none = paramsOf({});

test('blocks, results and places below the height that Commit returns are gone, the rest is there', async () => {
  const path = mkdtempSync(`${tmpdir()}/engine-`);
  try {
    const app = new KvApp(`${path}/app`);
    app.retain = (height) => (height > 4n ? height - 2n : 0n);
    let engine = await openEngine(app, { path: `${path}/blocks` });
    // A transaction that failed in block 2 is sent again in block 8: its place must survive block 2.
    const place = async (text: string) => (await engine.findTx(sha256(tx(text))))?.height;
    for (let height = 1; height <= 9; height++) {
      await engine.broadcastTx(tx(`k=${height}`));
      if (height === 2 || height === 8) await engine.broadcastTx(tx('fail'));
      await engine.produceBlock();
    }
    const check = async () => {
      assert.equal(engine.earliestHeight, 7n);
      for (let height = 1; height <= 9; height++) {
        assert.equal((await engine.block(BigInt(height))) !== undefined, height >= 7, `block ${height}`);
        assert.equal((await engine.store.results(height)) !== undefined, height >= 7, `results ${height}`);
        assert.equal(await place(`k=${height}`), height >= 7 ? height : undefined);
      }
      assert.equal(await place('fail'), 8);
      const rpc = routes(engine, identity);
      const { sync_info: sync } = (await rpc['status']!(none)) as { sync_info: Record<string, string> };
      const seventh = (await engine.block(7n))!;
      assert.equal(sync['earliest_block_height'], '7');
      assert.equal(sync['earliest_block_hash'], Buffer.from(seventh.commit.blockId.hash).toString('hex').toUpperCase());
      await assert.rejects(rpc['block']!(paramsOf({ height: '6' })), /height 6 is not available, lowest height is 7/);
      const { block_metas: metas } = (await rpc['blockchain']!(none)) as { block_metas: unknown[] };
      assert.equal(metas.length, 3);
      const { total_count: count } = (await rpc['tx_search']!(paramsOf({ query: 'tx.height > 0' }))) as {
        total_count: string;
      };
      assert.equal(count, '4');
      const { block } = (await rpc['block_by_hash']!(paramsOf({ hash: Buffer.alloc(32).toString('base64') }))) as {
        block: unknown;
      };
      assert.equal(block, null);
    };
    await check();
    await engine.stop();
    engine = await openEngine(new KvApp(`${path}/app`), { path: `${path}/blocks` });
    await check();
    await engine.produceBlock();
    await engine.stop();

    await assert.rejects(
      openEngine(new KvApp(), { path: `${path}/blocks` }),
      /the application is at height 0, but blocks are stored only from 7 on: restore a snapshot of height 7 or above/,
    );
  } finally {
    rmSync(path, { recursive: true });
  }
});

test('a long backlog is pruned a hundred blocks at a time', async () => {
  const app = new KvApp();
  const engine = await openEngine(app);
  for (let height = 1; height <= 250; height++) await engine.produceBlock();
  assert.equal(engine.earliestHeight, 1n);
  app.retain = (height) => height - 9n;
  const bases: bigint[] = [];
  for (let more = 0; more < 4; more++) {
    await engine.produceBlock();
    bases.push(engine.earliestHeight);
  }
  assert.deepEqual(bases, [101n, 201n, 244n, 245n]);
  await engine.stop();
});

test('an application that gives up the block just committed is stopped', async () => {
  const app = new KvApp();
  const engine = await openEngine(app);
  app.retain = (height) => height + 1n;
  await assert.rejects(engine.produceBlock(), /Commit of height 1 asks to keep blocks from 2 on only/);
  await engine.stop();
});
