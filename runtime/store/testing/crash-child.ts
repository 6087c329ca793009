import { silentLogger } from '../../log.js';
import { openStore } from '../index.js';
import { SnapshotLibrary, SnapshotManager, SnapshotRestore } from '../statesync/index.js';
import { hex, mounts } from './histories.js';
import { armKill } from './kill.js';

// Run as `crash-child.ts blocks DIRECTORY VERSION` or `crash-child.ts restore DIRECTORY HEIGHT APP-HASH`.
// Writes the same versions whatever interrupts it, or restores DIRECTORY/snapshots into DIRECTORY/copy.
const [, , mode, directory, target, appHash] = process.argv;

if (mode === 'blocks') {
  const store = await openStore({
    path: `${directory}/state`,
    mounts,
    keepVersions: 4,
    snapshotInterval: 3,
    sync: false,
  });
  const library = await SnapshotLibrary.open(`${directory}/snapshots`);
  const manager = new SnapshotManager(store, library, { interval: 5, keepRecent: 2 }, silentLogger);
  const { version: opened, hash } = store.lastCommit();
  console.log(`${opened} ${hex(hash)}`);
  for (const { height, hash: name } of library.list()) console.log(`snapshot ${height} ${hex(name)}`);
  armKill();
  for (let version = opened + 1n; version <= BigInt(target!); version++) {
    const layer = store.cache();
    for (let n = 0n; n < 60n; n++) {
      layer.store('perps').set(`k${(n * version) % 150n}`, Buffer.alloc(2_000, `${version}-${n}`));
      layer.store('bank').delete(`k${(n + version) % 150n}`);
      layer.store('bank').set(`k${(n * version) % 90n}`, Buffer.from(`${version}`));
    }
    store.prepare(version, layer);
    await store.commit();
    console.log(`${version} ${hex(store.lastCommit().hash)}`);
    manager.committed(version);
    // Where a block is: time for what runs in the background.
    if (version % 5n === 0n) await manager.settled();
  }
  for (const { height, hash: name } of library.list()) console.log(`snapshot ${height} ${hex(name)}`);
  await manager.close();
  await store.close();
} else {
  const store = await openStore({ path: `${directory}/copy`, mounts, sync: false });
  const { version, hash } = store.lastCommit();
  console.log(`${version} ${hex(hash)}`);
  if (version === 0n) {
    const library = await SnapshotLibrary.open(`${directory}/snapshots`);
    const { metadata } = library.find(BigInt(target!))!;
    const restore = new SnapshotRestore(store, metadata, Buffer.from(appHash!, 'hex'));
    armKill();
    for (let index = 0; !restore.isComplete; index++) restore.apply(await library.chunk(metadata.height, index));
    await restore.finish();
    console.log(`${store.lastCommit().version} ${hex(store.lastCommit().hash)}`);
    await library.close();
  }
  await store.close();
}
