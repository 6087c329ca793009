import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStore } from './index.js';
import { SnapshotLibrary } from './statesync/index.js';
import { fill, hex, memoryStore, mounts, withDirectory } from './testing/histories.js';
import { killPlans, live } from './testing/kill.js';

const program = fileURLToPath(new URL('./testing/crash-child.ts', import.meta.url));
/** Processes killed in each test; more find more. */
const kills = Number(process.env['PLIMSOLL_KILLS'] ?? 6);
const seed = Number(process.env['PLIMSOLL_SEED'] ?? 1);

test('a store killed before, in or after any write opens with what was acknowledged, and ends like one never killed', async (t) => {
  t.diagnostic(`seed ${seed}, ${kills} kills`);
  await withDirectory(async (whole) =>
    withDirectory(async (broken) => {
      const target = `${10 + kills}`;
      const reference = await live(program, ['blocks', whole, target]);
      const hashes = new Map(reference.lines.map((line) => [line.split(' ').slice(0, -1).join(' '), line]));
      const plans = killPlans(seed, 12);
      let acknowledged = 0;
      for (let died = 0; died < kills;) {
        const plan = plans.next().value!;
        const { lines, killed } = await live(program, ['blocks', broken, target], plan);
        const [opened, ...rest] = lines;
        assert.ok(
          Number(opened!.split(' ')[0]) >= acknowledged,
          `${JSON.stringify(plan)} lost version ${acknowledged}`,
        );
        for (const line of [opened!, ...rest]) {
          const name = line.split(' ').slice(0, -1).join(' ');
          // Old snapshots are gone from the reference; there the names of the same height are compared below.
          if (hashes.has(name)) assert.equal(line, hashes.get(name), JSON.stringify(plan));
          if (!name.startsWith('snapshot')) acknowledged = Number(name);
        }
        died++;
        if (!killed) break;
      }
      const end = await live(program, ['blocks', broken, target]);
      assert.equal(end.lines.filter((line) => !line.startsWith('snapshot')).at(-1), hashes.get(target));
      for (const line of end.lines) {
        const name = line.split(' ').slice(0, -1).join(' ');
        if (hashes.has(name)) assert.equal(line, hashes.get(name));
      }
    }),
  );
});

test('a restore killed before, in or after any write starts empty again, or is whole', async (t) => {
  t.diagnostic(`seed ${seed}, ${kills} kills`);
  await withDirectory(async (path) => {
    const source = await memoryStore();
    await fill(source, 12);
    const library = await SnapshotLibrary.open(join(path, 'snapshots'));
    const pinned = source.pin(1n);
    await library.take(pinned);
    await library.close();
    const appHash = hex(source.lastCommit().hash);
    // A slice of 1 MiB each, the marker last.
    const plans = killPlans(seed + 1, 13);
    let whole = false;
    for (let died = 0; died < kills && !whole; died++) {
      const plan = plans.next().value!;
      const { lines } = await live(program, ['restore', path, '1', appHash], plan);
      whole = lines[0] === `1 ${appHash}`;
      if (!whole) assert.match(lines[0]!, /^0 /, JSON.stringify(plan));
    }
    const end = await live(program, ['restore', path, '1', appHash]);
    assert.equal(end.lines.at(-1), `1 ${appHash}`);
    const store = await openStore({ path: join(path, 'copy'), mounts });
    assert.equal(hex(store.lastCommit().hash), appHash);
    await store.close();
  });
});
