import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { abs, million } from '../../../runtime/math/integers.js';
import { equity, loadingOf, maintenanceMargin } from '../margin/index.js';
import { market, marketsOf } from '../testing/values.js';
import { base, ppb, ppm, price, quote, type AccountView, type Markets, type MarketView } from '../types.js';
import { notional, positionValue } from '../units/index.js';
import { WakeHeaps } from './heap.js';
import { reachOf, stepOf } from './reach.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');

describe('the heaps', () => {
  const found = (heaps: WakeHeaps, heap: number, reading: number): [number, number][] => {
    const all: [number, number][] = [];
    heaps.below(heap, reading, (id, at) => all.push([id, at]));
    return all.sort(([a], [b]) => a - b);
  };

  test('wake what a naive list wakes, after any adds, moves from heap to heap and removals', () => {
    const step = fc.record({
      // Ids beyond what there is room for at first.
      id: fc.integer({ min: 0, max: 30 }).map((drawn) => (drawn % 7 === 0 ? drawn * 500 : drawn)),
      heap: fc.integer({ min: 0, max: 2 }),
      at: fc.option(fc.integer({ min: -1, max: 50 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: -2, max: 52 }), (steps, reading) => {
        const heaps = new WakeHeaps();
        const naive = new Map<number, readonly [heap: number, at: number]>();
        for (const { id, heap, at } of steps) {
          if (at === null) {
            heaps.delete(id);
            naive.delete(id);
          } else {
            heaps.set(id, heap, at);
            naive.set(id, [heap, at]);
          }
        }
        for (const heap of [0, 1, 2]) {
          const expected = [...naive].filter(([, [its, at]]) => its === heap && at < reading);
          assert.deepEqual(
            found(heaps, heap, reading),
            expected.map(([id, [, at]]) => [id, at]).sort(([a], [b]) => a! - b!),
          );
        }
      }),
      { numRuns: runs },
    );
  });

  test('forget everything at once', () => {
    const heaps = new WakeHeaps();
    for (let id = 0; id < 100; id++) heaps.set(id, id % 3, id);
    heaps.clear();
    for (const heap of [0, 1, 2]) assert.deepEqual(found(heaps, heap, 1_000), []);
    heaps.set(7, 1, 5);
    assert.deepEqual(found(heaps, 1, 1_000), [[7, 5]]);
  });

  test('look at no more than what they wake and its neighbours', () => {
    const heaps = new WakeHeaps();
    for (let id = 0; id < 1_000; id++) heaps.set(id, 1, id);
    assert.deepEqual(found(heaps, 1, 0), []);
    assert.deepEqual(found(heaps, 1, 3), [
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });
});

describe('a step', () => {
  const at = (markPrice: bigint, fundingIndex = 0n, rate = 20_000_000n, ...rho: readonly bigint[]) => ({
    markPrice: price(markPrice),
    fundingIndex,
    maintenanceRate: ppb(rate),
    loading: loadingOf(1, rho.map(ppm)),
    depthUnit: quote(1_000n),
  });
  const table: readonly (readonly [
    what: string,
    before: ReturnType<typeof at>,
    after: ReturnType<typeof at>,
    ppb: bigint,
  ])[] = [
    ['of a price that stands', at(100n), at(100n), 0n],
    ['up by 1 %', at(100n), at(101n), 10_000_000n],
    ['down by 1 %, rounded up', at(300n), at(297n), 10_000_000n],
    ['of one unit in three', at(3n), at(4n), 333_333_334n],
    ['of funding by 1 % of the price', at(100n), at(100n, 1_000_000_000_000n), 10_000_000n],
    ['to the first price', at(0n), at(100n), 0n],
    // Rates count half as much again, for the highest level of warning.
    ['of a rate up by half a per cent of notional', at(100n), at(100n, 0n, 25_000_000n), 7_500_000n],
    ['of a rate down', at(100n), at(100n, 0n, 15_000_000n), 7_500_000n],
    // 0.6 more explained and 0.2 less its own, at 2 % and half as much again.
    ['of a loading from 0 to 0.6', at(100n), at(100n, 0n, 20_000_000n, 600_000n), 24_000_000n],
    // Both signs explain the same: twice 0.6.
    [
      'of a depth unit down by 1/5, against what is left',
      at(100n),
      { ...at(100n), depthUnit: quote(800n) },
      250_000_000n,
    ],
    ['of a depth unit up by 1/4', at(100n), { ...at(100n), depthUnit: quote(1_250n) }, 250_000_000n],
    ['of a loading that turns', at(100n, 0n, 20_000_000n, 600_000n), at(100n, 0n, 20_000_000n, -600_000n), 36_000_000n],
  ];
  for (const [what, before, after, ppb] of table) test(what, () => assert.equal(stepOf(before, after), ppb));
});

test('INV-S3 an account stays at or above maintenance margin as long as its markets went no further than its reach', () => {
  const start = price(60_000_000_000n);
  const position = fc.record({
    rho: fc.integer({ min: -670_000, max: 670_000 }),
    quantity: fc.bigInt({ min: -20_000_000_000n, max: 20_000_000_000n }).filter((size) => size !== 0n),
    moves: fc.array(
      fc.record({
        price: fc.integer({ min: -60_000, max: 60_000 }),
        funding: fc.integer({ min: -9, max: 9 }),
        rate: fc.integer({ min: -200_000, max: 300_000 }),
        depth: fc.integer({ min: -40_000, max: 20_000 }),
        rho: fc.tuple(fc.integer({ min: -200_000, max: 200_000 }), fc.integer({ min: -200_000, max: 200_000 })),
      }),
      {
        minLength: 6,
        maxLength: 6,
      },
    ),
  });
  let held = 0;
  fc.assert(
    fc.property(
      fc.array(position, { minLength: 1, maxLength: 4 }),
      fc.oneof(fc.bigInt({ min: 0n, max: 4_000n }), fc.bigInt({ min: 0n, max: 200_000n })),
      // Half of the time prices stand, and only rates and loadings move.
      fc.boolean(),
      (drawn, slackPpm, still) => {
        const views = (step: number): Markets => {
          const all = drawn.map(({ moves, rho }, index): MarketView => {
            let mark: bigint = start;
            let fundingIndex = 0n;
            let rate = 20_000_000n;
            let depth = 50_000_000_000_000n;
            const loadings = [rho, 0];
            for (const { price: move, funding, rate: raised, depth: deeper, rho: turned } of moves.slice(0, step)) {
              if (!still) mark += (mark * BigInt(move)) / 1_000_000n;
              if (!still) fundingIndex += BigInt(funding) * 1_000_000_000_000_000_000n;
              rate += (rate * BigInt(raised)) / 1_000_000n;
              depth += (depth * BigInt(deeper)) / 1_000_000n;
              for (const j of [0, 1]) loadings[j] = Math.min(670_000, Math.max(-670_000, loadings[j]! + turned[j]!));
            }
            return market({
              id: index + 1,
              markPrice: price(mark),
              fundingIndex,
              maintenanceRate: ppb(rate),
              depthUnit: quote(depth),
              loading: loadingOf(
                1,
                loadings.map((each) => ppm(BigInt(each))),
              ),
            });
          });
          return marketsOf(...all);
        };
        const first = views(0);
        const positions = drawn.map(({ quantity }, index) => ({
          marketId: index + 1,
          quantity: base(quantity),
          entryValue: quote(0n),
          fundingIndex: 0n,
        }));
        const worth = positions.reduce(
          (sum, { marketId, quantity }) => sum + positionValue(first(marketId), quantity),
          0n,
        );
        const size = positions.reduce(
          (sum, { marketId, quantity }) => sum + abs(positionValue(first(marketId), quantity)),
          0n,
        );
        const bare: AccountView = { key: 'a', cash: quote(0n), positions, collateral: [] };
        const slack = (size * slackPpm) / 1_000_000n;
        const cash = quote(slack + maintenanceMargin(bare, first) - worth);
        const account: AccountView = { ...bare, cash };
        assert.equal(equity(account, first) - maintenanceMargin(account, first), slack);
        const reach = reachOf(account, [{ level: ppm(million), amount: slack }], first);
        let way = 0n;
        for (let step = 1; step <= 6; step++) {
          const [before, after] = [views(step - 1), views(step)];
          way += positions.reduce((most, { marketId }) => {
            const each = stepOf(before(marketId), after(marketId));
            return each > most ? each : most;
          }, 0n);
          if (way > reach) break;
          held++;
          assert.ok(equity(account, after) >= maintenanceMargin(account, after), `way ${way} of ${reach}`);
        }
      },
    ),
    { numRuns: runs * 5 },
  );
  assert.ok(held > runs, `only ${held} steps were within reach`);
});

test('the reach of an account 10 % above maintenance margin is a path of about 8 %', () => {
  const view = market({ id: 1, markPrice: price(60_000_000_000n) });
  const account: AccountView = {
    key: 'a',
    cash: quote(0n),
    positions: [{ marketId: 1, quantity: base(100_000_000n), entryValue: quote(0n), fundingIndex: 0n }],
    collateral: [],
  };
  const tenth = notional(view, base(100_000_000n)) / 10n;
  const reach = reachOf(account, [{ level: ppm(million), amount: tenth }], marketsOf(view));
  assert.ok(reach > 78_000_000n && reach < 82_000_000n, `${reach}`);
});
