import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { silentLogger } from '../../log.js';
import { openStore, StoreError, type MultiStore } from '../index.js';
import { blockArb, fill, hex, historyArb, memoryStore, mounts, run, withDirectory } from '../testing/histories.js';
import { chunkBytes, decodeMetadata, encodeMetadata, sliceBytes, type SnapshotMetadata } from './format.js';
import { SnapshotLibrary, SnapshotManager, SnapshotRestore } from './index.js';
import { SnapshotReader } from './reader.js';
import { snapshotSlices } from './writer.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 100);

/** A version as one stream, with the metadata that an honest node would make for it. */
function exported(store: MultiStore, version: bigint): { metadata: SnapshotMetadata; stream: Buffer } {
  const pinned = store.pin(version);
  const stream = Buffer.concat([...snapshotSlices(pinned)]);
  pinned.release();
  return { metadata: metadataOf(version, stream, pinned.stores), stream };
}

function metadataOf(height: bigint, stream: Buffer, stores: SnapshotMetadata['stores']): SnapshotMetadata {
  const chunkHashes: Buffer[] = [];
  for (let at = 0; at < stream.length; at += chunkBytes) {
    chunkHashes.push(
      createHash('sha256')
        .update(stream.subarray(at, at + chunkBytes))
        .digest(),
    );
  }
  return { height, totalBytes: stream.length, chunkHashes, stores: stores.map(({ name, hash }) => ({ name, hash })) };
}

/** Restores a stream, given in pieces of `piece` bytes, into an empty store. */
async function restored(metadata: SnapshotMetadata, stream: Buffer, appHash: Uint8Array, piece = chunkBytes) {
  const store = await memoryStore({ keepVersions: 3 });
  const reader = new SnapshotReader(metadata);
  for (let at = 0; at < stream.length; at += piece) reader.push(stream.subarray(at, at + piece));
  await store.adopt(metadata.height, reader.finish(), appHash);
  return store;
}

test('a restored store has the root of the original and keeps having it through whatever follows', async () => {
  await fc.assert(
    fc.asyncProperty(
      historyArb,
      fc.array(blockArb, { maxLength: 6 }),
      fc.integer({ min: 1, max: 200 }),
      async (past, future, piece) => {
        const store = await memoryStore({ keepVersions: 4 });
        await run(store, past);
        const { version, hash } = store.lastCommit();
        const { metadata, stream } = exported(store, version);
        const copy = await restored(metadata, stream, hash, piece);
        assert.deepEqual(copy.lastCommit(), store.lastCommit());
        for (const name of ['bank', 'perps']) {
          const content = (of: MultiStore) =>
            [...of.at().store(name).range('', undefined)].map(([k, v]) => [k, hex(v)]);
          assert.deepEqual(content(copy), content(store));
        }
        assert.deepEqual(exported(copy, version).stream, stream);
        assert.deepEqual(await run(copy, future), await run(store, future));
        // What the restored version replaced is freed as in any other store.
        assert.ok(copy.nodeCount() <= store.nodeCount());
      },
    ),
    { numRuns },
  );
});

test('a stream with any byte changed, cut out or added is refused, or says the same state', async () => {
  await fc.assert(
    fc.asyncProperty(
      historyArb,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(2),
      async (past, where, bits, how) => {
        const store = await memoryStore();
        await run(store, past);
        const { version, hash } = store.lastCommit();
        const { metadata, stream } = exported(store, version);
        const at = where % stream.length;
        const changed = Buffer.from(stream);
        changed[at]! ^= bits;
        const forged = [
          changed,
          Buffer.concat([stream.subarray(0, at), stream.subarray(at + 1)]),
          Buffer.concat([stream.subarray(0, at), Buffer.of(bits), stream.subarray(at)]),
        ][how]!;
        // The forger also makes metadata of it: chunk hashes do not help here.
        const lie = metadataOf(version, forged, metadata.stores);
        try {
          const copy = await restored(lie, forged, hash, 64);
          assert.equal(hex(copy.lastCommit().hash), hex(hash));
          assert.deepEqual(exported(copy, version).stream, stream);
        } catch (error) {
          assert.ok(error instanceof StoreError, String(error));
          assert.match(error.fault, /^(invalid-snapshot|corrupt)$/);
        }
      },
    ),
    { numRuns: numRuns * 3 },
  );
});

test('a stream that no AVL tree has is refused before it is hashed', async () => {
  const store = await memoryStore();
  await run(store, [[{ store: 'bank', key: 'a', value: 'x' }]]);
  const { metadata } = exported(store, 1n);
  const leaf = (key: string, version = 1) =>
    Buffer.concat([Buffer.of(0, version, key.length), Buffer.from(key), Buffer.of(1, 120)]);
  const inner = Buffer.of(1, 1);
  const bank = Buffer.concat([Buffer.of(2, 4), Buffer.from('bank')]);
  const chain = (length: number) =>
    Buffer.concat([
      leaf('a'),
      ...Array.from({ length }, (_, n) => [leaf(`b${String(n).padStart(5, '0')}`), inner]).flat(),
    ]);
  const table: readonly (readonly [Buffer, RegExp])[] = [
    [leaf('a'), /a node before its store/],
    [Buffer.concat([bank, leaf('b'), leaf('a')]), /keys are out of order/],
    [Buffer.concat([bank, leaf('a'), leaf('a')]), /keys are out of order/],
    [Buffer.concat([bank, leaf('a'), inner]), /an inner node with one child/],
    [Buffer.concat([bank, inner]), /an inner node without children/],
    [Buffer.concat([bank, chain(20_000)]), /a tree out of balance/],
    [Buffer.concat([bank, leaf('a', 2)]), /a node of version 2/],
    [Buffer.concat([bank, leaf('a', 0)]), /a node of version 0/],
    [Buffer.concat([bank, leaf('a'), leaf('b'), Buffer.of(3)]), /a store ends before its root/],
    [Buffer.concat([bank, leaf('b'), Buffer.of(3)]), /root is [0-9a-f]{64}, expected/],
    [Buffer.concat([bank, leaf('a'), Buffer.of(3)]), /stores are missing/],
    [Buffer.concat([bank, leaf('a'), bank]), /store bank where perps was expected/],
    [Buffer.of(9), /unknown record tag 9/],
    [Buffer.concat([bank, Buffer.of(0, 1, 255, 255, 255, 255, 15)]), /a field of 4294967295 bytes/],
    [Buffer.concat([bank, Buffer.of(0, 255, 255, 255, 255, 255)]), /a number is longer than 5 bytes/],
    [Buffer.concat([bank, Buffer.of(0, 1, 0, 1, 120)]), /an empty key or value/],
  ];
  for (const [stream, message] of table) {
    assert.throws(
      () => {
        const reader = new SnapshotReader(metadata);
        reader.push(stream);
        reader.finish();
      },
      message,
      String(message),
    );
  }
});

test('metadata reads back, and is refused in any other form', () => {
  const hash = Buffer.alloc(32, 7);
  const good: SnapshotMetadata = {
    height: 300n,
    totalBytes: chunkBytes + 1,
    chunkHashes: [hash, hash],
    stores: [
      { name: 'a', hash },
      { name: 'b', hash },
    ],
  };
  const bytes = encodeMetadata(good);
  assert.equal(hex(encodeMetadata(decodeMetadata(bytes))), hex(bytes));
  const table: readonly (readonly [Partial<SnapshotMetadata>, RegExp])[] = [
    [{ height: 0n }, /height 0 is out of range: expected 1 to 2147483647/],
    [{ height: 1n << 31n }, /height 2147483648 is out of range/],
    [{ totalBytes: 0, chunkHashes: [] }, /total_bytes 0 is out of range/],
    [{ totalBytes: 2 ** 50 }, /total_bytes 1125899906842624 is out of range/],
    [{ chunkHashes: [hash] }, /1 chunk_hashes for 10000001 bytes: expected 2/],
    [{ chunkHashes: [hash, Buffer.alloc(31)] }, /chunk_hashes: expected 32 bytes each/],
    [{ stores: [{ name: 'b', hash }, { name: 'a', hash }] }, /stores: a is out of order/], // prettier-ignore
    [{ stores: [{ name: 'a', hash }, { name: 'a', hash }] }, /stores: a is out of order/], // prettier-ignore
    [{ stores: [{ name: 'a', hash: Buffer.alloc(3) }] }, /stores.0.root: expected 32 bytes, got 3/],
  ];
  for (const [change, message] of table) {
    assert.throws(() => decodeMetadata(encodeMetadata({ ...good, ...change })), message);
  }
  assert.throws(() => decodeMetadata(Buffer.concat([bytes, Buffer.of(0x10, 1)])), /not in canonical form/);
  assert.throws(() => decodeMetadata(Buffer.concat([bytes, Buffer.of(0x28, 1)])), /unknown field tag 40/);
  for (let length = 0; length < bytes.length; length++) {
    // Cut between two stores it is the metadata of fewer: their roots hash to something else.
    try {
      assert.ok(decodeMetadata(bytes.subarray(0, length)).stores.length < good.stores.length);
    } catch (error) {
      assert.ok(error instanceof StoreError && error.fault === 'invalid-snapshot', String(error));
    }
  }
});

test('two nodes that got to a height by other ways make the same snapshot, in slices that are full', async () => {
  await withDirectory(async (path) => {
    const straight = await memoryStore({ keepVersions: 50 });
    await fill(straight, 21);
    await run(straight, [[], [{ store: 'bank', key: 'a', value: 'x' }]]);
    // The other one restarts between, and takes its snapshot when the height is long past.
    const options = { path: join(path, 'state'), mounts, keepVersions: 10, snapshotInterval: 2, sync: false };
    let restarted = await openStore(options);
    await fill(restarted, 21);
    await restarted.close();
    restarted = await openStore(options);
    await run(restarted, [[], [{ store: 'bank', key: 'a', value: 'x' }], [{ store: 'bank', key: 'b', value: 'y' }]]);
    const libraries = [await SnapshotLibrary.open(join(path, '1')), await SnapshotLibrary.open(join(path, '2'))];
    const [first, second] = [
      (await libraries[0]!.take(straight.pin(3n)))!,
      (await libraries[1]!.take(restarted.pin(3n)))!,
    ];
    assert.equal(hex(first.hash), hex(second.hash));
    assert.equal(first.metadata.chunkHashes.length, 3);
    for (const index of [0, 1, 2]) {
      const chunk = await libraries[0]!.chunk(3n, index);
      assert.deepEqual(chunk, await libraries[1]!.chunk(3n, index));
      assert.ok(index === 2 ? chunk.length < chunkBytes : chunk.length === chunkBytes);
    }
    const slices = [...snapshotSlices(straight.pin(3n))];
    assert.ok(slices.slice(0, -1).every(({ length }) => length === sliceBytes));
    for (const library of libraries) await library.close();
    await restarted.close();
  });
});

test('a snapshot is of its height, whatever blocks commit while it is written', async () => {
  await withDirectory(async (path) => {
    const store = await memoryStore({ keepVersions: 1 });
    await fill(store, 12);
    const expected = exported(store, 1n);
    const library = await SnapshotLibrary.open(path);
    const manager = new SnapshotManager(store, library, { interval: 1, keepRecent: 1 }, silentLogger);
    manager.committed(1n);
    let blocks = 0;
    while (library.find(1n) === undefined) {
      await run(store, [[{ store: 'perps', key: `key ${blocks++}`, value: `${blocks}` }]]);
      await nextTurn();
    }
    assert.ok(blocks > 3, `${blocks} blocks went on meanwhile`);
    await manager.settled();
    assert.equal(hex(library.find(1n)!.encoded), hex(encodeMetadata(expected.metadata)));
    // Unpinned: the backlog of versions goes, some with each block.
    for (let n = 0; n < blocks; n++) await run(store, [[]]);
    assert.equal(store.earliestVersion(), store.lastCommit().version);
    manager.committed(store.lastCommit().version);
    await manager.settled();
    assert.deepEqual(library.list().map(({ height }) => height), [store.lastCommit().version]); // prettier-ignore
    await manager.close();
  });
});

test('half a snapshot is gone when the library opens again; closing abandons a running one', async () => {
  await withDirectory(async (path) => {
    const store = await memoryStore();
    await fill(store, 3);
    await run(store, [[]]);
    let library = await SnapshotLibrary.open(path);
    await library.take(store.pin(1n));
    await library.close();
    const raw = new ClassicLevel<Buffer, Buffer>(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
    const keys = async () =>
      (await raw.keys().all()).map((key) => key.toString('latin1', 0, 1) + key.readBigUInt64BE(1));
    // As if the process had been killed before the metadata of 1 was written.
    await raw.del((await raw.keys({ gte: Buffer.from('m') }).all())[0]!);
    await raw.close();
    library = await SnapshotLibrary.open(path);
    assert.deepEqual(library.list(), []);
    const manager = new SnapshotManager(store, library, { interval: 2, keepRecent: 0 }, silentLogger);
    manager.committed(2n);
    await manager.close();
    await raw.open();
    assert.deepEqual(await keys(), []);
    await raw.close();
  });
});

test('a chunk that changed on disk is not served; a foreign chunk is not taken over', async () => {
  await withDirectory(async (path) => {
    const store = await memoryStore();
    await fill(store, 11);
    let library = await SnapshotLibrary.open(join(path, 'a'));
    const { encoded, metadata } = (await library.take(store.pin(1n)))!;
    const chunks = [await library.chunk(1n, 0), await library.chunk(1n, 1)];
    await assert.rejects(library.chunk(1n, 2), /no chunk 2 of a snapshot of height 1 is kept/);
    await assert.rejects(library.chunk(2n, 0), /no chunk 0 of a snapshot of height 2 is kept/);
    await assert.rejects(library.take(store.pin(1n)), /exists already/);
    await library.close();
    const raw = new ClassicLevel<Buffer, Buffer>(join(path, 'a'), { keyEncoding: 'buffer', valueEncoding: 'buffer' });
    const [, key] = await raw.keys({ gte: Buffer.from('c'), lt: Buffer.from('d') }).all();
    const slice = (await raw.get(key!))!;
    slice[100]! ^= 1;
    await raw.put(key!, slice);
    await raw.close();
    library = await SnapshotLibrary.open(join(path, 'a'));
    await assert.rejects(library.chunk(1n, 0), /chunk 0 of the snapshot of height 1 changed on disk/);
    assert.deepEqual(await library.chunk(1n, 1), chunks[1]);
    await library.close();

    const other = await SnapshotLibrary.open(join(path, 'b'));
    const from = async function* (list: readonly Uint8Array[]) {
      yield* list;
    };
    const bad = Buffer.from(chunks[1]!);
    bad[5]! ^= 1;
    const wrong: readonly (readonly Uint8Array[])[] = [
      [],
      [chunks[0]!],
      [chunks[1]!, chunks[0]!],
      [chunks[0]!, chunks[0]!],
      [chunks[0]!, bad],
      [chunks[0]!, chunks[1]!.subarray(1)],
      [chunks[0]!, chunks[1]!, chunks[1]!],
    ];
    for (const list of wrong) await assert.rejects(other.add(encoded, from(list)), { fault: 'invalid-snapshot' });
    assert.deepEqual(other.list(), []);
    await other.add(encoded, from(chunks));
    assert.deepEqual(other.find(1n)!.metadata, metadata);
    assert.deepEqual(await other.chunk(1n, 0), chunks[0]);
    await other.delete(1n);
    await assert.rejects(other.delete(1n), { fault: 'unknown-snapshot' });
    await other.close();
  });
});

test('a store that is restored on disk opens with the same version, and without the last write opens empty', async () => {
  await withDirectory(async (path) => {
    const original = await memoryStore({ keepVersions: 50 });
    await run(original, [[{ store: 'bank', key: 'a', value: 'x' }], [{ store: 'perps', key: 'b', value: 'y' }]], 7n);
    const { version, hash } = original.lastCommit();
    const { metadata, stream } = exported(original, version);
    const options = { path, mounts, sync: false };
    let store = await openStore(options);
    const restore = new SnapshotRestore(store, metadata, hash);
    restore.apply(stream);
    assert.equal(store.lastCommit().version, 0n, 'nothing counts before the end');
    await restore.finish();
    assert.throws(() => new SnapshotRestore(store, metadata, hash), { fault: 'wrong-order' });
    await store.close();
    store = await openStore(options);
    assert.deepEqual(store.lastCommit(), original.lastCommit());
    assert.equal(store.earliestVersion(), version);
    const future = [[{ store: 'bank', key: 'c', value: 'z' }], [{ store: 'bank', key: 'a', value: undefined }]];
    const hashes = await run(original, future);
    assert.deepEqual(await run(store, future), hashes);
    await store.close();
    store = await openStore(options);
    assert.equal(hex(store.lastCommit().hash), hashes.at(-1));
    await store.close();
    // Killed just before the write that makes it count.
    const raw = new ClassicLevel<Buffer, Buffer>(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
    await raw.del(Buffer.from('m'));
    for (const key of await raw.keys({ gte: Buffer.from('t') }).all()) await raw.del(key);
    await raw.close();
    store = await openStore(options);
    assert.equal(store.lastCommit().version, 0n);
    await store.close();
    await raw.open();
    assert.deepEqual(await raw.keys({ gte: Buffer.from('s'), lt: Buffer.from('t') }).all(), []);
    await raw.close();
  });
});
