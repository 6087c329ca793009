import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Loadings } from '../../../gen/plimsoll/perps/v1/rates.js';
import { maxExplained } from '../margin/loading.js';
import { defaultRatesParams as params } from '../rates/params.js';
import { newLoadings } from './measure.js';
import { estimate, shrink } from './estimate.js';
import { addProduct, alphas, correlation, momentsOf } from './moments.js';
import { followLoadings, loadingsAt, steerLoadings } from './ramp.js';
import { indexReturn, residuals, signedReturn, type Moved } from './returns.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const hour = 3_600_000n;
const day = 24n * hour;

const moved = (id: number, ticker: string, cluster: number, ppb: bigint): Moved => ({
  id,
  ticker,
  cluster,
  return: ppb,
});

describe('returns (section 5)', () => {
  test('have a sign and round towards zero', () => {
    assert.deepEqual(
      [signedReturn(100n, 101n), signedReturn(100n, 99n), signedReturn(3n, 4n), signedReturn(3n, 2n)],
      [10_000_000n, -10_000_000n, 333_333_333n, -333_333_333n],
    );
    assert.equal(signedReturn(1n, 100n), 4_000_000_000n);
  });
  test('the index is 60 % BTC and 40 % ETH, or nothing', () => {
    const both = [moved(1, 'BTC-USD', 1, 10_000_000n), moved(2, 'ETH-USD', 1, -5_000_000n)];
    assert.equal(indexReturn(both, params.index), 4_000_000n);
    assert.equal(indexReturn(both.slice(1), params.index), undefined);
    assert.equal(indexReturn(both, []), undefined);
  });
  test('beyond the index: the others of the cluster, without the market itself', () => {
    const all = [moved(1, 'A', 7, 10n), moved(2, 'B', 7, 20n), moved(3, 'C', 7, 60n), moved(4, 'D', 9, 1_000n)];
    const slopes = [1n, 1n, 2n, 1n].map((covariance) => ({ covariance, variance: 1n }));
    // With the index at 10: 0, 10, 40 beyond it in the cluster of seven.
    assert.deepEqual(residuals(all, slopes, 10n), [25n, 20n, 5n, 0n]);
  });
});

describe('moments', () => {
  test('alpha is (1 - 2^(-1/h)) * 2^32 for 3 and 20 days of five minutes', () => {
    const alpha = (days: number): bigint => BigInt(Math.round((1 - 2 ** (-1 / (days * 288))) * 2 ** 32));
    assert.deepEqual([alphas.fast, alphas.slow], [alpha(3), alpha(20)]);
  });
  test('one product from nothing', () => {
    assert.deepEqual(addProduct({ fast: 0n, slow: 0n }, 3n, -2n), { fast: -6n * 3_444_272n, slow: -6n * 516_817n });
  });
  test('correlation is covariance over the root of both variances', () => {
    assert.equal(correlation(6n, 4n, 16n), 750_000n);
    assert.equal(correlation(-6n, 4n, 16n), -750_000n);
    assert.equal(correlation(9n, 4n, 16n), 1_000_000n);
    assert.equal(correlation(6n, 0n, 16n), 0n);
  });
});

describe('an estimate', () => {
  const table: readonly (readonly [what: string, fast: bigint, slow: bigint, rho: bigint])[] = [
    ['of 0.83 and 0.91: 0.83 less 0.1, down to a step', 830_000n, 910_000n, 700_000n],
    ['of both negative', -830_000n, -910_000n, -700_000n],
    ['of either sign', 830_000n, -910_000n, 0n],
    ['under the haircut', 99_000n, 500_000n, 0n],
    ['of one', 1_000_000n, 1_000_000n, 900_000n],
  ];
  for (const [what, fast, slow, rho] of table) test(what, () => assert.equal(shrink(fast, slow, params), rho));

  const means = (value: bigint) => momentsOf({ fast: value, slow: value });
  const known = (returns: bigint, withIndex: bigint, withCluster: bigint): Loadings => ({
    ...newLoadings(1),
    returns,
    own: means(1_000_000n),
    withIndex: means(withIndex),
    withCluster: means(withCluster),
    cluster: means(1_000_000n),
  });
  const index = { fast: 1_000_000n, slow: 1_000_000n };
  test('needs twenty days of returns', () => {
    assert.deepEqual(estimate(known(5_759n, 900_000n, 0n), index, params), [0n, 0n]);
    assert.deepEqual(estimate(known(5_760n, 900_000n, 0n), index, params), [800_000n, 0n]);
  });
  test('factors together explain at most 0.95 squared', () => {
    // 0.9 leaves sqrt(0.9025 - 0.81) = 0.304, down to 0.3.
    assert.deepEqual(estimate(known(5_760n, 1_000_000n, 950_000n), index, params), [900_000n, 300_000n]);
    assert.deepEqual(estimate(known(5_760n, -1_000_000n, -950_000n), index, params), [-900_000n, -300_000n]);
  });
});

describe('the way to other loadings', () => {
  const start = (...rhoPpm: bigint[]): Loadings => ({ ...newLoadings(1), rhoPpm });
  test('less is announced at once, begins after an hour and takes a day', () => {
    const announced = steerLoadings(start(600_000n, 200_000n), [400_000n, 300_000n], 0n, params);
    assert.deepEqual(announced.schedule, {
      announcedMs: 0n,
      startMs: hour,
      endMs: 25n * hour,
      fromPpm: [600_000n, 200_000n],
      toPpm: [400_000n, 200_000n],
    });
    assert.deepEqual(followLoadings(announced, hour).rhoPpm, [600_000n, 200_000n]);
    assert.deepEqual(followLoadings(announced, 13n * hour).rhoPpm, [500_000n, 200_000n]);
    const ended = followLoadings(announced, 25n * hour);
    assert.deepEqual([ended.rhoPpm, ended.schedule], [[400_000n, 200_000n], undefined]);
  });
  test('an estimate of the other sign counts as none', () => {
    assert.deepEqual(steerLoadings(start(600_000n), [-400_000n], 0n, params).schedule!.toPpm, [0n]);
  });
  test('more must be seen for seven days, and the least of them counts', () => {
    let state = steerLoadings(start(), [500_000n, 0n], day, params);
    assert.deepEqual([state.trialPpm, state.trialMs], [[500_000n, 0n], day]);
    state = steerLoadings(state, [350_000n, 100_000n], 2n * day, params);
    state = steerLoadings(state, [700_000n, 0n], 8n * day - 1n, params);
    assert.deepEqual([state.trialPpm, state.schedule], [[350_000n, 0n], undefined]);
    state = steerLoadings(state, [700_000n, 0n], 8n * day, params);
    assert.deepEqual([state.schedule!.toPpm, state.trialMs], [[350_000n, 0n], 0n]);
  });
  test('INV-K3 the way is straight in every factor and never explains more than 0.95 squared', () => {
    const rho = fc
      .tuple(fc.bigInt({ min: -950_000n, max: 950_000n }), fc.bigInt({ min: -950_000n, max: 950_000n }))
      .filter(([a, b]) => a * a + b * b <= maxExplained);
    fc.assert(
      fc.property(rho, rho, fc.bigInt({ min: -5n, max: 105n }), (fromPpm, toPpm, part) => {
        const schedule = { announcedMs: 0n, startMs: 1_000n, endMs: 2_000n, fromPpm: [...fromPpm], toPpm: [...toPpm] };
        const now = loadingsAt(schedule, 1_000n + part * 10n);
        assert.ok(now.reduce((sum, each) => sum + each * each, 0n) <= maxExplained);
        for (const [j, each] of now.entries()) {
          const [low, high] = fromPpm[j]! < toPpm[j]! ? [fromPpm[j]!, toPpm[j]!] : [toPpm[j]!, fromPpm[j]!];
          assert.ok(each >= low && each <= high);
        }
      }),
      { numRuns: runs },
    );
  });
});
