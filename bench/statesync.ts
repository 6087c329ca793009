import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ClassicLevel } from 'classic-level';
import { openStore, type MultiStore } from '../runtime/store/index.js';
import { SnapshotLibrary, SnapshotRestore, type StoredSnapshot } from '../runtime/store/statesync/index.js';
import { sliceBytes } from '../runtime/store/statesync/format.js';
import { collectGarbage, measurement, quick, timedAsync, type Measurement, type Measurements } from './measure.js';

const keys = quick ? 10_000 : 1_000_000;
const valueBytes = 100;
/** Writes of each block that goes on beside the snapshot. */
const updates = 200;
const name = 'bench';
const mounts = [{ name, kind: 'committed' }] as const;

/**
 * A snapshot of a million keys and a restore from it, each against writing
 * the same bytes to LevelDB in one row for each key; and the longest time that
 * a snapshot kept the process from anything else, against the longest of the
 * same blocks without one.
 */
export async function statesyncBench(): Promise<Measurements> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const found: Record<string, Measurement> = {};
  try {
    const baseline = await writingMs(join(directory, 'raw'));
    const store = await filled();
    const library = await SnapshotLibrary.open(join(directory, 'snapshots'));
    const pinned = store.pin(1n);
    let taken: StoredSnapshot | undefined;
    const snapshotMs = await timedAsync(async () => {
      taken = await library.take(pinned);
    });
    found['statesync.snapshotVsRaw'] = measurement(snapshotMs, 'ms', baseline);
    found['statesync.restoreVsRaw'] = measurement(
      await restoreMs(join(directory, 'copy'), library, taken!, store.lastCommit().hash),
      'ms',
      baseline,
    );
    await library.delete(1n);
    // The first blocks after a fill double the tree's columns: not a matter of snapshots.
    await longestBlock(store, async () => {});
    const quiet = await longestBlock(store, async () => {});
    const beside = await longestBlock(store, async () => {
      await library.take(pinned);
    });
    found['statesync.longestStall'] = measurement(beside.stall, 'ms', quiet.stall);
    found['statesync.longestBlock'] = measurement(beside.block, 'ms', quiet.block);
    pinned.release();
    await library.close();
    await store.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return found;
}

/** Spread over the key space, 20 bytes. */
const keyOf = (index: number): string => createHash('sha256').update(String(index)).digest().toString('latin1', 0, 20);

async function filled(): Promise<MultiStore> {
  const store = await openStore({ mounts, keepVersions: 2 });
  const layer = store.cache();
  for (let index = 0; index < keys; index++) layer.store(name).set(keyOf(index), Buffer.alloc(valueBytes, index));
  store.prepare(1n, layer);
  await store.commit();
  collectGarbage();
  return store;
}

/** Keys and values as rows, in batches of the size of a slice, in key order as a snapshot has them. */
async function writingMs(path: string): Promise<number> {
  const sorted = Array.from({ length: keys }, (_, index) => keyOf(index)).sort((a, b) => (a < b ? -1 : 1));
  const db = new ClassicLevel<Buffer, Buffer>(path, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    compression: false,
  });
  await db.open();
  const rows = Math.ceil(sliceBytes / (20 + valueBytes));
  const elapsed = await timedAsync(async () => {
    for (let at = 0; at < keys; at += rows) {
      const batch = sorted.slice(at, at + rows).map((key, index) => ({
        type: 'put' as const,
        key: Buffer.from(key, 'latin1'),
        value: Buffer.alloc(valueBytes, index),
      }));
      await db.batch(batch);
    }
  });
  await db.close();
  return elapsed;
}

/** Reads, checks, rebuilds and hashes every node, and writes the state to disk. */
async function restoreMs(
  path: string,
  library: SnapshotLibrary,
  { metadata }: StoredSnapshot,
  appHash: Uint8Array,
): Promise<number> {
  const store = await openStore({ path, mounts });
  collectGarbage();
  const elapsed = await timedAsync(async () => {
    const restore = new SnapshotRestore(store, metadata, appHash);
    for (let index = 0; !restore.isComplete; index++) restore.apply(await library.chunk(metadata.height, index));
    await restore.finish();
  });
  await store.close();
  return elapsed;
}

/** Longest block and longest time that nothing else could run, in ms, while blocks commit until `work` is done. */
async function longestBlock(
  store: MultiStore,
  work: () => Promise<void>,
): Promise<{ readonly block: number; readonly stall: number }> {
  collectGarbage();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let isDone = false;
  delay.enable();
  const done = work().finally(() => {
    isDone = true;
  });
  let block = 0;
  for (let blocks = 0; blocks < 50 || !isDone; blocks++) {
    const { version } = store.lastCommit();
    const layer = store.cache();
    for (let update = 0; update < updates; update++) {
      const key = keyOf((update * 7_919 + Number(version) * 104_729) % keys);
      layer.store(name).set(key, Buffer.alloc(valueBytes, update));
    }
    const elapsed = await timedAsync(async () => {
      store.prepare(version + 1n, layer);
      await store.commit();
      // The rest of a block is waiting for others: whoever runs meanwhile is part of what it takes.
      await new Promise((resolve) => setImmediate(resolve));
    });
    if (elapsed > block) block = elapsed;
  }
  await done;
  delay.disable();
  return { block, stall: delay.max / 1e6 };
}
