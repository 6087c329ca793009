import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import { openStore } from './index.js';
import { pruningOf, type PruningStrategy } from './pruning.js';
import { hex, memoryStore, mounts, run, withDirectory, type Block } from './testing/histories.js';

const blocks = (count: number): Block[] =>
  Array.from({ length: count }, (_, n) => [
    { store: 'bank', key: `k${n % 5}`, value: `v${n}` },
    { store: 'perps', key: `k${n % 7}`, value: n % 3 === 0 ? undefined : `w${n}` },
  ]);

/** Versions below the oldest kept one are refused, the others read and prove as they were. */
test('each strategy keeps the versions that it names, also after a restart', async () => {
  const table: readonly (readonly [PruningStrategy, number, number, bigint])[] = [
    ['default', 0, 0, 21n],
    ['nothing', 0, 0, 1n],
    ['everything', 0, 0, 119n],
    ['custom', 30, 10, 91n],
  ];
  const reference = await memoryStore({ keepVersions: Infinity });
  await run(reference, blocks(120));
  for (const [strategy, keepRecent, interval, earliest] of table) {
    await withDirectory(async (path) => {
      const pruning = pruningOf(strategy, keepRecent, interval);
      const options = {
        path,
        mounts,
        keepVersions: pruning.keepRecent,
        pruneInterval: pruning.interval,
        snapshotInterval: 25,
        sync: false,
      };
      let store = await openStore(options);
      for (const block of blocks(120)) {
        await run(store, [block]);
        await nextTurn();
      }
      for (const when of ['running', 'reopened']) {
        assert.deepEqual(store.lastCommit(), reference.lastCommit(), `${strategy}, ${when}`);
        assert.equal(store.earliestVersion(), earliest, `${strategy}, ${when}`);
        assert.throws(() => store.at(earliest - 1n), { fault: 'unknown-version' });
        assert.throws(() => store.prove('bank', 'k1', earliest - 1n), { fault: 'unknown-version' });
        assert.throws(() => store.pin(earliest - 1n), { fault: 'unknown-version' });
        for (let version = earliest; version <= 120n; version++) {
          const content = (of: typeof store) =>
            [...of.at(version).store('perps').range('', undefined)].map(([k, v]) => [k, hex(v)]);
          assert.deepEqual(content(store), content(reference));
          assert.deepEqual(
            store.prove('bank', 'k1', version).map(({ data }) => hex(data)),
            reference.prove('bank', 'k1', version).map(({ data }) => hex(data)),
          );
        }
        await store.close();
        store = await openStore(options);
      }
      await store.close();
    });
  }
});

test('the disk keeps one base below the window and the log since, cleaned at the interval', async () => {
  await withDirectory(async (path) => {
    const options = { path, mounts, keepVersions: 5, pruneInterval: 10, snapshotInterval: 4, sync: false };
    const column = async (name: string): Promise<number[]> => {
      const db = new ClassicLevel<Buffer, Buffer>(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
      const next = String.fromCharCode(name.charCodeAt(0) + 1);
      const keys = await db.keys({ gte: Buffer.from(name), lt: Buffer.from(next) }).all();
      await db.close();
      return keys.map((key) => Number(key.readBigUInt64BE(1)));
    };
    /** Closing waits for what runs in the background. */
    const goOn = async (count: number): Promise<void> => {
      const store = await openStore(options);
      await run(store, blocks(count));
      await store.close();
    };
    for (let height = 0; height < 28; height += 4) await goOn(4);
    // Version 20 was a round: its window began at 16.
    assert.deepEqual(await column('t'), [16, 20, 24, 28]);
    assert.equal((await column('l'))[0], 17);
    await goOn(2);
    assert.deepEqual(await column('t'), [24, 28]);
    assert.deepEqual(await column('l'), [25, 26, 27, 28, 29, 30]);
    const store = await openStore(options);
    assert.equal(store.earliestVersion(), 26n);
    await store.close();
  });
});
