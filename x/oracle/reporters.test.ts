import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Context } from '../../runtime/baseapp/context.js';
import { Workbench, testBlock } from '../../runtime/baseapp/testing/workbench.js';
import type { ValidatorPenalties } from './expected_keepers.js';
import { OracleKeeper, storeName } from './keeper.js';
import { defaultParams } from './module.js';
import { keepScores } from './reporters.js';

const keeper = new OracleKeeper();
const honest = Buffer.alloc(20, 1);
const liar = Buffer.alloc(20, 2);
const silent = Buffer.alloc(20, 3);
const lastCommit = [silent, liar, honest].map((address) => ({ address, power: 1n, signed: address !== silent }));
const benchmarks = [
  { pairId: 1, median: 1_000_000n, dispersionPpm: 100 },
  { pairId: 2, median: 500_000n, dispersionPpm: 100 },
];
const reports = [
  { address: honest, prices: new Map([[1, 1_000_100n], [2, 500_000n]]) }, // prettier-ignore
  { address: liar, prices: new Map([[1, 1_500_000n], [2, 750_000n]]) }, // prettier-ignore
];

let bench: Workbench;
let done: string[];
const penalties: ValidatorPenalties = {
  slash: (_ctx, address, fractionPpm, reason) => void done.push(`slash ${address[0]} by ${fractionPpm}: ${reason}`),
  jail: (_ctx, address, reason) => void done.push(`jail ${address[0]}: ${reason}`),
};

beforeEach(async () => {
  bench = await Workbench.open([{ name: storeName, kind: 'committed' }]);
  keeper.setParams(bench.context(), { ...defaultParams, scoreWindow: 100 });
  done = [];
});

function blocks(from: number, count: number): Context {
  let ctx = bench.context();
  for (let height = from; height < from + count; height++) {
    ctx = bench.context({ height: BigInt(height), lastCommit });
    keepScores(ctx, keeper, benchmarks, reports, penalties);
  }
  return ctx;
}

test('scores count per pair, for all of the set, by address', () => {
  blocks(10, 3);
  assert.deepEqual(keeper.scores(bench.context()), {
    startHeight: 10n,
    scores: [
      { address: honest, expected: 6n, reported: 6n, high: 0n, low: 0n },
      { address: liar, expected: 6n, reported: 6n, high: 6n, low: 0n },
      { address: silent, expected: 6n, reported: 0n, high: 0n, low: 0n },
    ],
    unrewarded: [],
  });
});

test('at the end of a window liars to one side are slashed and jailed, the silent jailed, both unrewarded for the next', () => {
  assert.deepEqual(blocks(10, 99).events.list(), []);
  assert.deepEqual(done, []);
  const events = blocks(109, 1).events.list();
  assert.deepEqual(done, [
    'slash 2 by 1000: biased prices',
    'jail 2: prices missing or wrong',
    'jail 3: prices missing or wrong',
  ]);
  assert.deepEqual(
    events.map(({ type }) => type),
    Array(2).fill('plimsoll.oracle.v1.EventReporterJudged'),
  );
  assert.deepEqual(keeper.scores(bench.context()), {
    startHeight: 110n,
    scores: [],
    unrewarded: [liar, silent],
  });
});

test('blocks without an accepted price judge nobody', () => {
  for (let height = 0; height < 200; height++) {
    const ctx = bench.context({ height: testBlock.height + BigInt(height), lastCommit });
    keepScores(ctx, keeper, [], reports, penalties);
  }
  assert.deepEqual(done, []);
});
