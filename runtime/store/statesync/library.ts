import { createHash, type Hash } from 'node:crypto';
import { ClassicLevel } from 'classic-level';
import { isFull, StoreError, writeFailed } from '../errors.js';
import { sha256 } from '../iavl/encoding.js';
import type { PinnedVersion } from '../multistore.js';
import {
  chunkBytes,
  chunkCount,
  chunkLength,
  decodeMetadata,
  encodeMetadata,
  maxSnapshotBytes,
  sliceBytes,
  slicesPerChunk,
  snapshotFormat,
  snapshotHash,
  type SnapshotMetadata,
} from './format.js';
import { snapshotSlices } from './writer.js';

/** A complete snapshot. */
export interface StoredSnapshot {
  readonly height: bigint;
  readonly format: number;
  /** SHA-256 of `encoded`. */
  readonly hash: Uint8Array;
  /** The metadata as ABCI carries it. */
  readonly encoded: Uint8Array;
  readonly metadata: SnapshotMetadata;
}

type Put = { type: 'put'; key: Buffer; value: Uint8Array };

/** Slices in one write of a loaded snapshot. */
const loadedBatch = 8;

/**
 * Complete snapshots on disk, in a LevelDB of their own. Keys are a letter
 * and big-endian numbers:
 *
 *     m <height> <format>           metadata, written last: the snapshot is complete
 *     c <height> <format> <n>       slice n of the stream
 *
 * Slices without metadata are what a killed process left; opening removes them.
 */
export class SnapshotLibrary {
  readonly #db: ClassicLevel<Buffer, Uint8Array>;
  readonly #complete = new Map<bigint, StoredSnapshot>();
  /** Heights whose slices are being written. */
  readonly #writing = new Set<bigint>();

  private constructor(db: ClassicLevel<Buffer, Uint8Array>) {
    this.#db = db;
  }

  /** @throws StoreError locked, corrupt or write-failed */
  static async open(path: string): Promise<SnapshotLibrary> {
    const db = new ClassicLevel<Buffer, Uint8Array>(path, {
      keyEncoding: 'buffer',
      valueEncoding: 'view',
      // State is mostly hashes, addresses and numbers: little to gain, and time to lose.
      compression: false,
    });
    try {
      await db.open();
    } catch (error) {
      const cause = (error as { cause?: { code?: string; message?: string } }).cause;
      if (cause?.code === 'LEVEL_LOCKED') {
        throw new StoreError('locked', `${path} is open in another process: stop that node first`, { cause: error });
      }
      const why = cause?.message ?? (error as Error).message;
      if (isFull(why)) throw writeFailed(path, error);
      throw new StoreError('corrupt', `${path} does not open: ${why}`, { cause: error });
    }
    const library = new SnapshotLibrary(db);
    try {
      await library.#load();
    } catch (error) {
      await db.close();
      throw error;
    }
    return library;
  }

  async #load(): Promise<void> {
    for await (const [key, encoded] of this.#db.iterator({ gte: Buffer.from('m'), lt: Buffer.from('n') })) {
      // A format of another release is left alone: that release may come back.
      if (key.readUInt32BE(9) === snapshotFormat) this.#remember(Uint8Array.prototype.slice.call(encoded));
    }
    const stale = new Set<bigint>();
    for await (const key of this.#db.keys({ gte: Buffer.from('c'), lt: Buffer.from('d') })) {
      const height = key.readBigUInt64BE(1);
      if (key.readUInt32BE(9) === snapshotFormat && !this.#complete.has(height)) stale.add(height);
    }
    for (const height of stale) await this.#clear(height);
  }

  /** Complete snapshots, newest first. */
  list(): readonly StoredSnapshot[] {
    return [...this.#complete.values()].sort((a, b) => (a.height > b.height ? -1 : 1));
  }

  find(height: bigint, format = snapshotFormat): StoredSnapshot | undefined {
    return format === snapshotFormat ? this.#complete.get(height) : undefined;
  }

  /**
   * Chunk `index` of a snapshot, checked against its hash.
   * @throws StoreError unknown-snapshot, or corrupt when the disk changed it
   */
  async chunk(height: bigint, index: number): Promise<Uint8Array> {
    const snapshot = this.find(height);
    const { totalBytes = 0, chunkHashes = [] } = snapshot?.metadata ?? {};
    if (snapshot === undefined || index < 0 || index >= chunkHashes.length) {
      throw new StoreError('unknown-snapshot', `no chunk ${index} of a snapshot of height ${height} is kept`);
    }
    const keys = Array.from({ length: slicesPerChunk }, (_, n) => sliceKey(height, index * slicesPerChunk + n));
    const slices = (await this.#db.getMany(keys)).filter((slice) => slice !== undefined);
    const chunk = Buffer.concat(slices);
    if (chunk.length !== chunkLength(totalBytes, index) || !sha256(chunk).equals(chunkHashes[index]!)) {
      throw new StoreError('corrupt', `chunk ${index} of the snapshot of height ${height} changed on disk`);
    }
    return chunk;
  }

  /**
   * Writes the snapshot of a version slice by slice; blocks go on between
   * two of them. `stopped` is asked between slices.
   * @throws StoreError write-failed; what was written is removed
   */
  async take(version: PinnedVersion, stopped: () => boolean = () => false): Promise<StoredSnapshot | undefined> {
    const height = BigInt(version.version);
    const hashes: Uint8Array[] = [];
    let hash: Hash = createHash('sha256');
    let totalBytes = 0;
    return this.#write(height, async (put) => {
      for (const slice of snapshotSlices(version)) {
        if (stopped()) return undefined;
        const index = totalBytes === 0 ? 0n : BigInt(totalBytes) / BigInt(sliceBytes);
        totalBytes += slice.length;
        if (totalBytes > maxSnapshotBytes)
          throw new StoreError('invalid-entry', `the state of height ${height} is above ${maxSnapshotBytes} bytes`);
        hash.update(slice);
        await put([[Number(index), slice]]);
        if (totalBytes % chunkBytes === 0) {
          hashes.push(hash.digest());
          hash = createHash('sha256');
        }
      }
      if (totalBytes % chunkBytes !== 0) hashes.push(hash.digest());
      const stores = version.stores.map(({ name, hash: root }) => ({ name, hash: root }));
      return encodeMetadata({ height, totalBytes, chunkHashes: hashes, stores });
    });
  }

  /**
   * Takes over a snapshot made elsewhere; chunks in order.
   * @throws StoreError invalid-snapshot when a chunk is not what the metadata says; nothing is kept then
   */
  async add(encoded: Uint8Array, chunks: AsyncIterable<Uint8Array>): Promise<StoredSnapshot> {
    const metadata = decodeMetadata(encoded);
    const { height, totalBytes, chunkHashes } = metadata;
    const added = await this.#write(height, async (put) => {
      let index = 0;
      for await (const chunk of chunks) {
        checkChunk(metadata, index, chunk);
        const slices: [number, Uint8Array][] = [];
        for (let at = 0, n = 0; at < chunk.length; at += sliceBytes, n++) {
          slices.push([index * slicesPerChunk + n, chunk.subarray(at, at + sliceBytes)]);
          if (slices.length === loadedBatch) await put(slices.splice(0));
        }
        if (slices.length > 0) await put(slices);
        index++;
      }
      if (index !== chunkCount(totalBytes)) {
        throw new StoreError('invalid-snapshot', `${index} of ${chunkHashes.length} chunks of height ${height}`);
      }
      return encoded;
    });
    return added!;
  }

  /** Removes a snapshot. @throws StoreError unknown-snapshot */
  async delete(height: bigint): Promise<void> {
    if (!this.#complete.has(height)) {
      throw new StoreError('unknown-snapshot', `no snapshot of height ${height} is kept`);
    }
    this.#complete.delete(height);
    await this.#db.del(metadataKey(height), { sync: true });
    await this.#clear(height);
  }

  /** Removes all but the newest `count` snapshots. */
  async keepRecent(count: number): Promise<void> {
    for (const { height } of this.list().slice(count)) await this.delete(height);
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  /** Writes slices through `make` and, when it returns metadata, completes the snapshot. */
  async #write(
    height: bigint,
    make: (
      put: (slices: readonly (readonly [number, Uint8Array])[]) => Promise<void>,
    ) => Promise<Uint8Array | undefined>,
  ): Promise<StoredSnapshot | undefined> {
    if (this.#complete.has(height) || this.#writing.has(height)) {
      throw new StoreError('wrong-order', `the snapshot of height ${height} exists already`);
    }
    this.#writing.add(height);
    try {
      const encoded = await make(async (slices) => {
        const puts = slices.map(([n, value]): Put => ({ type: 'put', key: sliceKey(height, n), value }));
        await this.#db.batch(puts).catch((cause: unknown) => {
          throw writeFailed(`the snapshot of height ${height}`, cause);
        });
      });
      if (encoded === undefined) {
        await this.#clear(height);
        return undefined;
      }
      await this.#db.put(metadataKey(height), encoded, { sync: true });
      return this.#remember(encoded);
    } catch (error) {
      // On a full disk this may fail too; opening tries again.
      await this.#clear(height).catch(() => {});
      throw error;
    } finally {
      this.#writing.delete(height);
    }
  }

  #remember(encoded: Uint8Array): StoredSnapshot {
    const metadata = decodeMetadata(encoded);
    const { height } = metadata;
    const stored = { height, format: snapshotFormat, hash: snapshotHash(encoded), encoded, metadata };
    this.#complete.set(height, stored);
    return stored;
  }

  async #clear(height: bigint): Promise<void> {
    await this.#db.clear({ gte: sliceKey(height, 0), lte: sliceKey(height, 0xffffffff) });
  }
}

/** @throws StoreError invalid-snapshot when a chunk is not the one that the metadata names */
export function checkChunk(metadata: SnapshotMetadata, index: number, chunk: Uint8Array): void {
  const expected = metadata.chunkHashes[index];
  if (expected === undefined) {
    throw new StoreError('invalid-snapshot', `chunk ${index}: the snapshot has ${metadata.chunkHashes.length}`);
  }
  const length = chunkLength(metadata.totalBytes, index);
  if (chunk.length !== length) {
    throw new StoreError('invalid-snapshot', `chunk ${index} has ${chunk.length} bytes, expected ${length}`);
  }
  const found = sha256(chunk);
  if (!found.equals(expected)) {
    throw new StoreError(
      'invalid-snapshot',
      `chunk ${index} hashes to ${found.toString('hex')}, expected ${Buffer.from(expected).toString('hex')}`,
    );
  }
}

function metadataKey(height: bigint): Buffer {
  const key = Buffer.alloc(13, 'm');
  key.writeBigUInt64BE(height, 1);
  key.writeUInt32BE(snapshotFormat, 9);
  return key;
}

function sliceKey(height: bigint, slice: number): Buffer {
  const key = Buffer.alloc(17, 'c');
  metadataKey(height).copy(key, 1, 1);
  key.writeUInt32BE(slice, 13);
  return key;
}
