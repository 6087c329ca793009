import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { openStore, type MultiStore } from '../index.js';
import type { StoreOptions } from '../multistore.js';

/** The stores of tests: two in the application hash and one that is empty between blocks. */
export const mounts = [
  { name: 'bank', kind: 'committed' },
  { name: 'perps', kind: 'committed' },
  { name: 'scratch', kind: 'transient' },
] as const;

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** One block: writes, undefined deletes. */
export type Block = readonly { readonly store: string; readonly key: string; readonly value: string | undefined }[];

const write = fc.record({
  store: fc.constantFrom('bank', 'perps'),
  key: fc.stringMatching(/^[a-e]{1,3}$/),
  value: fc.option(fc.stringMatching(/^[x-z]{1,40}$/), { nil: undefined, freq: 3 }),
});
export const blockArb: fc.Arbitrary<Block> = fc.array(write, { maxLength: 25 });
export const historyArb = fc.array(blockArb, { minLength: 1, maxLength: 12 });

/** Commits blocks one after the other; returns their hashes. */
export async function run(store: MultiStore, blocks: readonly Block[], first = 1n): Promise<string[]> {
  const hashes: string[] = [];
  for (const block of blocks) {
    const layer = store.cache();
    for (const { store: name, key, value } of block) {
      if (value === undefined) layer.store(name).delete(key);
      else layer.store(name).set(key, Buffer.from(value));
    }
    const { version } = store.lastCommit();
    store.prepare(version === 0n ? first : version + 1n, layer);
    hashes.push(hex((await store.commit()).hash));
  }
  return hashes;
}

export const memoryStore = (options: Partial<StoreOptions> = {}): Promise<MultiStore> =>
  openStore({ mounts, ...options });

/** Runs `body` with a directory that is gone afterwards. */
export async function withDirectory<T>(body: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-store-'));
  try {
    return await body(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** A store of one version with so many bytes of state, in values of 40,000 bytes that depend on the key. */
export async function fill(store: MultiStore, megabytes: number): Promise<void> {
  const layer = store.cache();
  for (let n = 0; n < megabytes * 25; n++) {
    const value = Buffer.alloc(40_000, `${n}`);
    layer.store(n % 3 === 0 ? 'bank' : 'perps').set(`key ${n}`, value);
  }
  store.prepare(store.lastCommit().version + 1n, layer);
  await store.commit();
}
