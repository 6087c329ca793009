import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rangesOf, shortfalls, type FrozenShocks, type StressAccount } from './shortfall.js';
import { count, coverTwo, sumsOf, type Tally } from './tally.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');
const usdc = 1_000_000n;

/** Shocks by scenario and place. */
function frozen(
  shocks: readonly (readonly bigint[])[],
  stressCount: number,
  changes: Partial<FrozenShocks> = {},
): FrozenShocks {
  const places = shocks[0]?.length ?? 0;
  return {
    shocks,
    stressCount,
    stableShocks: shocks.map(() => 0n),
    thinBooks: shocks.map(() => false),
    stressRange: rangesOf(shocks, 0, stressCount, places),
    historyRange: rangesOf(shocks, stressCount, shocks.length, places),
    ...changes,
  };
}

const account = (equity: bigint, ...values: readonly bigint[]): StressAccount => ({
  equity,
  legs: values.map((value, place) => ({ place, value, cost: 0n, thinCost: 0n })),
  holdings: [],
});

function found(each: StressAccount, shocks: FrozenShocks): [number, bigint, readonly bigint[]][] {
  const list: [number, bigint, readonly bigint[]][] = [];
  shortfalls(each, shocks, (k, whole, parts) => list.push([k, whole, parts]));
  return list;
}

test('a long of 100,000 with 4,000 behind it is short of 6,000 when the price falls by 10 %', () => {
  const falls = frozen([[-30_000n], [-40_000n], [-100_000n], [200_000n]], 4);
  assert.deepEqual(found(account(4_000n * usdc, 100_000n * usdc), falls), [[2, 6_000n * usdc, [6_000n * usdc]]]);
});

test('closing costs count, and more of them when books are thin', () => {
  const shocks = frozen([[-100_000n], [-100_000n]], 2, { thinBooks: [false, true] });
  const legs = [{ place: 0, value: 100_000n * usdc, cost: 100n * usdc, thinCost: 300n * usdc }];
  assert.deepEqual(
    found({ equity: 10_000n * usdc, legs, holdings: [] }, shocks).map(([k, whole]) => [k, whole]),
    [
      [0, 100n * usdc],
      [1, 300n * usdc],
    ],
  );
});

test('what two positions cannot pay is divided by what each of them loses', () => {
  const shocks = frozen([[-100_000n, -300_000n]], 1);
  assert.deepEqual(found(account(1_000n, 10_000n, 10_000n), shocks), [[0, 3_000n, [750n, 2_250n]]]);
  // A hedge leg gains and answers for nothing.
  const apart = frozen([[-100_000n, 20_000n]], 1);
  assert.deepEqual(found(account(100n, 10_000n, 10_000n), apart), [[0, 700n, [700n, 0n]]]);
});

test('collateral that falls with its market, or with stable-coins, is lost besides', () => {
  const shocks = frozen([[-100_000n], [0n]], 2, { stableShocks: [0n, -50_000n] });
  const each = (stable: boolean): StressAccount => ({
    ...account(1_000n, 10_000n),
    holdings: [{ place: stable ? undefined : 0, stable, value: 2_000n }],
  });
  assert.deepEqual(found(each(false), shocks), [[0, 200n, [200n]]]);
  assert.deepEqual(found({ ...each(true), equity: 50n }, shocks), [
    [0, 950n, [950n]],
    [1, 50n, [50n]],
  ]);
});

test('a position in a market that was listed after the round began does not move', () => {
  const shocks = frozen([[-500_000n]], 1);
  const legs = [{ place: undefined, value: 1_000n, cost: 0n, thinCost: 0n }];
  assert.deepEqual(found({ equity: 1n, legs, holdings: [] }, shocks), []);
});

const shock = fc.bigInt({ min: -950_000n, max: 1_000_000n });
const leg = fc.record({
  place: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 9 }),
  value: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).filter((value) => value !== 0n),
  cost: fc.bigInt({ min: 0n, max: 10n ** 13n }),
});
const drawnAccount = fc.record({
  equity: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 14n }),
  legs: fc.array(leg, { minLength: 1, maxLength: 4 }),
  holding: fc.option(
    fc.record({
      place: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      stable: fc.boolean(),
      value: fc.bigInt({ min: 0n, max: 10n ** 13n }),
    }),
    { nil: undefined, freq: 3 },
  ),
});

test('INV-S2 sums, parts and cover-2 of a sweep are those of every account in every scenario computed alone', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(shock, { minLength: 4, maxLength: 4 }), fc.boolean(), fc.boolean()), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.integer({ min: 0, max: 12 }),
      fc.array(drawnAccount, { maxLength: 8 }),
      (drawn, split, accounts) => {
        const stressCount = Math.min(split, drawn.length);
        const shocks = frozen(
          drawn.map(([moves]) => moves),
          stressCount,
          {
            stableShocks: drawn.map(([, falls], k) => (falls && k < stressCount ? -50_000n : 0n)),
            thinBooks: drawn.map(([, , thin], k) => thin && k < stressCount),
          },
        );
        const tally: Tally = new Map();
        const alone = drawn.map((): bigint[] => []);
        for (const { equity, legs, holding } of accounts) {
          const each: StressAccount = {
            equity,
            legs: legs.map((of) => ({ ...of, thinCost: of.cost * 2n })),
            holdings: holding === undefined ? [] : [holding],
          };
          shortfalls(each, shocks, (k, whole, parts) => {
            count(tally, k, whole);
            assert.equal(
              parts.reduce((sum, part) => sum + part, 0n),
              whole,
            );
            assert.ok(parts.every((part) => part >= 0n));
          });
          for (const k of drawn.keys()) {
            // In millionths, so that nothing is rounded before the end.
            let missing = -equity * 1_000_000n;
            for (const { place, value, cost } of legs) {
              if (place !== undefined) missing -= value * shocks.shocks[k]![place]!;
              missing += cost * (shocks.thinBooks[k]! ? 2n : 1n) * 1_000_000n;
            }
            if (holding?.stable === true) missing -= holding.value * shocks.stableShocks[k]!;
            else if (holding?.place !== undefined) missing -= holding.value * shocks.shocks[k]![holding.place]!;
            if (missing > 0n) alone[k]!.push((missing + 999_999n) / 1_000_000n);
          }
        }
        const wanted = new Map(
          [...alone.entries()]
            .filter(([, list]) => list.length > 0)
            .map(([k, list]) => [k, list.reduce((sum, amount) => sum + amount, 0n)]),
        );
        assert.deepEqual(new Map([...sumsOf(tally)].sort(([a], [b]) => a - b)), wanted);
        const pairs = alone.map((list) =>
          [...list]
            .sort((a, b) => (a > b ? -1 : 1))
            .slice(0, 2)
            .reduce((sum, amount) => sum + amount, 0n),
        );
        assert.equal(
          coverTwo(tally),
          pairs.reduce((most, pair) => (pair > most ? pair : most), 0n),
        );
      },
    ),
    { numRuns: runs },
  );
});
