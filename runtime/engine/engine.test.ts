import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { precommitSignBytes } from './hashing.js';
import { KvApp } from './testing/kv-app.js';
import { genesisOf, openEngine, tx, validator } from './testing/open.js';

test('blocks link: each names its parent and carries the signed commit of it', async () => {
  const engine = await openEngine(new KvApp());
  const first = await engine.produceBlock();
  const { block } = await engine.produceBlock();
  assert.deepEqual(block.header.lastBlockId, first.blockId);
  assert.deepEqual(block.header.appHash, first.results.appHash);
  const { blockId, height, signatures } = block.lastCommit!;
  const [{ timestamp, signature }] = signatures as [(typeof signatures)[0]];
  assert.deepEqual(block.header.time, timestamp);
  const signed = precommitSignBytes(blockId, height, 0, timestamp, engine.chainId);
  assert.ok(ed25519.verify(signature, signed, validator.publicKey));
  await engine.stop();
});

test('a transaction that failed in a block may be sent again; one that succeeded may not', async () => {
  const engine = await openEngine(new KvApp());
  await engine.broadcastTx(tx('fail'));
  await engine.broadcastTx(tx('a=1'));
  const { results } = await engine.produceBlock();
  assert.deepEqual(
    results.txResults.map(({ code }) => code),
    [7, 0],
  );
  assert.equal((await engine.broadcastTx(tx('fail'))).code, 0);
  await assert.rejects(engine.broadcastTx(tx('a=1')), /already exists/);
  await engine.stop();
});

test('a transaction that wants more gas than a block has is refused and holds up nothing', async () => {
  const engine = await openEngine(new KvApp(), { genesis: genesisOf({ maxGas: '100' }) });
  await assert.rejects(engine.broadcastTx(tx('gas=101')), /gas wanted 101 is greater than max gas 100/);
  await engine.broadcastTx(tx('gas=100'));
  await engine.broadcastTx(tx('a=1'));
  assert.equal((await engine.produceBlock()).block.data.txs.length, 1);
  assert.equal((await engine.produceBlock()).block.data.txs.length, 1);
  assert.equal(engine.mempool.size, 0);
  await engine.stop();
});

test('after FinalizeBlock fails no block is built over the saved one, and onFatal hears why', async () => {
  const app = new KvApp();
  const engine = await openEngine(app);
  await engine.produceBlock();
  app.fault = new Error('disk is gone');
  await assert.rejects(engine.produceBlock(), /disk is gone/);
  const { proposals } = app;
  await assert.rejects(engine.produceBlock(), /the engine has failed, restart the node: disk is gone/);
  assert.equal(app.proposals, proposals);
  const fatal = await new Promise<Error>((resolve) => engine.start(1, resolve));
  assert.match(fatal.message, /disk is gone/);
  await engine.stop();
});

test('a proposal over the limit by its encoding is refused', async () => {
  const app = new KvApp();
  const engine = await openEngine(app, { genesis: genesisOf({ maxBytes: '1848' }) });
  // 1848 bytes leave 1000 for transactions: 334 of one byte take three each.
  app.prepareProposal = async () => ({ txs: Array<Uint8Array>(334).fill(tx('a')) });
  await assert.rejects(engine.produceBlock(), /more than max_tx_bytes/);
  app.prepareProposal = async () => ({ txs: Array<Uint8Array>(333).fill(tx('a')) });
  await engine.produceBlock();
  await engine.stop();
});

test('stored blocks open only under their own genesis and program', async () => {
  const directory = mkdtempSync(`${tmpdir()}/engine-`);
  const path = `${directory}/blocks`;
  const file = `${directory}/app`;
  try {
    const engine = await openEngine(new KvApp(file), { path });
    await engine.broadcastTx(tx('a=1'));
    await engine.produceBlock();
    await engine.produceBlock();
    await engine.stop();

    const otherProgram = new KvApp(undefined, 'other');
    await assert.rejects(openEngine(otherProgram, { path }), /another application hash/);
    assert.equal(otherProgram.commits, 0);

    const otherChain = openEngine(new KvApp(file), { path, genesis: genesisOf({}, 'kv-2') });
    await assert.rejects(otherChain, /the stored blocks are of chain kv-1, the genesis is of kv-2/);
    const otherGenesis = openEngine(new KvApp(file), { path, genesis: genesisOf({ maxGas: '7' }) });
    await assert.rejects(otherGenesis, /another genesis of kv-1/);

    const again = await openEngine(new KvApp(file), { path, sync: false });
    assert.equal((await again.produceBlock()).height, 3n);
    await again.stop();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
