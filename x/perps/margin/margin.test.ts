import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { applyFill } from '../matching/fill.js';
import { accountWith, market, marketsOf, signed } from '../testing/values.js';
import { base, ppb, ppm, price, quote, type AccountView, type MarketView, type OrderView } from '../types.js';
import { accept, clampedHealth, health, isRiskReducing } from './acceptance.js';
import { concentration, depthLimitExceeded } from './concentration.js';
import { equity, openProfit, unsettledFunding, usableEquity } from './equity.js';
import { fillCost, initialMargin, openInterestScaledRate, orderMargin } from './initial.js';
import { maintenanceMargin, maintenanceMarginOf } from './maintenance.js';

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
      collateral: [],
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

describe('conservative price (section 7.3)', () => {
  // Opened at 100,000: 1,000,000 base quanta are worth 100 USDC, each 1 % of price 1 USDC.
  const usable = (name: 'A' | 'C' | 'D', quantity: bigint, mark: bigint, average: bigint): bigint => {
    const account = accountWith(0n, [[market({ class: name }), quantity]]);
    const [low, high] = mark < average ? [mark, average] : [average, mark];
    const now = market({ class: name, markPrice: price(mark), lowPrice: price(low), highPrice: price(high) });
    return usableEquity(account, marketsOf(now));
  };
  const usdc = 1_000_000n;
  const table: readonly (readonly [what: string, actual: bigint, expected: bigint])[] = [
    ['a long at the mark that fell under its average', usable('A', usdc, 90_000n, 98_000n), -10n * usdc],
    ['a long at the average while the mark is above', usable('A', usdc, 110_000n, 102_000n), 2n * usdc],
    ['a short at the mark that rose above its average', usable('A', -usdc, 110_000n, 102_000n), -10n * usdc],
    ['a short at the average while the mark is below', usable('A', -usdc, 90_000n, 98_000n), 2n * usdc],
    ['half of that in class C', usable('C', usdc, 110_000n, 102_000n), 1n * usdc],
    ['never better than entry in class D', usable('D', usdc, 110_000n, 102_000n), 0n],
    ['losses count whole in class D', usable('D', usdc, 90_000n, 102_000n), -10n * usdc],
  ];
  for (const [what, actual, expected] of table) test(what, () => assert.equal(actual, expected));
});

describe('against exact fractions', () => {
  const held = fc.record({
    quantity: signed(1n << 50n).filter((quantity) => quantity !== 0n),
    mark: fc.bigInt({ min: 1_024n, max: 1n << 40n }),
    divisor: fc.constantFrom(1n, 7n, 1_000n, 1_000_003n),
    index: signed(1n << 80n),
    rate: fc.bigInt({ min: 5_000_000n, max: 500_000_000n }),
    depth: fc.bigInt({ min: 1n, max: 1n << 60n }),
  });
  const build = (
    drawn: readonly { quantity: bigint; mark: bigint; divisor: bigint; index: bigint; rate: bigint; depth: bigint }[],
  ) => {
    const views = drawn.map(({ mark, divisor, index, rate, depth }, i) =>
      market({
        id: i,
        markPrice: price(mark),
        quoteDivisor: divisor,
        fundingIndex: index,
        maintenanceRate: ppb(rate),
        depthUnit: quote(depth),
      }),
    );
    const account: AccountView = {
      key: 'a',
      cash: quote(0n),
      positions: drawn.map(({ quantity }, i) => ({
        marketId: i,
        quantity: base(quantity),
        entryValue: quote(0n),
        fundingIndex: 0n,
      })),
      collateral: [],
    };
    return { account, markets: marketsOf(...views) };
  };
  /** Common denominator of everything below. */
  const unit = 7n * 1_000n * 1_000_003n * 10n ** 12n;

  test('equity is understated by less than two quanta a position, never overstated', () => {
    fc.assert(
      fc.property(fc.array(held, { maxLength: 5 }), (drawn) => {
        const { account, markets } = build(drawn);
        let exact = 0n;
        for (const { quantity, mark, divisor, index } of drawn)
          exact += (quantity * mark * unit) / divisor - (quantity * index * (unit / 10n ** 12n)) / divisor;
        const short = exact - equity(account, markets) * unit;
        assert.ok(short >= 0n && short < BigInt(2 * drawn.length) * unit + 1n);
      }),
      { numRuns },
    );
  });
  test('maintenance margin is overstated by less than four quanta a position, never understated', () => {
    fc.assert(
      fc.property(fc.array(held, { maxLength: 5 }), (drawn) => {
        const { account, markets } = build(drawn);
        let exact = 0n;
        for (const { quantity, mark, divisor, rate, depth } of drawn) {
          // Twice the size in units of 1 / unit, so that half of D is whole.
          const size = ((quantity < 0n ? -quantity : quantity) * mark * 2n * unit) / divisor;
          const part = (from: bigint, to: bigint | undefined): bigint => {
            const end = to === undefined || size < to * depth * unit ? size : to * depth * unit;
            return end > from * depth * unit ? end - from * depth * unit : 0n;
          };
          exact += (size * rate) / 1_000n;
          exact += 10_000n * part(1n, 4n) + 30_000n * part(4n, 16n) + 80_000n * part(16n, undefined);
        }
        const over = maintenanceMargin(account, markets) * 2_000_000n * unit - exact;
        // One for each rounding: notional, at up to 58 % margin, its product, and the add-on.
        assert.ok(over >= 0n && over < BigInt(4 * drawn.length) * 2_000_000n * unit + 1n, `${over}`);
      }),
      { numRuns },
    );
  });
  test('usable equity leaves out half the open profit of class C and all of class D, rounded against the account', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('A' as const, 'B' as const, 'C' as const, 'D' as const),
        signed(1n << 40n).filter((quantity) => quantity !== 0n),
        fc.bigInt({ min: 50_000n, max: 150_000n }),
        (name, quantity, mark) => {
          const opened = market({ class: name });
          const markets = marketsOf(market({ class: name, markPrice: price(mark) }));
          const account = accountWith(1_000n, [[opened, quantity]]);
          const profit = openProfit(markets(1), account.positions[0]!);
          const left = equity(account, markets) - usableEquity(account, markets);
          const share = { A: 0n, B: 0n, C: 1n, D: 2n }[name];
          assert.equal(left, profit > 0n ? (profit * share + 1n) / 2n : 0n);
        },
      ),
      { numRuns },
    );
  });
});

describe('orders', () => {
  const orderArb = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    offset: fc.integer({ min: -20_000, max: 20_000 }),
    remaining: fc.bigInt({ min: 1n, max: 5_000_000n }),
    reduceOnly: fc.boolean(),
    filled: fc.integer({ min: 0, max: 4 }),
    better: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5_000 })),
  });
  /** Units in which nearly every product leaves a remainder. */
  const awkward = fc.record({
    divisor: fc.constantFrom(1n, 7n, 997n, 1_000n, 1_000_003n),
    mark: fc.bigInt({ min: 21_000n, max: 120_000n }),
  });
  /** What one part of an order, filled on its own, may cost in rounding beyond the order's reserve. */
  const roundingOfOnePart = 5n;

  /** Fills each order as drawn, the account starting with exactly its initial margin. Returns what it has more than it needs, and how many orders filled in part. */
  function spareAfterFills(
    view: MarketView,
    held: bigint,
    drawn: readonly {
      side: 'buy' | 'sell';
      offset: number;
      remaining: bigint;
      reduceOnly: boolean;
      filled: number;
      better: number;
    }[],
  ): { readonly spare: bigint; readonly parts: bigint } {
    const markets = marketsOf(view);
    const orders = drawn.map(({ side, offset, remaining, reduceOnly }): OrderView => ({
      marketId: 1,
      side,
      price: price(view.markPrice + BigInt(offset)),
      remaining: base(remaining),
      reduceOnly,
    }));
    const empty = accountWith(0n, [[view, held]]);
    const need = initialMargin(empty, orders, markets);
    let account: AccountView = { ...empty, cash: quote(empty.cash + need - equity(empty, markets)) };
    assert.equal(equity(account, markets), need);
    const rest: OrderView[] = [];
    let parts = 0n;
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
      if (order.remaining > quantity) {
        rest.push({ ...order, remaining: base(order.remaining - quantity) });
        if (quantity > 0n) parts++;
      }
    }
    return { spare: equity(account, markets) - initialMargin(account, rest, markets), parts };
  }

  test('no subset of the orders, filled at their limits or better, leaves an account under the margin of the rest', () => {
    fc.assert(
      fc.property(
        awkward,
        signed(5_000_000n),
        fc.array(orderArb, { maxLength: 6 }),
        ({ divisor, mark }, held, drawn) => {
          const view = market({ quoteDivisor: divisor, markPrice: price(mark) });
          const whole = drawn.map((each) => ({ ...each, filled: each.filled < 2 ? 0 : 4 }));
          // A reduce-only order larger than the position still fills in part.
          const { spare, parts } = spareAfterFills(view, held, whole);
          assert.ok(spare >= -roundingOfOnePart * parts, `spare ${spare} after ${parts} part fills`);
        },
      ),
      { numRuns },
    );
  });
  test('an order filled in part costs at most five quanta of rounding more than was reserved', () => {
    fc.assert(
      fc.property(
        awkward,
        signed(5_000_000n),
        fc.array(orderArb, { maxLength: 6 }),
        ({ divisor, mark }, held, drawn) => {
          const view = market({ quoteDivisor: divisor, markPrice: price(mark) });
          const { spare, parts } = spareAfterFills(view, held, drawn);
          assert.ok(spare >= -roundingOfOnePart * parts, `spare ${spare} after ${parts} part fills`);
        },
      ),
      { numRuns },
    );
  });
  test('an order more, or a larger one, never needs less margin', () => {
    fc.assert(
      fc.property(
        signed(5_000_000n),
        fc.array(orderArb, { minLength: 1, maxLength: 6 }),
        fc.bigInt({ min: 0n, max: 5_000_000n }),
        (held, drawn, more) => {
          const view = market();
          const markets = marketsOf(view);
          const account = accountWith(0n, [[view, held]]);
          const orders = drawn.map(({ side, offset, remaining, reduceOnly }): OrderView => ({
            marketId: 1,
            side,
            price: price(view.markPrice + BigInt(offset)),
            remaining: base(remaining),
            reduceOnly,
          }));
          const [first, ...others] = orders;
          const all = initialMargin(account, orders, markets);
          assert.ok(initialMargin(account, others, markets) <= all);
          const larger = { ...first!, remaining: base(first!.remaining + more) };
          assert.ok(initialMargin(account, [larger, ...others], markets) >= all);
          assert.equal(initialMargin(account, [...others, first!], markets), all, 'the sequence does not matter');
        },
      ),
      { numRuns },
    );
  });
  test('both sides of a market are margined once, at the larger exposure; reduce-only orders open nothing', () => {
    const view = market({ takerFee: ppm(0n), makerFee: ppm(0n) });
    const at = (held: bigint, ...orders: readonly (readonly ['buy' | 'sell', bigint, boolean])[]): bigint => {
      const views = orders.map(([side, remaining, reduceOnly]): OrderView => ({
        marketId: 1,
        side,
        price: view.markPrice,
        remaining: base(remaining),
        reduceOnly,
      }));
      // Two quanta of rounding are reserved for each order: leave them out.
      return initialMargin(accountWith(0n, [[view, held]]), views, marketsOf(view)) - 2n * BigInt(views.length);
    };
    // 1,000 quanta are worth 100,000 and need 5 %.
    assert.equal(at(0n, ['buy', 1_000n, false], ['sell', 3_000n, false]), 15_000n);
    assert.equal(at(1_000n, ['buy', 1_000n, false], ['sell', 3_000n, false]), 10_000n);
    assert.equal(at(-1_000n, ['buy', 1_000n, false], ['sell', 3_000n, false]), 20_000n);
    assert.equal(at(1_000n, ['sell', 9_000n, true]), 5_000n);
    assert.equal(at(0n, ['buy', 9_000n, true]), 0n);
    // Closed first by the reduce-only order, then opened by the other.
    assert.equal(at(1_000n, ['sell', 1_000n, true], ['sell', 3_000n, false]), 15_000n);
    assert.equal(at(-1_000n, ['buy', 1_000n, true], ['buy', 3_000n, false]), 15_000n);
  });
  test('margins of markets add up: no offset between them', () => {
    const [one, two] = [market(), market({ id: 2, class: 'B', openingRate: ppb(50_000_000n) })];
    const markets = marketsOf(one, two);
    const account = accountWith(0n, [
      [one, 1_000n],
      [two, -1_000n],
    ]);
    assert.equal(initialMargin(account, [], markets), 5_000n + 10_000n);
    assert.equal(maintenanceMargin(account, markets), 2_500n + 2_500n);
    const order: OrderView = {
      marketId: 2,
      side: 'sell',
      price: two.markPrice,
      remaining: base(1_000n),
      reduceOnly: false,
    };
    assert.equal(orderMargin(account, [order], markets), 10_000n + fillCost(two, order));
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
  test('a change that is allowed as risk-reducing never lowers health, whatever the standing', () => {
    fc.assert(
      fc.property(
        signed(1_000n),
        fc.bigInt({ min: 0n, max: 100n }),
        signed(1_000n),
        fc.bigInt({ min: 0n, max: 100n }),
        (e0, mm0, e1, mm1) => {
          const allowed = isRiskReducing(standing(e0, mm0), standing(e1, mm1));
          if (!allowed) return;
          assert.ok(mm1 <= mm0);
          const [before, now] = [health(standing(e0, mm0)), health(standing(e1, mm1))];
          if (before !== undefined && now !== undefined) assert.ok(now >= before);
          if (mm1 === 0n) assert.ok(e1 >= 0n || e1 >= e0);
        },
      ),
      { numRuns: 2_000 },
    );
  });
  test('health rounds down, is undefined without margin, and is clamped for liquidation', () => {
    assert.equal(health(standing(1n, 3n)), 333_333n);
    assert.equal(health(standing(-1n, 3n)), -333_334n);
    assert.equal(health(standing(9n, 3n)), 3_000_000n);
    assert.equal(health(standing(9n, 0n)), undefined);
    assert.deepEqual([standing(9n, 3n), standing(-9n, 3n), standing(1n, 4n), standing(0n, 0n)].map(clampedHealth), [
      1_000_000n,
      0n,
      250_000n,
      1_000_000n,
    ]);
  });
  test('closing everything may not leave a new debt', () => {
    assert.equal(isRiskReducing(standing(5n, 10n), standing(0n, 0n)), true);
    assert.equal(isRiskReducing(standing(5n, 10n), standing(-1n, 0n)), false);
    assert.equal(isRiskReducing(standing(-5n, 10n), standing(-5n, 0n)), true);
  });
});
