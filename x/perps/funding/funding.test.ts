import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { market, signed } from '../testing/values.js';
import { base, ppb, ppm, quote } from '../types.js';
import { accrue, fundingRate, premium, settle } from './index.js';

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
  test('without a premium the rate is interest over eight', () => {
    assert.equal(fundingRate([], 100_000n, ppm(1_000n)), 12_500n);
    assert.equal(fundingRate(new Array<bigint>(60).fill(0n), 100_000n, ppm(1_000n)), 12_500n);
  });
  test('a full hour drops its three highest and three lowest minutes', () => {
    const minutes = [
      ...new Array<bigint>(54).fill(800_000n),
      10n ** 9n,
      10n ** 9n,
      10n ** 9n,
      -(10n ** 9n),
      -(10n ** 9n),
      -(10n ** 9n),
    ];
    // Mean 800,000; interest pulls it back by at most 500,000.
    assert.equal(fundingRate(minutes, 100_000n, ppm(1_000n)), (800_000n - 500_000n) / 8n);
  });
  test('INV-F3 the rate stays within the cap of its class', () => {
    fc.assert(
      fc.property(fc.array(signed(10n ** 12n), { maxLength: 60 }), (minutes) => {
        const rate = fundingRate(minutes, 100_000n, ppm(1_000n));
        assert.ok(rate >= -1_000_000n && rate <= 1_000_000n);
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
});
