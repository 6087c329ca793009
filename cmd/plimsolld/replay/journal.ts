import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { Failure } from '../failure.js';
import type { BlockRecord } from './record.js';

const bigints = new Set<keyof BlockRecord>([
  'book', 'keepers', 'backstop', 'vaults', 'bankrupt', 'deleveraged', 'deficit', 'paidByInsurance', 'paidByHaircut', 'paidByExchange', 'insurance', 'badDebt',
  'haircutTaken', 'haircutNeeded', 'recovered',
]); // prettier-ignore

/**
 * One line for each block, appended after the block is committed: a replay
 * that was killed continues its counts from here. At most the newest line
 * can be missing or torn, and that one is made again from the block's results.
 */
export class Journal {
  readonly #path: string;
  #file: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The records of heights 1 to `height`; what lies beyond is cut off, for
   * the store does not know of it. The newest may be missing: the caller adds it.
   * @throws Failure when older ones are missing
   */
  read(height: number): BlockRecord[] {
    if (!existsSync(this.#path)) {
      if (height > 1)
        throw new Failure(`${this.#path}: missing, but blocks up to ${height} exist; start over in another --home`);
      return [];
    }
    const bytes = readFileSync(this.#path);
    const records: BlockRecord[] = [];
    let kept = 0;
    while (records.length < height) {
      const end = bytes.indexOf(0x0a, kept);
      if (end === -1) break;
      const record = parse(bytes.toString('utf8', kept, end), this.#path, records.length + 1);
      records.push(record);
      kept = end + 1;
    }
    if (records.length < height - 1) {
      throw new Failure(
        `${this.#path}: ends at block ${records.length}, but blocks up to ${height} exist; start over in another --home`,
      );
    }
    truncateSync(this.#path, kept);
    return records;
  }

  append(record: BlockRecord): void {
    this.#file ??= openSync(this.#path, 'a');
    writeSync(
      this.#file,
      `${JSON.stringify(record, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}\n`,
    );
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function parse(line: string, path: string, height: number): BlockRecord {
  try {
    const record = JSON.parse(line, (key, value: unknown) =>
      bigints.has(key as keyof BlockRecord) ? BigInt(value as string) : value,
    ) as BlockRecord;
    if (record.height !== height) throw new Error(`is of block ${record.height}`);
    return record;
  } catch (error) {
    throw new Failure(`${path}:${height}: ${(error as Error).message}; start over in another --home`);
  }
}
