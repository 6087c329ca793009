import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { equity, maintenanceMargin } from '../margin/index.js';
import { market, marketsOf } from '../testing/values.js';
import { base, ppb, ppm, price, quote, type AccountView, type Markets, type MarketView } from '../types.js';
import { AccountColumns } from './columns.js';
import { AccountEstimate, estimateOf, type MarketEstimate } from './account.js';
import { SideEstimates } from './side.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);

/** Markets of very different scales. */
const views = fc
  .array(
    fc.record({
      divisor: fc.constantFrom(1n, 1_000n, 10n ** 9n, 10n ** 15n),
      mark: fc.bigInt({ min: 1n, max: 1n << 62n }),
      index: fc.bigInt({ min: -(1n << 100n), max: 1n << 100n }),
      depth: fc.bigInt({ min: 1n, max: 1n << 60n }),
      rate: fc.bigInt({ min: 5_000_000n, max: 500_000_000n }),
      shocks: fc.array(fc.bigInt({ min: -600_000n, max: 600_000n }), { maxLength: 3 }),
    }),
    { minLength: 4, maxLength: 4 },
  )
  .map((drawn) =>
    drawn.map(({ divisor, mark, index, depth, rate, shocks }, at): MarketView =>
      market({
        id: at + 1,
        quoteDivisor: divisor,
        markPrice: price(mark),
        fundingIndex: index,
        depthUnit: quote(depth),
        maintenanceRate: ppb(rate),
        shocks: shocks.map(ppm),
      }),
    ),
  );

const account = fc
  .record({
    cash: fc.bigInt({ min: -(1n << 100n), max: 1n << 100n }),
    positions: fc.array(
      fc.record({
        quantity: fc.bigInt({ min: -(1n << 62n), max: 1n << 62n }).filter((each) => each !== 0n),
        fundingIndex: fc.bigInt({ min: -(1n << 100n), max: 1n << 100n }),
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ cash, positions }): AccountView => ({
    key: 'a',
    cash: quote(cash),
    collateral: [],
    positions: positions.map(({ quantity, fundingIndex }, at) => ({
      marketId: at + 1,
      quantity: base(quantity),
      entryValue: quote(0n),
      fundingIndex,
    })),
  }));

/** Moves cash so that equity is small beside the sums it is made of: where estimates are worst. */
const nearZero = (drawn: AccountView, markets: Markets, left: bigint): AccountView => ({
  ...drawn,
  cash: quote(drawn.cash - equity(drawn, markets) + left),
});

describe('an estimate', () => {
  test('bounds equity from below and maintenance margin from above, at any scale', () => {
    fc.assert(
      fc.property(views, account, fc.boolean(), fc.bigInt({ min: 0n, max: 1_000_000n }), (all, drawn, near, left) => {
        const markets = marketsOf(...all);
        const held = near ? nearZero(drawn, markets, left) : drawn;
        const sums = new AccountEstimate();
        sums.begin(Number(held.cash));
        for (const { marketId, quantity, fundingIndex } of held.positions)
          sums.add(estimateOf(markets(marketId)), Number(quantity), Number(fundingIndex));
        assert.ok(sums.equityAtLeast() <= Number(equity(held, markets)));
        assert.ok(sums.marginAtMost() >= Number(maintenanceMargin(held, markets)));
      }),
      { numRuns: numRuns * 3 },
    );
  });

  test('is close: an account of ordinary size is known to a few quanta', () => {
    const view = market({ markPrice: price(60_000_000_000n), quoteDivisor: 10n ** 8n });
    const sums = new AccountEstimate();
    sums.begin(Number(1_000_000_000n));
    sums.add(estimateOf(view), 5_000_000, 0);
    // 3,000 USDC long and 1,000 in cash; 2.5 % of margin.
    assert.ok(sums.equityAtLeast() > 4_000_000_000 - 5 && sums.equityAtLeast() <= 4_000_000_000);
    assert.ok(sums.marginAtMost() < 75_000_000 + 7 && sums.marginAtMost() >= 75_000_000);
  });
});

test('columns hold what was written last: the same holders and the same sums as a naive list', () => {
  const step = fc.record({ slot: fc.integer({ min: 0, max: 40 }), drawn: account });
  fc.assert(
    fc.property(views, fc.array(step, { maxLength: 120 }), (all, steps) => {
      const estimates = all.map(estimateOf);
      const markets = (id: number): MarketEstimate => estimates[id - 1]!;
      const columns = new AccountColumns();
      const naive = new Map<number, AccountView>();
      for (const { slot, drawn } of steps) {
        // Every other account leaves the first market out.
        const held = slot % 2 === 0 ? drawn : { ...drawn, positions: drawn.positions.slice(1) };
        columns.set(slot, held);
        naive.set(slot, held);
      }
      for (const { id } of all) {
        const expected = [...naive].filter(([, { positions }]) => positions.some(({ marketId }) => marketId === id));
        const found: [number, number][] = [];
        columns.holders(id, (slot, quantity) => found.push([slot, quantity]));
        assert.deepEqual(
          found.sort(([a], [b]) => a - b),
          expected
            .map(([slot, { positions }]) => [slot, Number(positions.find(({ marketId }) => marketId === id)!.quantity)])
            .sort(([a], [b]) => a! - b!),
        );
        assert.equal(columns.count(id), expected.length);
        for (const [slot, held] of expected) {
          const [one, other] = [new AccountEstimate(), new AccountEstimate()];
          columns.estimate(slot, one, markets, id);
          other.begin(Number(held.cash));
          for (const position of [...held.positions].reverse())
            other.add(markets(position.marketId), Number(position.quantity), Number(position.fundingIndex));
          assert.equal(one.equityAtLeast(), other.equityAtLeast());
          assert.equal(one.marginAtMost(), other.marginAtMost());
        }
      }
    }),
    { numRuns: Math.ceil(numRuns / 5) },
  );
});

test('the level at which cutting suffices: equal sizes of 1,000,000 with leverage 40, 20 and 4', () => {
  // The vector of section 13.1 as in water-fill.test.ts: one quantum is worth 100 and needs 2.5.
  const view = estimateOf(market({ depthUnit: quote(1n << 80n) }));
  const side = new SideEstimates(3);
  for (const wealth of [2_500_000, 5_000_000, 25_000_000]) {
    const sums = new AccountEstimate();
    sums.begin(wealth - 100_000_000);
    const own = sums.add(view, 1_000_000, 0);
    side.add(sums, 1_000_000, own);
  }
  // Half of the first: 500,000 quanta need 1,250,000 of 2,500,000.
  const level = side.level(view, 500_000);
  assert.ok(level <= 500_000n && level > 499_980n, `${level}`);
  assert.deepEqual(side.above(level), [0, 1]);
  assert.deepEqual(side.above(side.level(view, 3_000_000)), [0, 1, 2]);
});
