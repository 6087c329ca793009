import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { applyFill } from '../matching/fill.js';
import { accountWith, market, marketsOf, signed } from '../testing/values.js';
import { base, price, quote, type AccountView, type OrderView } from '../types.js';
import { accept, isRiskReducing } from './acceptance.js';
import { concentration, depthLimitExceeded } from './concentration.js';
import { equity, openProfit, unsettledFunding, usableEquity } from './equity.js';
import { fillCost, initialMargin, openInterestScaledRate } from './initial.js';
import { maintenanceMarginOf } from './maintenance.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 500);

describe('concentration', () => {
  const view = market({ depthUnit: quote(1_000_000n) });
  test('brackets of section 4.2: edges and their neighbours', () => {
    const table: readonly (readonly [notional: bigint, expected: bigint])[] = [
      [0n, 0n],
      [500_000n, 0n],
      [500_001n, 1n],
      [2_000_000n, 15_000n],
      [2_000_001n, 15_001n],
      [8_000_000n, 15_000n + 180_000n],
      [16_000_000n, 15_000n + 180_000n + 640_000n],
    ];
    for (const [notional, expected] of table)
      assert.equal(concentration(view, quote(notional)), expected, `N = ${notional}`);
  });
  test('16 D is the limit', () => {
    assert.equal(depthLimitExceeded(view, quote(16_000_000n)), false);
    assert.equal(depthLimitExceeded(view, quote(16_000_001n)), true);
  });
  test('INV-M4 continuous, convex and non-decreasing', () => {
    const size = fc.bigInt({ min: 0n, max: 40_000_000n });
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const at = (n: bigint): bigint => concentration(view, quote(n));
        assert.ok(at(low) <= at(high));
        assert.ok(at(high) - at(low) <= (high - low) / 10n + 1n, 'no jump: marginal rates stay below 10 %');
        assert.ok(2n * at((low + high) / 2n) <= at(low) + at(high) + 2n, 'convex up to rounding');
      }),
      { numRuns },
    );
  });
});

describe('margin of one market', () => {
  test('a long of 1,000 USDC at 2.5 % needs 25 to maintain and 50 to open', () => {
    const view = market();
    const account = accountWith(100_000_000n, [[view, 10_000_000n]]);
    assert.equal(maintenanceMarginOf(view, base(10_000_000n)), 25_000_000n);
    assert.equal(initialMargin(account, [], marketsOf(view)), 50_000_000n);
  });
  test('open-interest scaling starts at half the cap and reaches 100 % at the cap', () => {
    const at = (openInterest: bigint) =>
      openInterestScaledRate(market({ openInterest: quote(openInterest), openInterestCap: quote(1_000n) }));
    assert.equal(at(500n), 50_000_000n);
    assert.equal(at(750n), 525_000_000n);
    assert.equal(at(1_000n), 1_000_000_000n);
    assert.equal(at(5_000n), 1_000_000_000n);
  });
  test('INV-M5 initial margin is at least twice maintenance', () => {
    fc.assert(
      fc.property(signed(1n << 50n), (quantity) => {
        fc.pre(quantity !== 0n);
        const view = market();
        const account = accountWith(0n, [[view, quantity]]);
        assert.ok(initialMargin(account, [], marketsOf(view)) >= 2n * maintenanceMarginOf(view, base(quantity)) - 2n);
      }),
      { numRuns },
    );
  });
  test('INV-M6 splitting a position never lowers margin below the linear part', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 1n << 40n }), fc.bigInt({ min: 1n, max: 1n << 40n }), (a, b) => {
        const view = market({ depthUnit: quote(1n << 62n) });
        const of = (q: bigint): bigint => maintenanceMarginOf(view, base(q));
        assert.ok(of(a) + of(b) >= of(a + b));
      }),
      { numRuns },
    );
  });
});

describe('equity', () => {
  test('value, cash and unsettled funding, all rounded down', () => {
    const view = market({ fundingIndex: 3_000_000_000_000n });
    const account: AccountView = {
      key: 'a',
      cash: quote(7n),
      positions: [{ marketId: 1, quantity: base(-1_001n), entryValue: quote(-100_000n), fundingIndex: 0n }],
    };
    assert.equal(unsettledFunding(view, account.positions[0]!), 3n);
    assert.equal(equity(account, marketsOf(view)), 7n - 100_100n + 3n);
    assert.equal(openProfit(view, account.positions[0]!), -100n);
  });
  test('open profit counts half in class C, not at all in class D, losses always', () => {
    for (const [name, gain, loss] of [
      ['A', 50n, -50n],
      ['C', 25n, -50n],
      ['D', 0n, -50n],
    ] as const) {
      const opened = market({ class: name });
      const account = accountWith(1_000n, [[opened, 10n]]);
      const usable = (mark: bigint): bigint =>
        usableEquity(account, marketsOf(market({ class: name, markPrice: price(mark) }))) - 1_000n;
      assert.equal(usable(105_000n), gain, `class ${name}, price up`);
      assert.equal(usable(95_000n), loss, `class ${name}, price down`);
    }
  });
});

describe('orders', () => {
  const orderArb = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    offset: fc.integer({ min: -20_000, max: 20_000 }),
    remaining: fc.bigInt({ min: 1n, max: 5_000_000n }),
    reduceOnly: fc.boolean(),
    filled: fc.integer({ min: 0, max: 4 }),
    better: fc.integer({ min: 0, max: 5_000 }),
  });

  test('no subset of the orders, filled at their limits or better, leaves an account under the margin of the rest', () => {
    fc.assert(
      fc.property(signed(5_000_000n), fc.array(orderArb, { maxLength: 6 }), (held, drawn) => {
        const view = market();
        const markets = marketsOf(view);
        const orders = drawn.map(({ side, offset, remaining, reduceOnly }): OrderView => ({
          marketId: 1,
          side,
          price: price(view.markPrice + BigInt(offset)),
          remaining: base(remaining),
          reduceOnly,
        }));
        const empty = accountWith(0n, [[view, held]]);
        // Exactly enough to carry everything.
        const need = initialMargin(empty, orders, markets);
        let account = { ...empty, cash: quote(empty.cash + need - equity(empty, markets)) };
        assert.equal(equity(account, markets), need);
        const rest: OrderView[] = [];
        for (const [index, order] of orders.entries()) {
          const { filled, better } = drawn[index]!;
          const position = account.positions[0];
          let quantity = (order.remaining * BigInt(filled)) / 4n;
          if (order.reduceOnly) {
            const now = position?.quantity ?? 0n;
            const reducible = order.side === 'buy' ? (now < 0n ? -now : 0n) : now > 0n ? now : 0n;
            if (quantity > reducible) quantity = reducible;
          }
          if (quantity > 0n) {
            const at = order.side === 'buy' ? order.price - BigInt(better) : order.price + BigInt(better);
            const fill = applyFill(view, position, order.side, quantity, at > 0n ? at : 1n);
            const paid = fill.cash < 0n ? -fill.cash : fill.cash;
            const fee = (paid * view.takerFee + 999_999n) / 1_000_000n;
            account = {
              ...account,
              cash: quote(account.cash + fill.cash - fee),
              positions: fill.position === undefined ? [] : [fill.position],
            };
          }
          if (order.remaining > quantity) rest.push({ ...order, remaining: base(order.remaining - quantity) });
        }
        const left = equity(account, markets);
        const needed = initialMargin(account, rest, markets);
        assert.ok(left >= needed, `equity ${left} under margin ${needed}`);
      }),
      { numRuns },
    );
  });
  test('an order far from mark on the losing side reserves its whole loss', () => {
    const view = market();
    const order: OrderView = {
      marketId: 1,
      side: 'buy',
      price: price(110_000n),
      remaining: base(1_000n),
      reduceOnly: false,
    };
    // 1,000 * 10,000 / 1,000 = 10,000 of loss, 0.04 % of 110,000 as fee, two for rounding.
    assert.equal(fillCost(view, order), 10_000n + 44n + 2n);
  });
});

describe('acceptance (section 4.5)', () => {
  const standing = (e: bigint, mm: bigint) => ({ equity: quote(e), maintenanceMargin: quote(mm) });
  const after = (e: bigint, mm: bigint, im: bigint) => ({
    ...standing(e, mm),
    usableEquity: quote(e),
    initialMargin: quote(im),
  });
  test('enough equity, or no worse health', () => {
    assert.equal(accept(standing(0n, 0n), after(100n, 50n, 100n)), 'initial-margin');
    assert.equal(accept(standing(10n, 50n), after(9n, 40n, 80n)), 'risk-reducing');
    assert.equal(accept(standing(10n, 50n), after(7n, 40n, 80n)), 'rejected');
    assert.equal(accept(standing(10n, 50n), after(10n, 51n, 102n)), 'rejected');
  });
  test('closing everything may not leave a new debt', () => {
    assert.equal(isRiskReducing(standing(5n, 10n), standing(0n, 0n)), true);
    assert.equal(isRiskReducing(standing(5n, 10n), standing(-1n, 0n)), false);
    assert.equal(isRiskReducing(standing(-5n, 10n), standing(-5n, 0n)), true);
  });
});
