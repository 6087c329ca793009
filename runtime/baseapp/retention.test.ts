import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConsensusParams } from 'cosmjs-types/tendermint/types/params';
import { pruningOf } from '../store/pruning.js';
import { keepAllBlocks, retainHeight } from './retention.js';

const aged = (blocks: bigint) => ConsensusParams.fromPartial({ evidence: { maxAgeNumBlocks: blocks } });

test('the height that Commit returns is the lowest that anybody needs', () => {
  const base = { minRetainBlocks: 10, keepVersions: 1, snapshotInterval: 0, snapshotKeepRecent: 0 };
  const table: readonly (readonly [string, bigint, Partial<typeof base>, bigint, bigint])[] = [
    ['the operator asks for no pruning', 1_000n, { minRetainBlocks: 0 }, 5n, 0n],
    ['the operator needs most', 1_000n, {}, 5n, 990n],
    ['evidence needs most', 1_000n, {}, 100n, 900n],
    ['a rollback needs most', 1_000n, { keepVersions: 200 }, 100n, 800n],
    ['two kept snapshots and one being written', 1_000n, { snapshotInterval: 100, snapshotKeepRecent: 2 }, 5n, 700n],
    ['all snapshots are kept', 1_000n, { snapshotInterval: 100, snapshotKeepRecent: 0 }, 5n, 0n],
    ['all versions are kept', 1_000n, { keepVersions: Infinity }, 5n, 0n],
    ['the chain is younger than what is kept', 50n, {}, 100n, 0n],
    ['exactly as old', 100n, {}, 100n, 0n],
    ['one older', 101n, {}, 100n, 1n],
  ];
  for (const [name, height, change, age, expected] of table) {
    assert.equal(retainHeight(height, { ...base, ...change }, aged(age)), expected, name);
  }
  assert.equal(retainHeight(1_000n, base, undefined), 990n);
  assert.equal(retainHeight(1_000n, keepAllBlocks, aged(1n)), 0n);
});

test('pruning strategies have the names and limits of Cosmos', () => {
  assert.deepEqual(pruningOf('default'), { keepRecent: 100, interval: 10 });
  assert.deepEqual(pruningOf('nothing', 5, 5), { keepRecent: Infinity, interval: 1 });
  assert.deepEqual(pruningOf('everything'), { keepRecent: 2, interval: 10 });
  assert.deepEqual(pruningOf('custom', 2, 10), { keepRecent: 2, interval: 10 });
  assert.throws(() => pruningOf('custom', 1, 10), /pruning-keep-recent is 1: custom pruning keeps at least 2 versions/);
  assert.throws(() => pruningOf('custom', 2, 9), /pruning-interval is 9: custom pruning takes at least 10 heights/);
});
