import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';

/** What a node's peers are told of its old blocks. */
export interface Lies {
  /** Heights of blocks that it says it has and has not. */
  readonly missing: readonly number[];
  /** Heights of blocks that will name a state that was never agreed on, with what they say of it now, in hex. */
  readonly falsified: ReadonlyMap<number, string>;
}

/**
 * Makes a stopped node lie to peers that fetch its blocks. Its own work goes on as before: no node reads its old blocks
 * again.
 * @throws Error when a block is not stored, or not in one part as CometBFT v0.38 stores small blocks (store/store.go:
 * `H:height` says what there is, `P:height:part` holds it)
 */
export async function tamperBlocks(home: string, { missing, falsified }: Lies): Promise<void> {
  const store = new ClassicLevel<string, Buffer>(join(home, 'data', 'blockstore.db'), {
    keyEncoding: 'utf8',
    valueEncoding: 'buffer',
    createIfMissing: false,
  });
  await store.open();
  try {
    for (const height of missing) {
      if (!(await store.has(`H:${height}`))) throw new Error(`${home} stores no block ${height}`);
      await store.del(`H:${height}`);
    }
    for (const [height, appHash] of falsified) {
      const part = await store.get(`P:${height}:0`);
      if (part === undefined) throw new Error(`${home} stores no block ${height}`);
      const at = part.indexOf(Buffer.from(appHash, 'hex'));
      if (at < 0) throw new Error(`block ${height} does not name the state ${appHash} in its first part`);
      part[at]! ^= 1;
      await store.put(`P:${height}:0`, part);
    }
  } finally {
    await store.close();
  }
}
