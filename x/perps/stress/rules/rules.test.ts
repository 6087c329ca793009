import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { market } from '../../testing/values.js';
import { ppb, quote, type SolvencyClass } from '../../types.js';
import { liquidationDistance } from './distance.js';
import { rescaled } from './history.js';
import { sigmaRatios, stressScenarios, type StressMarket } from './scenarios.js';
import { tailOf, worstMean } from './tail.js';
import { marketTarget, sharedTarget } from './targets.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const usdc = 1_000_000n;

const listed = (id: number, name: SolvencyClass, changes: Partial<StressMarket> = {}): StressMarket => ({
  id,
  class: name,
  cluster: id,
  sigmaDay: ppb(30_000_000n),
  beta: undefined,
  openInterest: quote(1_000n * usdc),
  ...changes,
});

describe('the scenarios of risk-model 19.1', () => {
  const markets = [
    listed(1, 'A', { openInterest: quote(9_000n * usdc) }),
    listed(2, 'A', { sigmaDay: ppb(45_000_000n), cluster: 7 }),
    listed(3, 'C', { sigmaDay: ppb(90_000_000n), beta: 2_000_000n, cluster: 7 }),
  ];
  const list = stressScenarios(markets);
  const shocksOf = (name: string) => list.find((each) => each.name === name)?.shocks;

  test('are 24, and one pair for each cluster of several markets and each market', () => {
    assert.equal(list.length, 24 + 2 + 6);
    assert.equal(new Set(list.map(({ name }) => name)).size, list.length);
  });

  const table: readonly (readonly [string, readonly bigint[]])[] = [
    ['all -5 %', [-50_000n, -75_000n, -150_000n]],
    ['all +30 %', [300_000n, 450_000n, 900_000n]],
    // Nothing falls by more than 95 %: three times 30 % would be 90 %.
    ['all -30 %', [-300_000n, -450_000n, -900_000n]],
    ['class A -15 %, others by beta', [-150_000n, -150_000n, -450_000n]],
    ['class A +10 %, others -20 %', [100_000n, 100_000n, -200_000n]],
    ['stable-coins -5 %', [0n, 0n, 0n]],
    ['2025-10-10 30m', [-120_000n, -120_000n, -550_000n]],
    ['cluster 7 falls by its gaps', [0n, -120_000n, -400_000n]],
    ['market 3 +40 %', [0n, 0n, 400_000n]],
  ];
  for (const [name, shocks] of table) test(name, () => assert.deepEqual(shocksOf(name), shocks));

  test('are at most 48 however many markets there are, those with the most open interest alone', () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      listed(index + 1, 'B', { cluster: 1 + (index % 10), openInterest: quote(BigInt(index) * usdc) }),
    );
    const all = stressScenarios(many);
    assert.equal(all.length, 48);
    assert.ok(
      all.some(({ name }) => name === 'market 40 -20 %') && !all.some(({ name }) => name === 'market 32 -20 %'),
    );
  });

  test('without any market move nothing', () =>
    assert.ok(stressScenarios([]).every(({ shocks }) => shocks.length === 0)));

  test('a market is as wild as the calmest of the best class, or more so, up to five times', () => {
    const sigmas = [30n, 15n, 5n, 900n].map((each) => ppb(each));
    const classes = ['A', 'A', 'B', 'D'] as const;
    assert.deepEqual(sigmaRatios(sigmas.map((sigmaDay, index) => ({ class: classes[index]!, sigmaDay }))), [
      2_000_000n,
      1_000_000n,
      1_000_000n,
      5_000_000n,
    ]);
  });
});

describe('a move of 15 minutes as it would be now', () => {
  const table: readonly (readonly [string, bigint, bigint, bigint, bigint])[] = [
    ['the same when volatility is the same', 10_000_000n, 50n, 50n, 10_000n],
    ['twice as large when volatility doubled', -10_000_000n, 50n, 100n, -20_000n],
    ['at most four times', 10_000_000n, 50n, 900n, 40_000n],
    ['at least a quarter', 10_000_000n, 50n, 1n, 2_500n],
    ['rounded away from zero', -10_000_001n, 50n, 50n, -10_001n],
    ['no fall beyond 95 %', -400_000_000n, 50n, 200n, -950_000n],
    ['as it was when nothing was measured then', 10_000_000n, 0n, 50n, 10_000n],
  ];
  for (const [name, moved, then, now, wanted] of table)
    test(name, () => assert.equal(rescaled(moved, then, now), wanted));
});

describe('the tail', () => {
  test('of 500 losses: VaR is the 6th largest, ES the mean of the 5 largest', () => {
    const losses = Array.from({ length: 500 }, (_, index) => BigInt(index + 1));
    assert.deepEqual(tailOf(losses, 500), { valueAtRisk: 495n, expectedShortfall: 498n });
  });

  test('of 548 shortfalls: the mean of the 6 largest, those not given being zero', () => {
    assert.equal(worstMean([7n, 100n, 1n], 548), 18n);
    assert.equal(worstMean([], 548), 0n);
    assert.equal(worstMean([5n], 24), 5n);
  });

  test('INV-S4 ES is never below VaR, and neither shrinks when a loss grows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 700 }),
        fc.nat(),
        fc.bigInt({ min: 1n, max: 10n ** 15n }),
        (losses, at, more) => {
          const before = tailOf(losses, losses.length);
          assert.ok(before.expectedShortfall >= before.valueAtRisk);
          const grown = losses.map((loss, index) => (index === at % losses.length ? loss + more : loss));
          const after = tailOf(grown, grown.length);
          assert.ok(after.expectedShortfall >= before.expectedShortfall && after.valueAtRisk >= before.valueAtRisk);
        },
      ),
      { numRuns: runs },
    );
  });
});

describe('targets of risk-model 12.3', () => {
  const tally = new Map([
    [0, { sum: 600n, first: 300n, second: 200n }],
    [9, { sum: 300n, first: 300n, second: 0n }],
  ]);

  test('a market: the largest of ES, cover-2 and a share of its open interest', () => {
    // (600 + 300) / 6 = 150, cover-2 is 500.
    assert.deepEqual(marketTarget(tally, 548, 'A', 1_000n), {
      expectedShortfall: 150n,
      coverTwo: 500n,
      least: 5n,
      covered: 0n,
      target: 500n,
    });
    assert.equal(marketTarget(tally, 548, 'D', 100_000n).target, 2_000n);
    assert.equal(marketTarget(new Map(), 548, 'B', 0n).target, 0n);
  });

  test('a class: what joint scenarios ask beyond the targets of its markets, or cover-2 of all of them', () => {
    const other = new Map([[0, { sum: 6_000n, first: 10n, second: 10n }]]);
    const own = new Map([[0, { sum: 6_600n, first: 310n, second: 210n }]]);
    assert.equal(sharedTarget(own, [tally, other], 548, 500n).target, 650n);
    assert.equal(sharedTarget(own, [tally, other], 548, 800n).target, 520n);
  });
});

describe('the distance to liquidation', () => {
  const view = market({ maintenanceRate: ppb(25_000_000n) });
  const table: readonly (readonly [string, bigint, bigint, boolean, bigint])[] = [
    ['a long falls until its slack over what is left of margin is gone', 9_750n, 100_000n, true, 100_000n],
    ['a short rises', 10_250n, 100_000n, false, 100_000n],
    ['nothing when it is under margin', -1n, 100_000n, true, 0n],
    ['all the way when equity covers the whole', 99_000n, 100_000n, true, 1_000_000n],
  ];
  for (const [name, slack, notional, long, wanted] of table)
    test(name, () => assert.equal(liquidationDistance(slack, notional, view, long), wanted));
});
