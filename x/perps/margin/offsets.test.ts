import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { applyFill } from '../matching/fill.js';
import { accountWith, market, marketsOf, signed } from '../testing/values.js';
import {
  base,
  ppb,
  ppm,
  price,
  quote,
  type AccountView,
  type MarketView,
  type OrderView,
  type PositionView,
} from '../types.js';
import { equity } from './equity.js';
import { initialMargin, initialRate, OrderExposures } from './initial.js';
import { loadingOf } from './loading.js';
import { coversMaintenance, maintenanceMargin, maintenanceMarginOf } from './maintenance.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const size = (x: bigint): bigint => (x < 0n ? -x : x);
const deep = quote(1n << 80n);

/** Two markets of one cluster that one factor explains by 0.95, worth 100 a quantum, without fees. */
const pair = (changes: Partial<MarketView> = {}): readonly [MarketView, MarketView] => {
  const of = (id: number): MarketView =>
    market({
      id,
      loading: loadingOf(1, [ppm(950_000n)]),
      depthUnit: deep,
      takerFee: ppm(0n),
      makerFee: ppm(0n),
      ...changes,
    });
  return [of(1), of(2)];
};

describe('positions that hedge each other', () => {
  const [one, two] = pair();
  const markets = marketsOf(one, two);
  const held = (a: bigint, b: bigint, changes: Partial<AccountView> = {}): AccountView => ({
    ...accountWith(0n, [
      [one, a],
      [two, b],
    ]),
    ...changes,
  });

  test('a balanced pair needs 62.4498 % of one leg, on both sides of acceptance', () => {
    // 100,000 quanta are worth 10,000,000 and need 250,000 to maintain, 500,000 to open.
    assert.equal(maintenanceMargin(held(100_000n, 0n), markets), 250_000n);
    assert.equal(maintenanceMargin(held(100_000n, -100_000n), markets), 156_125n);
    assert.equal(initialMargin(held(100_000n, -100_000n), [], markets), 312_249n);
    assert.equal(maintenanceMargin(held(100_000n, 100_000n), markets), 500_000n);
  });
  test('cross and isolated margin grant no offset', () => {
    for (const mode of ['cross', 'isolated'] as const) {
      const account = held(100_000n, -100_000n, { settings: { mode, leverages: [] } });
      assert.equal(maintenanceMargin(account, markets), 500_000n);
      assert.equal(initialMargin(account, [], markets), 1_000_000n);
    }
  });
  test('class C counts in full whatever its loading says', () => {
    const long = market({ ...one, class: 'C' });
    assert.equal(maintenanceMargin(held(100_000n, -100_000n), marketsOf(long, two)), 500_000n);
  });
  test('concentration is not offset', () => {
    const thin = pair({ depthUnit: quote(10_000_000n) });
    const plain = maintenanceMargin(held(100_000n, -100_000n), markets);
    const both = maintenanceMargin(held(100_000n, -100_000n), marketsOf(...thin));
    // Each leg is worth 10,000,000: half of it above half of D, at 1 %.
    assert.equal(both - plain, 2n * 50_000n);
  });
  test('an order far smaller than the hedge costs about its own margin, on either side', () => {
    const account = held(100_000n, -100_000n);
    const at = (side: 'buy' | 'sell', remaining: bigint, reduceOnly = false): bigint =>
      initialMargin(
        account,
        [{ marketId: 2, side, price: two.markPrice, remaining: base(remaining), reduceOnly }],
        markets,
      ) -
      initialMargin(account, [], markets) -
      2n;
    // 1,000 quanta alone need 5,000; their side moves the hedge a little.
    assert.equal(at('sell', 1_000n), 3_290n);
    assert.equal(at('buy', 1_000n), 1_729n);
    assert.equal(at('buy', 1_000n, true), 1_729n);
    // All of the hedge may go: at least the 500,000 of the leg that would be left.
    assert.equal(at('buy', 100_000n, true), 271_293n);
    assert.ok(initialMargin(account, [], markets) + at('buy', 100_000n, true) >= 500_000n);
  });
  test('open-interest scaling and chosen leverage are not offset', () => {
    const full = pair({ openInterest: quote(75n), openInterestCap: quote(100n) });
    // Half way from L to U: 5 % become 52.5 %.
    const extra = 2n * 4_750_000n;
    assert.equal(initialMargin(held(100_000n, -100_000n), [], marketsOf(...full)), 312_249n + extra);
    const settings = { mode: 'portfolio', leverages: [{ marketId: 2, leverage: 4n }] } as const;
    assert.equal(initialMargin(held(100_000n, -100_000n, { settings }), [], markets), 312_249n + 2_000_000n);
    assert.equal(initialRate(two, settings), 250_000_000n);
    assert.equal(initialRate(one, settings), 50_000_000n);
    assert.equal(initialRate(two, { mode: 'cross', leverages: [{ marketId: 2, leverage: 100n }] }), 50_000_000n);
    assert.equal(maintenanceMargin(held(100_000n, -100_000n, { settings }), markets), 156_125n);
  });
  test('stress vectors: a crash of both by 30 % costs a long 30 %, and a pair what its legs differ', () => {
    const stressed = pair({ shocks: [ppm(-300_000n), ppm(100_000n)] });
    const of = (a: bigint, b: bigint): bigint => maintenanceMargin(held(a, b), marketsOf(...stressed));
    assert.equal(of(100_000n, 0n), 3_000_000n);
    assert.equal(of(-100_000n, 0n), 1_000_000n);
    assert.equal(of(100_000n, -100_000n), 156_125n);
    assert.equal(of(100_000n, -90_000n), 300_000n);
    assert.equal(initialMargin(held(100_000n, -90_000n), [], marketsOf(...stressed)), 600_000n);
    const cross = held(100_000n, -90_000n, { settings: { mode: 'cross', leverages: [] } });
    assert.equal(maintenanceMargin(cross, marketsOf(...stressed)), 475_000n);
  });
});

/** Four markets with rates and loadings of their own: two clusters, one pair that hedges well, one that hedges badly, and class C. */
const rates = fc.record({
  maintenance: fc.bigInt({ min: 5_000_000n, max: 200_000_000n }),
  above: fc.bigInt({ min: 0n, max: 100_000_000n }),
  openInterest: fc.bigInt({ min: 0n, max: 120n }),
  rho: fc.tuple(fc.integer({ min: -13, max: 13 }), fc.integer({ min: -13, max: 13 })),
  cluster: fc.integer({ min: 0, max: 1 }),
  divisor: fc.constantFrom(1n, 7n, 997n, 1_000n),
  shock: fc.option(fc.integer({ min: -500_000, max: 500_000 }), { freq: 6, nil: undefined }),
  name: fc.constantFrom('A' as const, 'B' as const, 'A' as const, 'C' as const),
  depth: fc.constantFrom(1n << 24n, 1n << 80n),
});
const universe = fc.array(rates, { minLength: 4, maxLength: 4 }).map((drawn) =>
  drawn.map(({ maintenance, above, openInterest, rho, cluster, divisor, shock, name, depth }, i) =>
    market({
      id: i + 1,
      class: name,
      maintenanceRate: ppb(maintenance),
      openingRate: ppb(maintenance + above),
      openInterest: quote(openInterest),
      openInterestCap: quote(100n),
      quoteDivisor: divisor,
      depthUnit: quote(depth),
      shocks: shock === undefined ? [] : [ppm(BigInt(shock))],
      loading: loadingOf(
        cluster,
        rho.map((each) => ppm(BigInt(each) * 50_000n)),
      ),
    }),
  ),
);
const quantities = fc.array(fc.oneof(fc.constant(0n), signed(3_000_000n)), { minLength: 4, maxLength: 4 });
const leverages = fc
  .array(fc.option(fc.bigInt({ min: 1n, max: 60n }), { freq: 5, nil: undefined }), { minLength: 4, maxLength: 4 })
  .map((drawn) => drawn.flatMap((leverage, i) => (leverage === undefined ? [] : [{ marketId: i + 1, leverage }])));
const hold = (views: readonly MarketView[], held: readonly bigint[], cash = 0n): AccountView =>
  accountWith(
    cash,
    views.map((view, i) => [view, held[i]!] as const),
  );

describe('for any account', () => {
  test('INV-P1 an account with one position, and INV-P2 two accounts against one with both', () => {
    fc.assert(
      fc.property(universe, quantities, quantities, (views, a, b) => {
        const markets = marketsOf(...views.map((view) => ({ ...view, depthUnit: deep })));
        const sum = a.map((each, i) => each + b[i]!);
        const of = (held: readonly bigint[]): bigint => maintenanceMargin(hold(views, held), markets);
        // Notional and margin of each position round up: two quanta a market.
        assert.ok(of(sum) <= of(a) + of(b) + 10n);
        for (const [i, quantity] of a.entries()) {
          if (quantity === 0n || views[i]!.shocks.length > 0) continue;
          const alone = a.map((each, j) => (i === j ? each : 0n));
          assert.equal(of(alone), maintenanceMarginOf(markets(i + 1), base(quantity)));
        }
      }),
      { numRuns },
    );
  });
  test('INV-M5 initial margin is at least twice maintenance, whatever hedges, stress, scaling and leverage do', () => {
    fc.assert(
      fc.property(universe, quantities, leverages, (views, held, chosen) => {
        const markets = marketsOf(...views);
        for (const mode of ['portfolio', 'cross'] as const) {
          const account = { ...hold(views, held), settings: { mode, leverages: chosen } };
          const margin = maintenanceMargin(account, markets);
          assert.ok(initialMargin(account, [], markets) >= 2n * margin - 10n);
        }
      }),
      { numRuns },
    );
  });
  test('the scan without a root answers as the margin does', () => {
    fc.assert(
      fc.property(universe, quantities, fc.bigInt({ min: -2n, max: 2n }), (views, held, near) => {
        const [account, markets] = [hold(views, held), marketsOf(...views)];
        const margin = maintenanceMargin(account, markets);
        assert.equal(coversMaintenance(account, margin + near, markets), near >= 0n);
      }),
      { numRuns },
    );
  });
  test('offsets only help: portfolio margin is never above cross margin', () => {
    fc.assert(
      fc.property(universe, quantities, (views, held) => {
        const markets = marketsOf(...views);
        const account = hold(views, held);
        const cross: AccountView = { ...account, settings: { mode: 'cross', leverages: [] } };
        assert.ok(maintenanceMargin(account, markets) <= maintenanceMargin(cross, markets));
        assert.ok(initialMargin(account, [], markets) <= initialMargin(cross, [], markets));
      }),
      { numRuns },
    );
  });
});

describe('orders of an account with offsets', () => {
  const orderArb = fc.record({
    marketId: fc.integer({ min: 1, max: 4 }),
    side: fc.constantFrom('buy' as const, 'sell' as const),
    offset: fc.integer({ min: -20_000, max: 20_000 }),
    remaining: fc.bigInt({ min: 1n, max: 3_000_000n }),
    reduceOnly: fc.boolean(),
    filled: fc.integer({ min: 0, max: 4 }),
    better: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5_000 })),
  });
  type Drawn = (typeof orderArb extends fc.Arbitrary<infer T> ? T : never)[];
  const ordersOf = (views: readonly MarketView[], drawn: Drawn): OrderView[] =>
    drawn.map(({ marketId, side, offset, remaining, reduceOnly }) => ({
      marketId,
      side,
      price: price(views[marketId - 1]!.markPrice + BigInt(offset)),
      remaining: base(remaining),
      reduceOnly,
    }));
  /** Rounding of one part fill, and of the offsets of one market. */
  const [ofPart, ofMarket] = [5n, 6n];

  test('no subset of the orders, filled at their limits or better, leaves an account under the margin of the rest', () => {
    fc.assert(
      fc.property(
        universe,
        quantities,
        leverages,
        fc.array(orderArb, { maxLength: 6 }),
        (views, held, chosen, drawn) => {
          const markets = marketsOf(...views);
          const orders = ordersOf(views, drawn);
          const empty: AccountView = { ...hold(views, held), settings: { mode: 'portfolio', leverages: chosen } };
          const need = initialMargin(empty, orders, markets);
          let account: AccountView = { ...empty, cash: quote(empty.cash + need - equity(empty, markets)) };
          const rest: OrderView[] = [];
          let parts = 0n;
          for (const [index, order] of orders.entries()) {
            const { filled, better } = drawn[index]!;
            const view = views[order.marketId - 1]!;
            const position = account.positions.find(({ marketId }) => marketId === view.id);
            let quantity = (order.remaining * BigInt(filled)) / 4n;
            if (order.reduceOnly) {
              const now = position?.quantity ?? 0n;
              const reducible = (order.side === 'buy') === now < 0n ? size(now) : 0n;
              if (quantity > reducible) quantity = reducible;
            }
            if (quantity > 0n) {
              const at = order.side === 'buy' ? order.price - BigInt(better) : order.price + BigInt(better);
              const fill = applyFill(view, position, order.side, quantity, at > 0n ? at : 1n);
              const fee = (size(fill.cash) * view.takerFee + 999_999n) / 1_000_000n;
              const others: PositionView[] = account.positions.filter(({ marketId }) => marketId !== view.id);
              account = {
                ...account,
                cash: quote(account.cash + fill.cash - fee),
                positions: fill.position === undefined ? others : [...others, fill.position],
              };
            }
            if (order.remaining > quantity) {
              rest.push({ ...order, remaining: base(order.remaining - quantity) });
              if (quantity > 0n) parts++;
            }
          }
          const spare = equity(account, markets) - initialMargin(account, rest, markets);
          assert.ok(spare >= -ofPart * parts - ofMarket * 4n, `spare ${spare} after ${parts} part fills`);
        },
      ),
      { numRuns: numRuns * 3 },
    );
  });
  test('an order more never needs less margin; sums forget what was removed', () => {
    fc.assert(
      fc.property(universe, quantities, fc.array(orderArb, { minLength: 1, maxLength: 6 }), (views, held, drawn) => {
        const markets = marketsOf(...views);
        const account = hold(views, held);
        const orders = ordersOf(views, drawn);
        const all = initialMargin(account, orders, markets);
        assert.ok(initialMargin(account, orders.slice(1), markets) <= all + ofMarket * 4n);
        const exposures = new OrderExposures(account, markets);
        for (const order of orders) exposures.add(order);
        assert.equal(exposures.margin(), all);
        for (const order of orders) exposures.remove(order);
        const left = exposures.margin() - initialMargin(account, [], markets);
        assert.ok(size(left) <= ofMarket * 4n, `${left}`);
      }),
      { numRuns },
    );
  });
});
