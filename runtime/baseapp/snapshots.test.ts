import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  ResponseApplySnapshotChunk_Result as Apply,
  ResponseOfferSnapshot_Result as Offer,
  type Snapshot,
} from 'cosmjs-types/tendermint/abci/types';
import fc from 'fast-check';
import { silentLogger } from '../log.js';
import { openStore, type MultiStore } from '../store/index.js';
import {
  decodeMetadata,
  encodeMetadata,
  snapshotHash,
  SnapshotLibrary,
  SnapshotManager,
} from '../store/statesync/index.js';
import { fill, hex, memoryStore, mounts, run } from '../store/testing/histories.js';
import { SnapshotConnection } from './snapshots.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 40);
const path = mkdtempSync(join(tmpdir(), 'plimsoll-snapshots-'));

/** A node with state of three chunks at height 2, and what it offers to others. */
let source: MultiStore;
let manager: SnapshotManager;
let serving: SnapshotConnection;
let offered: Snapshot;
let appHash: Uint8Array;
const chunks: Uint8Array[] = [];

before(async () => {
  source = await memoryStore({ keepVersions: 10 });
  await fill(source, 22);
  await run(source, [[{ store: 'bank', key: 'a', value: 'x' }]]);
  appHash = source.lastCommit().hash;
  const library = await SnapshotLibrary.open(join(path, 'snapshots'));
  manager = new SnapshotManager(source, library, { interval: 2, keepRecent: 2 }, silentLogger);
  serving = new SnapshotConnection(source, manager, silentLogger);
  serving.committed(1n);
  serving.committed(2n);
  await manager.settled();
  offered = serving.list().snapshots[0]!;
  for (let chunk = 0; chunk < offered.chunks; chunk++) {
    chunks.push((await serving.load({ height: 2n, format: 1, chunk })).chunk);
  }
});

after(async () => {
  await manager.close();
  rmSync(path, { recursive: true });
});

async function emptyNode() {
  const store = await memoryStore();
  return { store, node: new SnapshotConnection(store, undefined, silentLogger) };
}

const applyTo = (node: SnapshotConnection, index: number, chunk = chunks[index]!, sender = `peer${index}`) =>
  node.apply({ index, chunk, sender });

test('a node lists its snapshots and serves their chunks; what it does not have is an empty chunk', async () => {
  assert.deepEqual([offered.height, offered.format, offered.chunks], [2n, 1, 3]);
  assert.equal(hex(offered.hash), hex(snapshotHash(offered.metadata)));
  for (const [height, format, chunk] of [
    [2n, 1, 3],
    [2n, 2, 0],
    [1n, 1, 0],
    [9n, 1, 0],
  ] as const) {
    // prettier-ignore
    assert.equal((await serving.load({ height, format, chunk })).chunk.length, 0, `${height}/${format}/${chunk}`);
  }
  const { node } = await emptyNode();
  assert.deepEqual(node.list(), { snapshots: [] });
  assert.deepEqual(await node.load({ height: 2n, format: 1, chunk: 0 }), { chunk: new Uint8Array(0) });
});

test('an empty node takes the offer and the chunks, and then has the state', async () => {
  const { store, node } = await emptyNode();
  assert.equal(node.offer({ snapshot: offered, appHash }).result, Offer.ACCEPT);
  for (const index of chunks.keys()) {
    assert.equal(store.lastCommit().version, 0n);
    assert.equal((await applyTo(node, index)).result, Apply.ACCEPT);
  }
  assert.deepEqual(store.lastCommit(), source.lastCommit());
  // Restored means done: nothing more is taken, and what CometBFT should do is stop.
  assert.equal((await applyTo(node, 0)).result, Apply.RETRY_SNAPSHOT);
  assert.equal(node.offer({ snapshot: offered, appHash }).result, Offer.ABORT);
});

test('offers that cannot be right are refused with what CometBFT should do about them', async () => {
  const metadata = decodeMetadata(offered.metadata);
  const forged = (change: Partial<typeof metadata>): Snapshot => {
    const bytes = encodeMetadata({ ...metadata, ...change });
    return { ...offered, metadata: bytes, hash: snapshotHash(bytes) };
  };
  const flipped = Buffer.from(offered.metadata);
  flipped[3]! ^= 1;
  const stores = metadata.stores.map(({ name, hash }, index) => ({
    name,
    hash: index === 0 ? Buffer.alloc(32) : hash,
  }));
  const renamed = metadata.stores.map(({ name, hash }) => ({ name: name === 'perps' ? 'spot' : name, hash }));
  const table: readonly (readonly [string, Snapshot | undefined, Uint8Array, Offer])[] = [
    ['nothing', undefined, appHash, Offer.REJECT],
    ['another format', { ...offered, format: 2 }, appHash, Offer.REJECT_FORMAT],
    ['metadata that does not decode', { ...offered, metadata: Buffer.of(1) }, appHash, Offer.REJECT_SENDER],
    ['a changed chunk hash', { ...offered, metadata: flipped }, appHash, Offer.REJECT_SENDER],
    ['a changed snapshot hash', { ...offered, hash: Buffer.alloc(32) }, appHash, Offer.REJECT_SENDER],
    ['more chunks than metadata has', { ...offered, chunks: 4 }, appHash, Offer.REJECT_SENDER],
    ['another height than metadata has', { ...offered, height: 3n }, appHash, Offer.REJECT_SENDER],
    ['fewer bytes than chunks', forged({ totalBytes: 5 }), appHash, Offer.REJECT_SENDER],
    ['no chunks', { ...forged({ chunkHashes: [] }), chunks: 0 }, appHash, Offer.REJECT_SENDER],
    ['other roots', forged({ stores }), appHash, Offer.REJECT],
    ['stores of another program', forged({ stores: renamed }), appHash, Offer.REJECT],
    ['another chain', offered, Buffer.alloc(32, 9), Offer.REJECT],
  ];
  for (const [name, snapshot, hash, expected] of table) {
    const { store, node } = await emptyNode();
    assert.equal(node.offer({ snapshot, appHash: hash }).result, expected, name);
    assert.equal((await applyTo(node, 0)).result, Apply.RETRY_SNAPSHOT, `${name}: nothing to apply to`);
    assert.equal(store.lastCommit().version, 0n);
  }
});

test('a chunk that is not the promised one is asked for again, elsewhere, and hurts nothing', async () => {
  const { store, node } = await emptyNode();
  node.offer({ snapshot: offered, appHash });
  await applyTo(node, 0);
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(4), async (where, bits, how) => {
      const right = chunks[1]!;
      const flipped = Buffer.from(right);
      flipped[where % flipped.length]! ^= bits;
      const wrong = [
        flipped,
        right.subarray(0, where % right.length),
        Buffer.concat([right, Buffer.of(bits)]),
        chunks[2]!,
        chunks[0]!,
      ][how]!;
      const { result, refetchChunks, rejectSenders } = await applyTo(node, 1, wrong, 'mallory');
      assert.deepEqual([result, refetchChunks, rejectSenders], [Apply.RETRY, [1], ['mallory']]);
      const nameless = await applyTo(node, 1, wrong, '');
      assert.deepEqual([nameless.result, nameless.rejectSenders], [Apply.RETRY, []]);
    }),
    { numRuns },
  );
  for (const index of [1, 2]) assert.equal((await applyTo(node, index)).result, Apply.ACCEPT);
  assert.deepEqual(store.lastCommit(), source.lastCommit());
});

test('chunks left out, repeated or out of order begin the snapshot anew, and then it can be right', async () => {
  const orders: readonly (readonly number[])[] = [[1], [2], [0, 0], [0, 2], [0, 1, 0], [0, 1, 1], [2, 1, 0]];
  for (const order of orders) {
    const { store, node } = await emptyNode();
    node.offer({ snapshot: offered, appHash });
    let last: Apply = Apply.UNKNOWN;
    for (const index of order) {
      last = (await applyTo(node, index)).result;
      if (last !== Apply.ACCEPT) break;
    }
    assert.equal(last, Apply.RETRY_SNAPSHOT, order.join());
    assert.equal(store.lastCommit().version, 0n);
    // What CometBFT does next: offers it again and gives the chunks in order.
    assert.equal(node.offer({ snapshot: offered, appHash }).result, Offer.ACCEPT);
    for (const index of chunks.keys()) assert.equal((await applyTo(node, index)).result, Apply.ACCEPT);
    assert.deepEqual(store.lastCommit(), source.lastCommit());
  }
});

test('a snapshot whose chunks are as promised but not the state is given up, with everybody who sent of it', async () => {
  // A liar has the trusted roots, and chunks of its own with their true hashes.
  for (const at of [0, 1, 2]) {
    const lies = chunks.map((chunk) => Buffer.from(chunk));
    // Inside a value: the stream stays well-formed, only the root tells.
    lies[at]![lies[at]!.length - 50_000]! ^= 1;
    const honest = decodeMetadata(offered.metadata);
    const metadata = encodeMetadata({ ...honest, chunkHashes: lies.map((chunk) => snapshotHash(chunk)) });
    const snapshot = { ...offered, metadata, hash: snapshotHash(metadata) };
    const { store, node } = await emptyNode();
    assert.equal(node.offer({ snapshot, appHash }).result, Offer.ACCEPT);
    let answer = await applyTo(node, 0, lies[0]);
    let senders = 1;
    for (; answer.result === Apply.ACCEPT && senders < 3; senders++)
      answer = await applyTo(node, senders, lies[senders]);
    assert.equal(answer.result, Apply.REJECT_SNAPSHOT);
    assert.deepEqual(answer.rejectSenders, ['peer0', 'peer1', 'peer2'].slice(0, senders));
    assert.equal(store.lastCommit().version, 0n);
    // An honest snapshot is still welcome.
    assert.equal(node.offer({ snapshot: offered, appHash }).result, Offer.ACCEPT);
    for (const index of chunks.keys()) assert.equal((await applyTo(node, index)).result, Apply.ACCEPT);
    assert.deepEqual(store.lastCommit(), source.lastCommit());
  }
});

test('a disk that cannot take the state ends the restore; no other snapshot would do better', async () => {
  const store = await openStore({ path: join(path, 'closed'), mounts, sync: false });
  const node = new SnapshotConnection(store, undefined, silentLogger);
  node.offer({ snapshot: offered, appHash });
  for (const index of [0, 1]) await applyTo(node, index);
  const { ClassicLevel } = await import('classic-level');
  const { put } = ClassicLevel.prototype;
  ClassicLevel.prototype.put = () => Promise.reject(new Error('No space left on device'));
  try {
    const { result, rejectSenders } = await applyTo(node, 2);
    assert.deepEqual([result, rejectSenders], [Apply.ABORT, []]);
  } finally {
    ClassicLevel.prototype.put = put;
  }
  assert.equal(store.lastCommit().version, 0n);
  assert.equal(node.offer({ snapshot: offered, appHash }).result, Offer.ACCEPT);
  for (const index of chunks.keys()) assert.equal((await applyTo(node, index)).result, Apply.ACCEPT);
  assert.deepEqual(store.lastCommit(), source.lastCommit());
  await store.close();
});
