import { createReadStream, createWriteStream, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Snapshot } from 'cosmjs-types/tendermint/abci/types';
import {
  chunkBytes,
  snapshotHash,
  type SnapshotLibrary,
  type StoredSnapshot,
} from '../../../runtime/store/statesync/index.js';
import { Failure } from '../failure.js';

/**
 * A snapshot as one file to carry around, laid out as the Cosmos SDK does: a
 * gzipped tar of `_snapshot` (the ABCI snapshot message) and the chunks, each
 * named by its index.
 */

const block = 512;
const infoName = '_snapshot';
/** Largest `_snapshot`: CometBFT sends none above 4 MB. */
const maxInfoBytes = 4_000_000;

/** Writes the archive beside its place and moves it there when it is whole. */
export async function dumpSnapshot(library: SnapshotLibrary, snapshot: StoredSnapshot, path: string): Promise<void> {
  const part = `${path}.part`;
  try {
    await pipeline(Readable.from(entries(library, snapshot)), createGzip(), createWriteStream(part));
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

async function* entries(library: SnapshotLibrary, snapshot: StoredSnapshot): AsyncIterable<Uint8Array> {
  const { height, format, hash, encoded, metadata } = snapshot;
  const chunks = metadata.chunkHashes.length;
  yield* entry(infoName, Snapshot.encode({ height, format, chunks, hash, metadata: encoded }).finish());
  for (let index = 0; index < chunks; index++) yield* entry(`${index}`, await library.chunk(height, index));
  // A tar ends with two empty blocks.
  yield Buffer.alloc(2 * block);
}

function* entry(name: string, data: Uint8Array): Iterable<Uint8Array> {
  const header = Buffer.alloc(block);
  header.write(name, 0, 'ascii');
  header.write('0000644\0', 100, 'ascii');
  header.write('0000000\0', 108, 'ascii');
  header.write('0000000\0', 116, 'ascii');
  header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124, 'ascii');
  // No time: the same snapshot makes the same archive.
  header.write('00000000000\0', 136, 'ascii');
  header.write('0', 156, 'ascii');
  header.write('ustar\x0000', 257, 'ascii');
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  yield header;
  yield data;
  yield Buffer.alloc((block - (data.length % block)) % block);
}

/** Sum of a header's bytes, its checksum field counted as blanks. */
function checksum(header: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < block; at++) if (at < 148 || at >= 156) sum += header[at]!;
  return sum;
}

/** Takes an archive over; every chunk is checked against the metadata. @throws Failure or StoreError, and nothing is kept */
export async function loadSnapshot(library: SnapshotLibrary, path: string): Promise<StoredSnapshot> {
  const source = createReadStream(path);
  const unzipped = source.pipe(createGunzip());
  source.on('error', (error) => unzipped.destroy(error));
  const files = readEntries(unzipped, path);
  try {
    const first = await files.next();
    if (first.done === true || first.value.name !== infoName) throw new Failure(`${path}: no snapshot archive`);
    let info: Snapshot;
    try {
      info = Snapshot.decode(first.value.data);
    } catch (error) {
      throw new Failure(`${path}: ${infoName} does not decode: ${(error as Error).message}`);
    }
    if (!Buffer.from(snapshotHash(info.metadata)).equals(info.hash)) {
      throw new Failure(`${path}: ${infoName} names another hash than its metadata has`);
    }
    async function* chunks(): AsyncIterable<Uint8Array> {
      let index = 0;
      for await (const { name, data } of files) {
        if (name !== `${index}`) throw new Failure(`${path}: entry ${name} where chunk ${index} was expected`);
        index++;
        yield data;
      }
    }
    return await library.add(info.metadata, chunks());
  } finally {
    source.destroy();
    unzipped.destroy();
  }
}

/** Files of a tar one at a time; holds one of them in memory. */
async function* readEntries(
  stream: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<{ readonly name: string; readonly data: Uint8Array }> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  const pieces = stream[Symbol.asyncIterator]();
  /** Exactly so many bytes. */
  const read = async (length: number): Promise<Buffer> => {
    while (size < length) {
      const next = await pieces.next().catch((error: Error) => {
        throw new Failure(`${path}: ${error.message}`);
      });
      if (next.done === true) throw new Failure(`${path}: ends early`);
      waiting.push(next.value);
      size += next.value.length;
    }
    const all = Buffer.concat(waiting, size);
    waiting = [all.subarray(length)];
    size -= length;
    return all.subarray(0, length);
  };
  for (;;) {
    const header = await read(block);
    if (header.every((byte) => byte === 0)) return;
    const field = (from: number, to: number): string => header.toString('latin1', from, to).replace(/[\0 ].*$/s, '');
    const length = Number.parseInt(field(124, 136), 8);
    if (Number.parseInt(field(148, 156), 8) !== checksum(header)) throw new Failure(`${path}: no tar, or damaged`);
    const name = field(0, 100);
    if (!(length >= 0 && length <= (name === infoName ? maxInfoBytes : chunkBytes))) {
      throw new Failure(`${path}: entry ${name} of ${length} bytes: at most ${chunkBytes} are accepted`);
    }
    const data = await read(length);
    await read((block - (length % block)) % block);
    yield { name, data };
  }
}
