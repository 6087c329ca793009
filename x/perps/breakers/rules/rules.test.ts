import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PriceSample } from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { ppb } from '../../types.js';
import { collarOf, endsNow, extended, isClosing, prolonged, startAuction } from './call-auction.js';
import { liquidatedIn, withLiquidated } from './cascade.js';
import { lateAddOn, modeOfAge } from './lateness.js';
import { defaultBreakerParams as params, validateBreakerParams } from '../params.js';
import { velocity, velocityLimit, withSample } from './velocity.js';

describe('B1, velocity', () => {
  test('compares with the newest price that is a minute old, or the oldest there is', () => {
    let samples: readonly PriceSample[] = [];
    for (let second = 0n; second <= 70n; second++) samples = withSample(samples, second * 1_000n, 60_000n + second);
    assert.equal(samples.length, 13, 'one in five seconds: at 10 s, 15 s, … 70 s');
    assert.equal(samples[0]!.timeMs, 10_000n);
    assert.equal(velocity(samples, 70_000n, 60_010n), 0n);
    assert.equal(velocity(samples, 70_000n, 66_011n), 100_000_000n, '10 % from the price at 10 s');
    assert.equal(velocity(samples, 70_000n, 54_009n), 100_000_000n, 'or down');
    assert.equal(velocity([], 0n, 1n), 0n);
  });

  test('the limit is 8 sigma of a minute, never under the floor of the class', () => {
    assert.equal(velocityLimit(ppb(1_000_000n), ppb(30_000_000n), params), 30_000_000n);
    assert.equal(velocityLimit(ppb(5_000_000n), ppb(30_000_000n), params), 40_000_000n);
  });
});

describe('B3a, age of the price', () => {
  const cases: readonly (readonly [ageMs: bigint, mode: string])[] = [
    [30_000n, 'normal'],
    [30_001n, 'reduce-only'],
    [120_000n, 'reduce-only'],
    [120_001n, 'halted'],
  ];
  for (const [age, mode] of cases)
    test(`${age} ms: ${mode}`, () => assert.equal(modeOfAge(age, 30_000n, params), mode));

  test('an opening on a late price needs sigma * sqrt(t / 60 s) more, rounded up', () => {
    assert.equal(lateAddOn(ppb(1_000_000n), 60_000n), 1_000_000n);
    assert.equal(lateAddOn(ppb(1_000_000n), 15_000n), 500_000n);
    assert.equal(lateAddOn(ppb(1_000_000n), 5_000n), 288_676n, '288,675.13… rounded up');
  });
});

describe('B6, what was liquidated in five minutes', () => {
  test('is counted by half minutes and forgotten after five to five and a half minutes', () => {
    let slots = withLiquidated([], 10_000n, 5n);
    slots = withLiquidated(slots, 20_000n, 7n);
    slots = withLiquidated(slots, 40_000n, 1n);
    assert.deepEqual(slots, [
      { slot: 0n, notional: '12' },
      { slot: 1n, notional: '1' },
    ]);
    assert.equal(liquidatedIn(slots, 329_999n), 13n);
    assert.equal(liquidatedIn(slots, 330_000n), 1n);
    assert.deepEqual(withLiquidated(slots, 330_000n, 0n), [{ slot: 1n, notional: '1' }]);
  });
});

describe('a call auction (section 14.3)', () => {
  const auction = startAuction(1_000n, 7n, 60_000n, params);

  test('ends in a block drawn from the five seconds after its planned end', () => {
    assert.equal(auction.endMs, 61_000n);
    assert.equal(endsNow(auction, 60_999n, 0n, params), false);
    assert.equal(endsNow(auction, 61_000n, 0n, params), true);
    assert.equal(endsNow(auction, 61_000n, 1n, params), false);
    assert.equal(endsNow(auction, 63_500n, 2_500n, params), true);
    assert.equal(endsNow(auction, 65_999n, 5_000n, params), false);
    assert.equal(endsNow(auction, 66_000n, 5_000n, params), true, 'five seconds later whatever is drawn');
  });

  test('holds cancels of what it collected in its last five seconds', () => {
    assert.equal(isClosing(auction, 55_999n), false);
    assert.equal(isClosing(auction, 56_000n), true);
  });

  test('INV-X4 grows by half while B1 holds, to 295 s and a random end: 300 s at most', () => {
    const lengths: bigint[] = [];
    for (let now: typeof auction | undefined = auction; now !== undefined; now = prolonged(now, now.endMs, params))
      lengths.push(now.lengthMs);
    assert.deepEqual(lengths, [60_000n, 90_000n, 135_000n, 202_500n, 295_000n]);
    assert.equal(endsNow({ ...auction, endMs: 999_999n }, auction.startMs + 300_000n, 5_000n, params), true);
  });

  test('is extended four times by 30 s, with a collar half as wide again each time', () => {
    let now: typeof auction | undefined = auction;
    const ends: bigint[] = [];
    for (; now !== undefined; now = extended(now, now.endMs, params)) ends.push(now.endMs);
    assert.deepEqual(ends, [61_000n, 91_000n, 121_000n, 151_000n, 181_000n]);
    // O 60,000 and beta 0.625 %; two sigma are less.
    assert.deepEqual(collarOf(60_000n, ppb(6_250_000n), ppb(1_000_000n), 0), { low: 59_625n, high: 60_375n });
    assert.deepEqual(collarOf(60_000n, ppb(6_250_000n), ppb(10_000_000n), 0), { low: 58_800n, high: 61_200n });
    assert.deepEqual(collarOf(60_000n, ppb(6_250_000n), ppb(10_000_000n), 2), { low: 57_300n, high: 62_700n });
  });
});

describe('parameters', () => {
  test('of section 14.2 are within their bounds', () => validateBreakerParams(params, 30_000n));
  test('name the field that is not', () => {
    assert.throws(
      () => validateBreakerParams({ ...params, maxAuctionMs: 300_001n }, 30_000n),
      /breakers\.max_auction_ms: 300001; expected 10000 to 300000/,
    );
    assert.throws(
      () => validateBreakerParams({ ...params, haltMs: 29_999n }, 30_000n),
      /breakers\.halt_ms: 29999; at least stale_ms/,
    );
  });
});
