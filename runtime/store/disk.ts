import { ClassicLevel } from 'classic-level';
import { isFull, StoreError, writeFailed } from './errors.js';

/**
 * The store's columns in LevelDB. Keys are a letter and big-endian numbers:
 *
 *     m                     newest committed version (8 bytes)
 *     i <version>           commit info of a version
 *     l <version>           log record of a version
 *     s <version> <n>       chunk n of the snapshot of a version
 *     t <version>           marker: the snapshot of a version is complete
 */
export class Disk {
  private constructor(
    readonly db: ClassicLevel<Buffer, Uint8Array>,
    readonly sync: boolean,
  ) {}

  static async open(path: string, sync: boolean): Promise<Disk> {
    const db = new ClassicLevel<Buffer, Uint8Array>(path, { keyEncoding: 'buffer', valueEncoding: 'view' });
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
    return new Disk(db, sync);
  }

  static readonly latestKey = Buffer.from('m');
  static infoKey = (version: number): Buffer => numbered('i', version);
  static logKey = (version: number): Buffer => numbered('l', version);
  static markerKey = (version: number): Buffer => numbered('t', version);
  static chunkKey = (version: number, chunk: number): Buffer => {
    const key = Buffer.alloc(13);
    numbered('s', version).copy(key);
    key.writeUInt32BE(chunk, 9);
    return key;
  };

  async latest(): Promise<number> {
    const bytes = await this.db.get(Disk.latestKey);
    return bytes === undefined ? 0 : Number(Buffer.from(bytes).readBigUInt64BE());
  }

  /** Versions that have a complete snapshot, ascending. */
  async snapshots(): Promise<number[]> {
    const keys = await this.db.keys({ gte: Disk.markerKey(0), lt: Buffer.from('u') }).all();
    return keys.map((key) => Number(key.readBigUInt64BE(1)));
  }

  /** Deletes snapshot chunks without a marker: what an interrupted snapshot left. */
  async dropUnfinishedSnapshots(): Promise<void> {
    const complete = new Set(await this.snapshots());
    const stale: Buffer[] = [];
    for await (const key of this.db.keys({ gte: Disk.chunkKey(0, 0), lt: Buffer.from('t') })) {
      if (!complete.has(Number(key.readBigUInt64BE(1)))) stale.push(key);
    }
    await this.db.batch(stale.map((key) => ({ type: 'del', key })));
  }

  /** Makes `base` the oldest starting point: deletes its predecessors' snapshots, logs and infos. */
  async pruneBefore(base: number): Promise<void> {
    await this.db.clear({ gte: Disk.markerKey(0), lt: Disk.markerKey(base) });
    await this.db.clear({ gte: Disk.chunkKey(0, 0), lt: Disk.chunkKey(base, 0) });
    await this.db.clear({ gte: Disk.logKey(0), lte: Disk.logKey(base) });
    await this.db.clear({ gte: Disk.infoKey(0), lt: Disk.infoKey(base) });
  }

  /** Drops every version above `version`. The store must not be in use. */
  async rollbackTo(version: number): Promise<void> {
    const above: Buffer[] = [];
    for (const column of ['i', 'l', 't']) {
      const range = { gt: numbered(column, version), lt: Buffer.from(String.fromCharCode(column.charCodeAt(0) + 1)) };
      above.push(...(await this.db.keys(range).all()));
    }
    await this.db.batch(
      [
        ...above.map((key) => ({ type: 'del' as const, key })),
        { type: 'put' as const, key: Disk.latestKey, value: versionBytes(version) },
      ],
      { sync: true },
    );
  }

  async close(): Promise<void> {
    await this.db.close();
  }
}

function numbered(column: string, version: number): Buffer {
  const key = Buffer.alloc(9);
  key.write(column, 'latin1');
  key.writeBigUInt64BE(BigInt(version), 1);
  return key;
}

export function versionBytes(version: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(version));
  return bytes;
}
