import { ClassicLevel } from 'classic-level';
import type { Logger } from '../../../runtime/log.js';
import type { ArchivedTraces, TraceArchive } from '../../../x/perps/trace/trace-index.js';

/** Newest block and the first from which nothing is missing, 8 bytes each. */
const rangeKey = 'm';
const blockKey = (block: bigint): string => `b/${block.toString().padStart(20, '0')}`;

/**
 * Traces of the waterfall in a LevelDB of their own. A block's traces are
 * written before its state is committed: what a node can explain after a
 * crash has no gap. A disk that fails costs explanations, not consensus.
 */
export class LevelTraceArchive implements TraceArchive {
  readonly #db: ClassicLevel<string, Uint8Array>;
  readonly #logger: Logger;
  /** Blocks that are kept, oldest first. */
  readonly #blocks: bigint[];

  private constructor(db: ClassicLevel<string, Uint8Array>, blocks: readonly bigint[], logger: Logger) {
    this.#db = db;
    this.#blocks = [...blocks];
    this.#logger = logger;
  }

  /** Opens or makes the archive, with what it holds. */
  static async open(
    path: string,
    logger: Logger,
  ): Promise<{ readonly archive: LevelTraceArchive; readonly archived: ArchivedTraces | undefined }> {
    const db = new ClassicLevel<string, Uint8Array>(path, { keyEncoding: 'utf8', valueEncoding: 'view' });
    await db.open();
    const range = await db.get(rangeKey);
    const entries = await db.iterator({ gte: 'b/', lt: 'b0' }).all();
    const heights = entries.map(([key]) => BigInt(key.slice(2)));
    const archive = new LevelTraceArchive(db, heights, logger);
    if (range === undefined) return { archive, archived: undefined };
    const bytes = Buffer.from(range);
    const [newest, first] = [bytes.readBigUInt64BE(0), bytes.readBigUInt64BE(8)];
    const blocks = entries.filter((_, index) => heights[index]! <= newest).map(([, value]) => value);
    return { archive, archived: { blocks, newest, first } };
  }

  async put(block: bigint, bytes: Uint8Array | undefined, oldest: bigint): Promise<void> {
    const range = Buffer.alloc(16);
    range.writeBigUInt64BE(block, 0);
    range.writeBigUInt64BE(oldest, 8);
    const batch = this.#db.batch().put(rangeKey, range);
    while (this.#blocks.length > 0 && this.#blocks.at(-1)! >= block) batch.del(blockKey(this.#blocks.pop()!));
    while (this.#blocks.length > 0 && this.#blocks[0]! < oldest) batch.del(blockKey(this.#blocks.shift()!));
    if (bytes !== undefined) {
      batch.put(blockKey(block), bytes);
      this.#blocks.push(block);
    }
    try {
      await batch.write();
    } catch (error) {
      this.#logger.warn(
        { height: `${block}`, error: (error as Error).message },
        'traces were not written: after a restart this node explains blocks from then on only',
      );
    }
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}
