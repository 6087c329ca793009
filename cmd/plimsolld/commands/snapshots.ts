import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { mounts } from '../../../app/mounts.js';
import { BlockStore } from '../../../runtime/engine/block-store.js';
import { openStore } from '../../../runtime/store/index.js';
import {
  SnapshotLibrary,
  snapshotFormat,
  SnapshotRestore,
  type StoredSnapshot,
} from '../../../runtime/store/statesync/index.js';
import { historyOf, loadAppConfig, paths } from '../config.js';
import { Failure } from '../failure.js';
import { dumpSnapshot, loadSnapshot } from '../node/snapshot-archive.js';
import { print, table, type OutputFormat } from '../output.js';
import { homeOption } from './common.js';

interface HomeFlag {
  readonly home: string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
const say = (text: string): boolean => process.stderr.write(`${text}\n`);

/** plimsolld snapshots: the state-sync snapshots of a stopped node. */
export function snapshotsCommand(): Command {
  const group = new Command('snapshots').description('Manage the state-sync snapshots of a stopped node').addHelpText(
    'after',
    `
A running node takes snapshots by itself: app.toml, [state-sync] snapshot-interval.

Examples:
  plimsolld snapshots list --home demo
  plimsolld snapshots export --home demo
  plimsolld snapshots dump 1000 --home demo --output-file 1000.tar.gz
  plimsolld snapshots load 1000.tar.gz --home other
  plimsolld snapshots restore 1000 --home other --app-hash 7F3A...`,
  );
  for (const command of [list(), exportState(), remove(), dump(), load(), restore()]) group.addCommand(command);
  return group;
}

/** Runs `body` on the snapshots of a home. */
async function withLibrary<T>(home: string, body: (library: SnapshotLibrary) => Promise<T>): Promise<T> {
  const library = await SnapshotLibrary.open(paths(home).snapshots);
  try {
    return await body(library);
  } finally {
    await library.close();
  }
}

function heightOf(text: string): bigint {
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new Failure(`height: expected a block height, got ${JSON.stringify(text)}`, 2);
  return BigInt(text);
}

/** The snapshot that arguments name. @throws Failure listing what there is */
function find(library: SnapshotLibrary, height: string, format: string): StoredSnapshot {
  const found = library.find(heightOf(height), Number(format));
  if (found !== undefined) return found;
  const kept = library.list().map((each) => `${each.height}`);
  throw new Failure(`no snapshot of height ${height}, format ${format}: there are ${kept.join(', ') || 'none'}`);
}

const withName = (command: Command): Command =>
  command
    .argument('<height>', 'height of the snapshot')
    .argument('[format]', 'format of the snapshot', `${snapshotFormat}`)
    .addOption(homeOption());

function list(): Command {
  return new Command('list')
    .description('List the snapshots that this node keeps')
    .addOption(homeOption())
    .addOption(new Option('--output <format>', 'text for people, json for programs').choices(['text', 'json']))
    .action(async ({ home, output }: HomeFlag & { output?: OutputFormat }) => {
      await withLibrary(home, async (library) => {
        const rows = library.list().map(({ height, format, hash, metadata }) => ({
          height: `${height}`,
          format: `${format}`,
          chunks: `${metadata.chunkHashes.length}`,
          bytes: `${metadata.totalBytes}`,
          hash: hex(hash),
        }));
        if (output === 'json') print(rows, 'json');
        else {
          const names = ['height', 'format', 'chunks', 'bytes', 'hash'] as const;
          process.stdout.write(`${table([names, ...rows.map((row) => names.map((name) => row[name]))])}\n`);
        }
      });
    });
}

function exportState(): Command {
  return new Command('export')
    .description('Make a snapshot of the state of this node')
    .addOption(homeOption())
    .option('--height <height>', 'state after this block instead of the newest; it must still be kept')
    .action(async ({ home, height }: HomeFlag & { height?: string }) => {
      const { state } = paths(home);
      if (!existsSync(state)) throw new Failure(`${state} does not exist: this node never ran`);
      const store = await openStore({ path: state, mounts, keepVersions: historyOf(loadAppConfig(home)).keepRecent });
      try {
        const latest = store.lastCommit().version;
        if (latest === 0n) throw new Failure(`${state} has no block yet`);
        await withLibrary(home, async (library) => {
          const taken = (await library.take(store.pin(height === undefined ? latest : heightOf(height))))!;
          const { chunkHashes, totalBytes } = taken.metadata;
          say(
            `snapshot of height ${taken.height}: ${totalBytes} bytes in ${chunkHashes.length} chunks, ${hex(taken.hash)}`,
          );
        });
      } finally {
        await store.close();
      }
    });
}

function remove(): Command {
  return withName(new Command('delete').description('Delete a snapshot')).action(
    async (height: string, format: string, { home }: HomeFlag) => {
      await withLibrary(home, async (library) => library.delete(find(library, height, format).height));
    },
  );
}

function dump(): Command {
  return withName(new Command('dump').description('Write a snapshot to a file to carry elsewhere'))
    .option('-o, --output-file <file>', 'default: <height>-<format>.tar.gz')
    .action(async (height: string, format: string, { home, outputFile }: HomeFlag & { outputFile?: string }) => {
      const path = outputFile ?? `${height}-${format}.tar.gz`;
      await withLibrary(home, async (library) => dumpSnapshot(library, find(library, height, format), path));
      say(`${path} is written`);
    });
}

function load(): Command {
  return new Command('load')
    .description('Take a snapshot from a file that dump wrote')
    .argument('<file>', 'the archive')
    .addOption(homeOption())
    .action(async (file: string, { home }: HomeFlag) => {
      const { height, hash } = await withLibrary(home, async (library) => loadSnapshot(library, file));
      say(
        `snapshot of height ${height}, ${hex(hash)}; restore it: plimsolld snapshots restore ${height} --home ${home}`,
      );
    });
}

function restore(): Command {
  return withName(new Command('restore').description('Fill the empty state of this node from a snapshot'))
    .option('--app-hash <hex>', 'application hash after that height, from a header you trust')
    .addHelpText(
      'after',
      '\nThe hash may be left out where the block after that height is stored: its header has it.\nThe blocks above the snapshot are executed at the next start.',
    )
    .action(async (height: string, format: string, { home, appHash }: HomeFlag & { appHash?: string }) => {
      if (appHash !== undefined && !/^[0-9a-fA-F]{64}$/.test(appHash))
        throw new Failure('--app-hash: expected 64 hexadecimal digits', 2);
      const { state, blocks } = paths(home);
      await withLibrary(home, async (library) => {
        const { metadata } = find(library, height, format);
        const trusted =
          appHash === undefined ? await appHashAfter(blocks, metadata.height) : Buffer.from(appHash, 'hex');
        const store = await openStore({ path: state, mounts });
        try {
          const { version } = store.lastCommit();
          if (version !== 0n)
            throw new Failure(`${state} is at height ${version}: move it away, a restore fills an empty state`);
          const session = new SnapshotRestore(store, metadata, trusted);
          for (let index = 0; !session.isComplete; index++) session.apply(await library.chunk(metadata.height, index));
          const { hash } = await session.finish();
          say(`state is at height ${metadata.height} now, application hash ${hex(hash)}`);
        } finally {
          await store.close();
        }
      });
    });
}

/** What the stored block above says of a height. @throws Failure when it is not there */
async function appHashAfter(path: string, height: bigint): Promise<Uint8Array> {
  if (existsSync(path)) {
    const store = await BlockStore.open(path);
    try {
      const next = await store.block(Number(height) + 1);
      if (next !== undefined) return next.block.header.appHash;
    } finally {
      await store.close();
    }
  }
  throw new Failure(
    `block ${height + 1n}, whose header has the application hash of height ${height}, is not stored: name the hash with --app-hash`,
    2,
  );
}
