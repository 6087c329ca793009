import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Price } from '../../gen/plimsoll/oracle/v1/oracle.js';
import { Workbench } from '../../runtime/baseapp/testing/workbench.js';
import { OracleKeeper, storeName } from './keeper.js';
import { gather } from './statistics.js';

const keeper = new OracleKeeper();
let bench: Workbench;

beforeEach(async () => {
  bench = await Workbench.open([{ name: storeName, kind: 'committed' }]);
});

const priceAt = (timeMs: bigint, price: bigint, depthUsd = 0n, others: Partial<Price> = {}): Price => ({
  pairId: 1,
  price,
  height: 1n,
  timeMs,
  reportingPower: 1n,
  totalPower: 1n,
  rawPrice: price,
  dispersionPpm: 0,
  clampedBlocks: 0,
  variance: 0n,
  perpPrice: 0n,
  depthUsd,
  sources: 0,
  ...others,
});

/** Accepts prices at so many seconds. */
function accept(...path: readonly (readonly [second: bigint, price: bigint, depth?: bigint])[]): void {
  const ctx = bench.context();
  for (const [second, price, depth] of path) {
    const next = priceAt(second * 1_000n, price, depth);
    gather(ctx, keeper, keeper.price(ctx, 1), next);
    keeper.setPrice(ctx, next);
  }
}
const known = () => keeper.statistics(bench.context(), 1)!;

test('the average spans thirty whole minutes and forgets older ones', () => {
  // A price every 20 seconds: 1,000 for an hour, then 2,000.
  const at = (minute: number): bigint => (minute < 60 ? 1_000n : 2_000n);
  const path = Array.from({ length: 120 * 3 }, (_, i) => [BigInt(i * 20), at(Math.floor(i / 3))] as const);
  accept(...path.slice(0, 3));
  assert.equal(known().twap, 0n);
  accept(...path.slice(3, 60 * 3 + 1));
  assert.equal(known().twap, 1_000n);
  assert.equal([...keeper.minutes(bench.context(), 1)].length, 30);
  // Fifteen of thirty minutes at the new price; what stood at the end of a minute ended in the next.
  accept(...path.slice(60 * 3 + 1, 75 * 3 + 1));
  assert.equal(known().twap, 1_488n);
  accept(...path.slice(75 * 3 + 1));
  assert.equal(known().twap, 2_000n);
  assert.equal([...keeper.minutes(bench.context(), 1)].length, 30);
});

test('the thinnest tenth of the hours is known when an hour ends, and 30 days are kept', () => {
  accept([0n, 5n, 400n], [1_800n, 5n, 600n]);
  assert.equal(known().depthP10Usd, 0n);
  accept([3_600n, 5n, 9_000n]);
  assert.equal(known().depthP10Usd, 500n);
  // Hours without reports count for nothing.
  accept([7_200n, 5n], [10_800n, 5n]);
  assert.equal(known().depthP10Usd, 500n);
  assert.equal([...keeper.hours(bench.context(), 1)].length, 2);
  for (let hour = 4n; hour < 800n; hour++) accept([hour * 3_600n, 5n, 10_000n]);
  assert.equal(known().depthP10Usd, 10_000n);
  assert.equal([...keeper.hours(bench.context(), 1)].length, 720);
});

test('hours with depth reports tell how far reports lie apart and how many places they come from', () => {
  const ctx = bench.context();
  const told: readonly (readonly [hour: bigint, dispersionPpm: number, sources: number, depth: bigint])[] = [
    [1n, 100, 7, 10n],
    [1n, 201, 8, 10n],
    // Without depth it says nothing.
    [1n, 9_000, 1, 0n],
    [2n, 400, 5, 10n],
    [3n, 1_000, 9, 10n],
    [4n, 0, 0, 0n],
  ];
  for (const [hour, dispersionPpm, sources, depth] of told) {
    const next = priceAt(hour * 3_600_000n, 100n, depth, { dispersionPpm, sources });
    gather(ctx, keeper, keeper.price(ctx, 1), next);
    keeper.setPrice(ctx, next);
  }
  // Hours of 151 (150.5 rounded up), 400 and 1,000 ppm; of 7 (7.5 rounded down), 5 and 9 places.
  const { hours, dispersionPpm, sourcesP10, depthP10Usd } = known();
  assert.deepEqual([hours, dispersionPpm, sourcesP10, depthP10Usd], [3, 400, 5, 10n]);
});
