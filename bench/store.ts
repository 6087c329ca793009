import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { sha256 } from '../runtime/crypto/hash.js';
import { openStore } from '../runtime/store/index.js';
import { integers } from '../test/replay-paths.js';
import {
  collectGarbage,
  measurement,
  quick,
  timed,
  timedAsync,
  type Measurement,
  type Measurements,
} from './measure.js';

const updates = 2_000;
const valueBytes = 100;
/** What an inner node hashes: height, size, version and two child hashes. */
const innerNodeBytes = 76;
const rounds = quick ? 3 : 8;
const name = 'bench';

const counts: readonly (readonly [suffix: string, keys: number])[] = quick
  ? [['.10k', 10_000]]
  : [
      ['.10k', 10_000],
      ['', 1_000_000],
    ];

/** Commit of 2,000 updates to a store of 10,000 and of a million keys, against its hashing and its batch write done alone. */
export async function storeBench(): Promise<Measurements> {
  const found: Record<string, Measurement> = {};
  for (const [suffix, keys] of counts) {
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
    try {
      const value = await commitMs(join(directory, 'store'), keys);
      const baseline = hashingMs(keys) + (await writingMs(join(directory, 'raw')));
      found[`store.commitVsRaw${suffix}`] = measurement(value, 'ms', baseline);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  return found;
}

/** Spread over the key space, 20 bytes. */
const keyOf = (index: number): string => createHash('sha256').update(String(index)).digest().toString('latin1', 0, 20);

/** Median of some commits, each of random updates: tree, root and disk. */
async function commitMs(path: string, keys: number): Promise<number> {
  const store = await openStore({
    path,
    mounts: [{ name, kind: 'committed' }],
    keepVersions: 2,
    snapshotInterval: 1_000_000,
  });
  const draw = integers(17);
  const value = (): Uint8Array => Buffer.alloc(valueBytes, draw(256));
  const all = Array.from({ length: keys }, (_, index) => keyOf(index));
  const fill = store.cache();
  for (const key of all) fill.store(name).set(key, value());
  store.prepare(1n, fill);
  await store.commit();
  const times: number[] = [];
  for (let version = 2n; version < 2n + BigInt(rounds); version++) {
    const layer = store.cache();
    for (let update = 0; update < updates; update++) layer.store(name).set(all[draw(keys)]!, value());
    collectGarbage();
    times.push(
      await timedAsync(async () => {
        store.prepare(version, layer);
        await store.commit();
      }),
    );
  }
  await store.close();
  return median(times);
}

/** The hashes that the updates make necessary in a balanced binary tree: value and leaf of each, and their ancestors once. */
function hashingMs(keys: number): number {
  let inner = 0;
  for (let width = 1; width < keys; width *= 2) inner += Math.min(width, updates);
  const leaf = Buffer.alloc(valueBytes, 1);
  const node = Buffer.alloc(innerNodeBytes, 2);
  const work = (): void => {
    for (let update = 0; update < updates; update++) {
      sha256(leaf);
      sha256(node);
    }
    for (let each = 0; each < inner; each++) sha256(node);
  };
  work();
  return median(Array.from({ length: rounds }, () => timed(work)));
}

/** The same keys and values as one synchronous LevelDB batch. */
async function writingMs(path: string): Promise<number> {
  const db = new ClassicLevel<Buffer, Buffer>(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  await db.open();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const batch = Array.from({ length: updates }, (_, index) => ({
      type: 'put' as const,
      key: Buffer.from(keyOf(index * (round + 1)), 'latin1'),
      value: Buffer.alloc(valueBytes, round),
    }));
    times.push(await timedAsync(() => db.batch(batch, { sync: true })));
  }
  await db.close();
  return median(times);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
