import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { abs } from '../../../runtime/math/integers.js';
import { assetStepOf, reachOf, stepOf } from '../health/index.js';
import { equity, loadingOf, lookup, maintenanceMargin, type Standing } from '../margin/index.js';
import { accountWith, market, marketsOf } from '../testing/values.js';
import {
  ppb,
  ppm,
  price,
  quote,
  type AccountView,
  type AssetView,
  type MarginSettings,
  type Markets,
  type MarketView,
} from '../types.js';
import { namedOf } from './named.js';
import { fellBelow, levelOf, nextLevel, roomsOf, warningLevels } from './levels.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');

const standing = (equity: bigint, maintenanceMargin = 1_000n): Standing => ({
  equity: quote(equity),
  maintenanceMargin: quote(maintenanceMargin),
});

describe('an account that needs 1,000', () => {
  const table: readonly (readonly [equity: bigint, level: bigint | undefined, next: bigint | undefined])[] = [
    [2_000n, undefined, 1_500_000n],
    [1_500n, undefined, 1_500_000n],
    [1_499n, 1_500_000n, 1_200_000n],
    [1_200n, 1_500_000n, 1_200_000n],
    [1_199n, 1_200_000n, 1_100_000n],
    [1_100n, 1_200_000n, 1_100_000n],
    [1_099n, 1_100_000n, 1_000_000n],
    [1_000n, 1_100_000n, 1_000_000n],
    [999n, 1_100_000n, undefined],
    [-5n, 1_100_000n, undefined],
  ];
  for (const [own, level, next] of table)
    test(`with ${own} stands below ${level ?? 'no level'}, and ${next ?? 'nothing'} comes next`, () => {
      assert.equal(levelOf(standing(own)), level);
      assert.equal(nextLevel(standing(own)), next);
    });

  test('is warned once for each fall, of the lowest level it fell through', () => {
    const path: readonly (readonly [equity: bigint, warned: bigint | undefined])[] = [
      [1_510n, undefined],
      [1_490n, 1_500_000n],
      [1_490n, undefined],
      [1_250n, undefined],
      [1_550n, undefined],
      [1_480n, 1_500_000n],
      [1_150n, 1_200_000n],
      [1_210n, undefined],
      [1_190n, 1_200_000n],
      [1_600n, undefined],
      // Through two levels, and through all.
      [1_150n, 1_200_000n],
      [1_600n, undefined],
      [950n, 1_100_000n],
      [900n, undefined],
      [1_050n, undefined],
    ];
    let before = levelOf(standing(2_000n));
    for (const [own, warned] of path) {
      const now = levelOf(standing(own));
      assert.equal(fellBelow(before, now), warned, `at ${own}`);
      before = now;
    }
  });

  test('has room to the nearest level on each side', () => {
    const rooms = (own: bigint) => roomsOf(standing(own)).map(({ level, amount }) => [level, amount]);
    assert.deepEqual(rooms(2_000n), [[1_500_000n, 500n]]);
    assert.deepEqual(rooms(1_300n), [
      [1_500_000n, 199n],
      [1_200_000n, 100n],
    ]);
    assert.deepEqual(rooms(1_100n), [
      [1_200_000n, 99n],
      [1_100_000n, 0n],
    ]);
    assert.deepEqual(rooms(990n), [[1_000_000n, 9n]]);
  });
});

test('a block that may name three names the lowest levels, then the lowest keys', () => {
  const fallen = [
    ['d', 1_500_000n],
    ['b', 1_100_000n],
    ['e', 1_200_000n],
    ['a', 1_500_000n],
    ['c', 1_100_000n],
  ] as const;
  const named = namedOf(
    fallen.map(([key, level]) => ({ key, level: ppm(level) })),
    3,
  );
  assert.deepEqual(
    named.map(({ key }) => key),
    ['b', 'c', 'e'],
  );
});

const signedPpm = (bound: number): fc.Arbitrary<bigint> => fc.bigInt({ min: BigInt(-bound), max: BigInt(bound) });
const steps = 12;
const kinds = ['price', 'funding', 'rate', 'depth', 'rho'] as const;

const marketMove = fc.record({
  price: signedPpm(30_000),
  // Parts per million of the first price.
  funding: signedPpm(20_000),
  rate: signedPpm(200_000),
  depth: signedPpm(20_000),
  rho: signedPpm(60_000),
});
const position = fc.record({
  quantity: fc
    .bigInt({ min: -20_000_000_000n, max: 20_000_000_000n })
    .filter((size) => size > 1_000n || size < -1_000n),
  cluster: fc.integer({ min: 0, max: 1 }),
  rho: signedPpm(600_000),
  rate: fc.bigInt({ min: 12_500_000n, max: 100_000_000n }),
  // The notional at first, in depth units: concentration turns steeper at 0.5, 2 and 8.
  depth: fc.constantFrom(0n, 1n, 3n, 8n, 9n, 100n),
  shock: fc.option(signedPpm(400_000), { freq: 2, nil: undefined }),
  moves: fc.array(marketMove, { minLength: steps, maxLength: steps }),
});
const holding = fc.record({
  amount: fc.bigInt({ min: 1_000_000n, max: 200_000_000n }),
  riskRate: fc.bigInt({ min: 20_000n, max: 300_000n }),
  moves: fc.array(
    fc.record({
      price: signedPpm(20_000),
      discount: signedPpm(500),
      riskRate: signedPpm(2_000),
      rho: signedPpm(20_000),
    }),
    { minLength: steps, maxLength: steps },
  ),
});
const mode: fc.Arbitrary<MarginSettings | undefined> = fc.constantFrom(
  undefined,
  { mode: 'cross', leverages: [] },
  { mode: 'isolated', leverages: [] },
);
const start = 60_000_000_000n;
const bounded = (value: bigint): bigint => (value > 650_000n ? 650_000n : value < -650_000n ? -650_000n : value);
const moved = (value: bigint, by: bigint): bigint => value + (value * by) / 1_000_000n;

test('INV-S3 health crosses no level, up or down, while markets and collateral go no further than the reach', () => {
  let held = 0;
  let crossed = 0;
  fc.assert(
    fc.property(
      fc.oneof(fc.tuple(position), fc.array(position, { minLength: 2, maxLength: 3 })),
      fc.option(holding, { freq: 3, nil: undefined }),
      mode,
      // Around which level, and how far from it, ppm of margin.
      fc.constantFrom(...warningLevels, ppm(1_000_000n)),
      fc.oneof(signedPpm(40_000), signedPpm(400_000)),
      // How small the moves are, so that some accounts stay within reach for long; whether only one thing moves, and one way.
      fc.constantFrom(1n, 3n, 10n, 30n, 100n),
      fc.option(fc.constantFrom(...kinds), { freq: 4, nil: undefined }),
      fc.boolean(),
      (drawn, backing, settings, level, off, calm, only, steady) => {
        const moving = (kind: (typeof kinds)[number], by: bigint): bigint =>
          only === undefined || only === kind ? by / calm : 0n;
        const until = <M>(moves: readonly M[], step: number): M[] =>
          moves.slice(0, step).map((each) => (steady ? moves[0]! : each));
        const at = (step: number): Markets => {
          const views = drawn.map(({ moves, quantity, rho, cluster, rate, depth, shock }, index): MarketView => {
            const size = abs(quantity) * (start / 1_000n);
            const unit = depth === 0n ? 1n << 80n : size / depth;
            let [mark, fundingIndex, maintenanceRate, depthUnit, explained] = [start, 0n, rate, unit, rho];
            for (const move of until(moves, step)) {
              mark = moved(mark, moving('price', move.price));
              fundingIndex += start * moving('funding', move.funding) * 1_000_000n;
              maintenanceRate = moved(maintenanceRate, moving('rate', move.rate));
              depthUnit = moved(depthUnit, moving('depth', move.depth));
              explained = bounded(explained + moving('rho', move.rho));
            }
            return market({
              id: index + 1,
              markPrice: price(mark),
              fundingIndex,
              maintenanceRate: ppb(maintenanceRate),
              depthUnit: quote(depthUnit),
              loading: loadingOf(cluster, [ppm(explained)]),
              shocks: shock === undefined ? [] : [ppm(shock)],
            });
          });
          const asset = (): AssetView => {
            let [worth, discount, riskRate, explained] = [start, 20_000n, backing!.riskRate, 300_000n];
            for (const move of until(backing!.moves, step)) {
              worth = moved(worth, moving('price', move.price));
              discount += moving('price', move.discount);
              riskRate += moving('rate', move.riskRate);
              explained = bounded(explained + moving('rho', move.rho));
            }
            return {
              id: 1,
              quoteDivisor: 1_000n,
              price: price(worth),
              discount: ppm(discount),
              riskRate: ppm(riskRate),
              coverShare: ppm(500_000n),
              loading: loadingOf(0, [ppm(explained)]),
              shocks: [],
              stale: false,
              carriesNewRisk: true,
            };
          };
          return lookup((id) => views[id - 1]!, asset);
        };
        const first = at(0);
        const bare: AccountView = {
          ...accountWith(
            0n,
            drawn.map(({ quantity }, index) => [first(index + 1), quantity] as const),
          ),
          collateral: backing === undefined ? [] : [{ assetId: 1, amount: backing.amount }],
          ...(settings === undefined ? {} : { settings }),
        };
        const margin = maintenanceMargin(bare, first);
        const target = (margin * (level + off)) / 1_000_000n;
        const account: AccountView = { ...bare, cash: quote(bare.cash + target - equity(bare, first)) };
        const standingAt = (markets: Markets): Standing => ({
          equity: equity(account, markets),
          maintenanceMargin: maintenanceMargin(account, markets),
        });
        const solvent = (each: Standing): boolean => each.equity >= each.maintenanceMargin;
        const begun = standingAt(first);
        const reach = reachOf(account, roomsOf(begun), first);
        let way = 0n;
        for (let step = 1; step <= steps; step++) {
          const [before, after] = [at(step - 1), at(step)];
          let furthest = 0n;
          for (const { marketId } of account.positions) {
            const each = stepOf(before(marketId), after(marketId));
            if (each > furthest) furthest = each;
          }
          if (backing !== undefined) {
            const each = assetStepOf(before.asset(1), after.asset(1));
            if (each > furthest) furthest = each;
          }
          way += furthest;
          const now = standingAt(after);
          if (way > reach) {
            if (levelOf(now) !== levelOf(begun)) crossed++;
            break;
          }
          held++;
          assert.equal(levelOf(now), levelOf(begun), `way ${way} of ${reach}`);
          assert.equal(solvent(now), solvent(begun), `way ${way} of ${reach}`);
        }
      },
    ),
    { numRuns: runs * 5 },
  );
  assert.ok(held > runs, `only ${held} steps were within reach`);
  assert.ok(crossed > runs / 10, `only ${crossed} accounts crossed a level when they might`);
});

test('the reach is most of the way to the level: a short with stress vectors and concentration, in steps of 0.01 %', () => {
  const at = (mark: bigint): Markets => {
    const view = market({ markPrice: price(mark), shocks: [ppm(400_000n)], depthUnit: quote(1_000_000n) });
    return marketsOf(view);
  };
  const begin = 100_000_000_000n;
  const bare = accountWith(0n, [[at(begin)(1), -1_000_000n]]);
  const margin = maintenanceMargin(bare, at(begin));
  const account = { ...bare, cash: quote(bare.cash + (margin * 1_510_000n) / 1_000_000n - equity(bare, at(begin))) };
  const standingAt = (markets: Markets): Standing => ({
    equity: equity(account, markets),
    maintenanceMargin: maintenanceMargin(account, markets),
  });
  const reach = reachOf(account, roomsOf(standingAt(at(begin))), at(begin));
  let [mark, way] = [begin, 0n];
  while (levelOf(standingAt(at(mark))) === undefined) {
    const next = mark + mark / 10_000n;
    way += stepOf(at(mark)(1), at(next)(1));
    mark = next;
  }
  // 0.01 of a margin of 48 % is used up by 0.28 % of 1 + 1.5 * 48 %; the reach is 12 % less, and a step is added.
  assert.ok(way > reach && way < (reach * 12n) / 10n, `crossed after ${way}, reach ${reach}`);
});
