import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { equity } from '../margin/equity.js';
import { maintenanceMargin } from '../margin/maintenance.js';
import { applyFill } from '../matching/fill.js';
import { accountWith, market, marketsOf, riskParams, signed } from '../testing/values.js';
import { ppm, price, quote, type AccountView, type MarketView } from '../types.js';
import { notional } from '../units/index.js';
import { bankruptcyPrice, limitDistance, limitPrice } from './limits.js';
import { splitPenalty } from './penalty.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);

/** Equity after the whole position closes at a price. */
function equityAfterClosing(account: AccountView, view: MarketView, at: bigint): bigint {
  const [held] = account.positions;
  const quantity = held!.quantity;
  const fill = applyFill(view, held, quantity > 0n ? 'sell' : 'buy', quantity > 0n ? quantity : -quantity, at);
  return account.cash + fill.cash;
}

const drawn = fc
  .record({
    quantity: signed(1n << 40n),
    mark: fc.bigInt({ min: 2n, max: 1n << 40n }),
    divisor: fc.constantFrom(1n, 7n, 1_000n, 1_000_003n),
    permille: fc.bigInt({ min: 0n, max: 999n }),
    tickSize: fc.constantFrom(1n, 5n),
  })
  .filter(
    ({ quantity, mark, divisor }) =>
      quantity !== 0n && (quantity < 0n ? -quantity : quantity) * mark > divisor * 1_000n,
  )
  .map(({ quantity, mark, divisor, permille, tickSize }) => {
    const view = market({ markPrice: price(mark * tickSize), quoteDivisor: divisor, tickSize });
    const empty = accountWith(0n, [[view, quantity]]);
    const mm = maintenanceMargin(empty, marketsOf(view));
    const wanted = (mm * permille) / 1_000n;
    const account = { ...empty, cash: quote(empty.cash - equity(empty, marketsOf(view)) + wanted) };
    return {
      view,
      account,
      quantity: account.positions[0]!.quantity,
      equity: wanted,
      h: ppm((wanted * 1_000_000n) / mm),
    };
  });

describe('where a close may trade (section 10.3)', () => {
  test('closing at the bankruptcy price needs no insurance, one unit beyond the next would', () => {
    fc.assert(
      fc.property(drawn, ({ view, account, quantity, equity: e }) => {
        const at = bankruptcyPrice(view, quantity, quote(e));
        assert.ok(equityAfterClosing(account, view, at) >= 0n);
        const worse = quantity > 0n ? at - 2n : at + 2n;
        // Two units: one that rounding towards mark kept back, one that costs at least a part of a quantum.
        if (worse > 0n) assert.ok(equityAfterClosing(account, view, worse) <= 0n);
      }),
      { numRuns },
    );
  });
  test('INV-L3 without insurance a fill at the limit never costs more than the own equity', () => {
    fc.assert(
      fc.property(drawn, ({ view, account, quantity, equity: e, h }) => {
        const distance = limitDistance(h, view, quote(e), notional(view, quantity), false, riskParams);
        const at = limitPrice(view, quantity, distance);
        assert.equal(at % view.tickSize, 0n);
        assert.ok(equityAfterClosing(account, view, at) >= 0n, `limit ${at} at mark ${view.markPrice}`);
      }),
      { numRuns },
    );
  });
  test('INV-L3 insurance adds at most half of m, and only below 67 %', () => {
    fc.assert(
      fc.property(drawn, ({ view, quantity, equity: e, h }) => {
        const at = (pays: boolean): bigint =>
          limitDistance(h, view, quote(e), notional(view, quantity), pays, riskParams);
        assert.ok(at(true) >= at(false) && at(true) - at(false) <= 12_500n);
        if (h >= 670_000n) assert.equal(at(true), at(false));
        assert.ok(at(true) <= 37_500n, 'never beyond one and a half m');
      }),
      { numRuns },
    );
  });
  test('an account that owes may only close better than mark', () => {
    const view = market();
    const distance = limitDistance(ppm(0n), view, quote(-1_000n), quote(100_000n), false, riskParams);
    assert.equal(distance, -10_000n);
    assert.equal(limitPrice(view, accountWith(0n, [[view, 1_000n]]).positions[0]!.quantity, distance), 101_000n);
    assert.equal(limitPrice(view, accountWith(0n, [[view, -1_000n]]).positions[0]!.quantity, distance), 99_000n);
  });
  test('prices stay positive, however much equity a position has', () => {
    const view = market({ tickSize: 10n });
    const { quantity } = accountWith(0n, [[view, 1n]]).positions[0]!;
    assert.equal(bankruptcyPrice(view, quantity, quote(1_000_000n)), 1n);
    assert.equal(limitPrice(view, quantity, ppm(2_000_000n)), 10n);
  });
});

describe('penalty', () => {
  test('is split to the unit, the part of the tranche rounded down', () => {
    const split = (penalty: bigint, tranche: bigint, vault: bigint): bigint[] => {
      const { toInsurance, toBackstop, toFees } = splitPenalty(quote(penalty), ppm(tranche), ppm(vault));
      return [toInsurance, toBackstop, toFees];
    };
    assert.deepEqual(split(101n, 600_000n, 200_000n), [60n, 20n, 21n]);
    assert.deepEqual(split(0n, 600_000n, 200_000n), [0n, 0n, 0n]);
    assert.deepEqual(split(7n, 1_000_000n, 0n), [7n, 0n, 0n]);
    assert.deepEqual(split(9n, 600_000n, 200_000n), [5n, 1n, 3n]);
  });
});
