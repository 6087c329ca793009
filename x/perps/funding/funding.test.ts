import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { market, signed } from '../testing/values.js';
import { base, ppb, ppm, quote } from '../types.js';
import { accrue, fundingRate, fundingWeight, premium, settle, sweepable, trimmedMean } from './index.js';

describe('premium (section 8)', () => {
  test('a bid above the oracle is positive, an ask below it negative, four betas bound both', () => {
    const beta = ppb(6_250_000n);
    const at = (impactBid: bigint | undefined, impactAsk: bigint | undefined) =>
      premium({ impactBid, impactAsk, oraclePrice: 100_000n, beta });
    assert.equal(at(100_100n, 100_200n), 1_000_000n);
    assert.equal(at(99_800n, 99_900n), -1_000_000n);
    assert.equal(at(99_900n, 100_100n), 0n);
    assert.equal(at(undefined, undefined), 0n);
    assert.equal(at(200_000n, undefined), 25_000_000n);
  });
});

describe('rate', () => {
  const rate = (minutes: readonly bigint[]) => fundingRate(trimmedMean(minutes), 100_000n, ppm(1_000n));
  test('without a premium the rate is interest over eight', () => {
    assert.equal(rate([]), 12_500n);
    assert.equal(rate(new Array<bigint>(60).fill(0n)), 12_500n);
  });
  test('a full hour drops its three highest and three lowest minutes, a shorter one as large a part', () => {
    const spikes = (each: number): bigint[] => [
      ...new Array<bigint>(each).fill(10n ** 9n),
      ...new Array<bigint>(each).fill(-(10n ** 9n)),
    ];
    const steady = (minutes: number): bigint[] => new Array<bigint>(minutes).fill(800_000n);
    assert.equal(trimmedMean([...steady(54), ...spikes(3)]), 800_000n);
    assert.equal(trimmedMean([...steady(36), ...spikes(2)]), 800_000n);
    assert.equal(trimmedMean([5n, -10n]), -3n);
    // Interest pulls it back by at most 500,000.
    assert.equal(rate([...steady(54), ...spikes(3)]), (800_000n - 500_000n) / 8n);
  });
  test('three painted minutes of an hour change nothing, whatever they claim', () => {
    const honest = fc.array(signed(10n ** 6n), { minLength: 57, maxLength: 57 });
    fc.assert(
      fc.property(honest, fc.array(signed(10n ** 12n), { minLength: 3, maxLength: 3 }), (minutes, painted) => {
        const all = trimmedMean([...minutes, ...painted]);
        const sorted = [...minutes].sort((a, b) => Number(a - b));
        assert.ok(all >= sorted[0]! && all <= sorted.at(-1)!);
      }),
    );
  });
  test('INV-F3 the rate stays within the cap of its class', () => {
    fc.assert(
      fc.property(fc.array(signed(10n ** 12n), { maxLength: 60 }), (minutes) => {
        assert.ok(rate(minutes) >= -1_000_000n && rate(minutes) <= 1_000_000n);
      }),
    );
  });
});

describe('settlement', () => {
  test('an hour at 0.01 % costs a long of 1,000 USDC 0.10 and pays the short the same, less one quantum of rounding', () => {
    const index = accrue(0n, 100_000n, 100_000n, 60n);
    const view = market({ fundingIndex: index });
    const of = (quantity: bigint) =>
      settle(view, { marketId: 1, quantity: base(quantity), entryValue: quote(0n), fundingIndex: 0n });
    assert.equal(of(10_000_000n).cash, -100_000n);
    assert.equal(of(-10_000_000n).cash, 99_999n);
    assert.equal(of(10_000_000n).position.fundingIndex, index);
  });
  test('INV-F1, INV-F2 funding between any positions that net to zero never creates cash, and loses less than a unit each', () => {
    fc.assert(
      fc.property(
        fc.array(signed(1n << 40n), { minLength: 1, maxLength: 10 }),
        signed(1n << 80n),
        (sizes, fundingIndex) => {
          const all = [...sizes, -sizes.reduce((a, b) => a + b, 0n)];
          const view = market({ fundingIndex });
          const paid = all.reduce(
            (total, quantity) =>
              total +
              settle(view, { marketId: 1, quantity: base(quantity), entryValue: quote(0n), fundingIndex: 0n }).cash,
            0n,
          );
          assert.ok(paid <= 0n && -paid <= BigInt(all.length));
        },
      ),
    );
  });
  test('three accounts that sum to dust: 0 to 2 units stay behind (section 21.1)', () => {
    for (const [sizes, fundingIndex, dust] of [
      [[1n, 1n, -2n], 10n ** 15n, 0n],
      [[1n, 1n, -2n], 3n * 10n ** 14n, 2n],
      [[1n, 3n, -4n], 3n * 10n ** 14n, 1n],
      [[-1n, -1n, 2n], 3n * 10n ** 14n, 1n],
    ] as const) {
      const view = market({ fundingIndex });
      const paid = sizes.reduce(
        (total, quantity) =>
          total + settle(view, { marketId: 1, quantity: base(quantity), entryValue: quote(0n), fundingIndex: 0n }).cash,
        0n,
      );
      assert.equal(-paid, dust, `${sizes.join(' ')} at ${fundingIndex}`);
    }
  });
  test('INV-F1 a sweep leaves what every position may still be paid, and at most a unit for each more', () => {
    const positions = fc.array(fc.tuple(signed(1n << 40n), signed(1n << 80n)), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(
        positions,
        signed(1n << 80n),
        fc.bigInt({ min: 0n, max: 1n << 40n }),
        (drawn, fundingIndex, extra) => {
          const view = market({ fundingIndex });
          const held = [...drawn, [-drawn.reduce((sum, [size]) => sum + size, 0n), 0n] as const]
            .filter(([size]) => size !== 0n)
            .map(([size, index]) => ({
              marketId: 1,
              quantity: base(size),
              entryValue: quote(0n),
              fundingIndex: index,
            }));
          const owed = held.reduce((sum, position) => sum + settle(view, position).cash, 0n);
          const weight = held.reduce((sum, position) => sum + fundingWeight(position), 0n);
          const clearing = owed + BigInt(held.length) + extra;
          const left = clearing - sweepable(clearing, weight, view.quoteDivisor);
          assert.ok(left >= owed && left <= owed + BigInt(held.length));
        },
      ),
    );
  });
});
