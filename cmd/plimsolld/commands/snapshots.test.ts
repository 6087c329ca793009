import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { mounts } from '../../../app/mounts.js';
import { openStore } from '../../../runtime/store/index.js';
import { snapshotsCommand } from './snapshots.js';

const root = mkdtempSync(join(tmpdir(), 'plimsoll-snapshots-'));
const home = join(root, 'home');
const other = join(root, 'other');
const archive = join(root, 'a.tar.gz');

/** Runs `plimsolld snapshots ARGS` in this process; returns its standard output. */
async function cli(...args: string[]): Promise<string> {
  const { write } = process.stdout;
  let output = '';
  // Bytes are the test runner's own messages.
  process.stdout.write = ((data: string | Uint8Array, ...rest: never[]) => {
    if (typeof data !== 'string') return write.call(process.stdout, data, ...rest);
    output += data;
    return true;
  }) as typeof write;
  try {
    await snapshotsCommand().parseAsync(args, { from: 'user' });
  } finally {
    process.stdout.write = write;
  }
  return output;
}

describe('plimsolld snapshots', { concurrency: false }, () => {
  let appHash = '';

  before(async () => {
    const store = await openStore({ path: join(home, 'data', 'state'), mounts, sync: false });
    for (let version = 1n; version <= 5n; version++) {
      const layer = store.cache();
      layer.store('bank').set(`key ${version}`, Buffer.from(`value ${version}`));
      store.prepare(version, layer);
      await store.commit();
      if (version === 4n) appHash = Buffer.from(store.lastCommit().hash).toString('hex');
    }
    await store.close();
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  test('export makes one of the newest or a kept height, list shows them newest first', async () => {
    await cli('export', '--home', home);
    await cli('export', '--home', home, '--height', '4');
    await assert.rejects(cli('export', '--home', home, '--height', '4'), /height 4 exists already/);
    await assert.rejects(cli('export', '--home', home, '--height', '6'), /version 6 is not retained: 1 to 5 are/);
    await assert.rejects(cli('export', '--home', join(root, 'nowhere')), /this node never ran/);
    const rows = JSON.parse(await cli('list', '--home', home, '--output', 'json')) as Record<string, string>[];
    assert.deepEqual(
      rows.map(({ height, format, chunks }) => [height, format, chunks]),
      [
        ['5', '1', '1'],
        ['4', '1', '1'],
      ],
    );
    assert.match(
      await cli('list', '--home', home),
      /^height +format +chunks +bytes +hash\n5 +1 +1 +\d+ +[0-9A-F]{64}\n4 /,
    );
  });

  test('dump and load carry a snapshot to another home; the same snapshot makes the same file', async () => {
    await cli('dump', '4', '1', '--home', home, '--output-file', archive);
    const first = readFileSync(archive);
    await cli('dump', '4', '--home', home, '-o', archive);
    assert.deepEqual(readFileSync(archive), first);
    assert.ok(!existsSync(`${archive}.part`));
    await cli('load', archive, '--home', other);
    const listed = async (of: string) => JSON.parse(await cli('list', '--home', of, '--output', 'json')) as unknown[];
    assert.deepEqual(await listed(other), (await listed(home)).slice(1));
    await assert.rejects(cli('load', archive, '--home', other), /height 4 exists already/);
  });

  test('an archive that is damaged, cut short or none at all leaves nothing behind', async () => {
    const empty = join(root, 'empty');
    const bad = join(root, 'bad.tar.gz');
    const tar = gunzipSync(readFileSync(archive));
    const flip = (at: number): Buffer => {
      const copy = Buffer.from(tar);
      copy[at]! ^= 1;
      return gzipSync(copy);
    };
    // The metadata grow with the number of stores: headers and contents fill whole blocks of 512 bytes.
    const infoBytes = Number.parseInt(tar.toString('latin1', 124, 136), 8);
    const chunkHeader = 512 + Math.ceil(infoBytes / 512) * 512;
    const table: readonly (readonly [string, Buffer, RegExp])[] = [
      ['no gzip', Buffer.from('hello'), /bad.tar.gz: incorrect header check/],
      ['empty tar', gzipSync(Buffer.alloc(1024)), /no snapshot archive/],
      ['name of the first entry', flip(3), /no tar, or damaged/],
      ['metadata', flip(512 + 60), /_snapshot names another hash than its metadata has|decode/],
      ['a chunk', flip(chunkHeader + 512 + 20), /chunk 0 hashes to/],
      ['cut short', gzipSync(tar.subarray(0, 700)), /ends early/],
      ['no chunks', gzipSync(Buffer.concat([tar.subarray(0, chunkHeader), Buffer.alloc(1024)])), /0 of 1 chunks/],
      ['cut gzip', readFileSync(archive).subarray(0, -30), /unexpected end of file|ends early/],
    ];
    for (const [name, bytes, message] of table) {
      writeFileSync(bad, bytes);
      await assert.rejects(cli('load', bad, '--home', empty), message, name);
      assert.equal(await cli('list', '--home', empty, '--output', 'json'), '[]\n', name);
    }
  });

  test('restore fills an empty state when the trusted hash says so', async () => {
    await assert.rejects(
      cli('restore', '4', '--home', other),
      /block 5, whose header has the application hash of height 4, is not stored/,
    );
    await assert.rejects(cli('restore', '4', '--home', other, '--app-hash', 'ab'), /expected 64 hexadecimal digits/);
    const lie = '00'.repeat(32);
    await assert.rejects(
      cli('restore', '4', '--home', other, '--app-hash', lie),
      /the trusted application hash is 0000/,
    );
    await assert.rejects(cli('restore', '9', '--home', other), /no snapshot of height 9, format 1: there are 4/);
    await assert.rejects(cli('restore', '4', '2', '--home', other), /no snapshot of height 4, format 2/);
    await assert.rejects(cli('restore', 'x', '--home', other), /height: expected a block height, got "x"/);
    await assert.rejects(cli('restore', '4', '--home', home, '--app-hash', appHash), /is at height 5: move it away/);
    await cli('restore', '4', '--home', other, '--app-hash', appHash);
    const path = join(other, 'data', 'state');
    let store = await openStore({ path, mounts });
    assert.equal(Buffer.from(store.lastCommit().hash).toString('hex'), appHash);
    await store.close();
    renameSync(path, `${path}.old`);
    await cli('restore', '4', '--home', other, '--app-hash', appHash.toUpperCase());
    store = await openStore({ path, mounts });
    assert.equal(store.lastCommit().version, 4n);
    await store.close();
  });

  test('delete removes one', async () => {
    await cli('delete', '4', '1', '--home', home);
    await assert.rejects(cli('delete', '4', '--home', home), /no snapshot of height 4, format 1: there are 5/);
  });
});
