import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { maintenanceMarginOf } from '../margin/maintenance.js';
import { market } from '../testing/values.js';
import { base, quote, type MarketView } from '../types.js';
import { waterFill, type DeleverageCandidate } from './water-fill.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 200);
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const candidate = (key: string, size: bigint, e: bigint, other = 0n): DeleverageCandidate => ({
  key,
  size,
  equity: quote(e),
  otherMargin: quote(other),
});

/** Risk MM/E after a cut, ppm, rounded up. */
function ratioAfter(view: MarketView, each: DeleverageCandidate, cut: bigint): bigint {
  const margin = each.otherMargin + maintenanceMarginOf(view, base(each.size - cut));
  return (margin * 1_000_000n + each.equity - 1n) / each.equity;
}

const deep = market({ depthUnit: quote(1n << 80n) });

describe('cases by hand (section 13.1)', () => {
  // One quantum is worth 100 and needs 2.5: the level is kept * 2.5 / equity.
  test('equal sizes, leverage 40, 20 and 4: the riskiest alone, then both down to one level', () => {
    const three = [
      candidate('a', 1_000_000n, 2_500_000n),
      candidate('b', 1_000_000n, 5_000_000n),
      candidate('c', 1_000_000n, 25_000_000n),
    ];
    assert.deepEqual(waterFill(deep, 500_000n, three), [500_000n, 0n, 0n]);
    // From there on a and b keep in proportion to their equity, 1 to 2.
    assert.deepEqual(waterFill(deep, 500_003n, three), [500_001n, 2n, 0n]);
    assert.deepEqual(waterFill(deep, 1_250_000n, three), [750_000n, 500_000n, 0n]);
    assert.deepEqual(waterFill(deep, 3_000_000n, three), [1_000_000n, 1_000_000n, 1_000_000n]);
    assert.deepEqual(waterFill(deep, 9_000_000n, three), [1_000_000n, 1_000_000n, 1_000_000n]);
    assert.deepEqual(waterFill(deep, 0n, three), [0n, 0n, 0n]);
    assert.deepEqual(waterFill(deep, 5n, []), []);
  });
  test('an account without equity is the riskiest', () => {
    assert.deepEqual(waterFill(deep, 400n, [candidate('a', 1_000n, 5_000n), candidate('b', 500n, 0n)]), [0n, 400n]);
    assert.deepEqual(
      waterFill(deep, 700n, [candidate('a', 500n, 0n), candidate('b', 1_000n, 2_500n), candidate('c', 500n, 0n)]),
      [200n, 0n, 500n],
    );
  });
  test("margin of an account's other positions counts as risk: twice the ratio, cut first", () => {
    const cuts = waterFill(deep, 100n, [
      candidate('a', 1_000_000n, 5_000_000n),
      candidate('b', 1_000_000n, 5_000_000n, 2_500_000n),
    ]);
    assert.deepEqual(cuts, [0n, 100n]);
  });
  test('concentrated positions weigh more', () => {
    const thin = market({ depthUnit: quote(10_000_000n) });
    // 160 million is 16 D: its add-on is far more than the linear part.
    const cuts = waterFill(thin, 1_000n, [candidate('a', 16_000n, 400_000n), candidate('b', 1_600_000n, 40_000_000n)]);
    assert.deepEqual(cuts, [0n, 1_000n]);
  });
  test('whole steps', () => {
    const stepped = market({ depthUnit: quote(1n << 80n), stepSize: 1_000n });
    assert.deepEqual(waterFill(stepped, 9_000n, [candidate('a', 10_000n, 25_000n), candidate('b', 10_000n, 30_000n)]), [
      5_000n,
      4_000n,
    ]);
  });
});

describe('for any accounts', () => {
  const each = fc.record({
    size: fc.bigInt({ min: 1n, max: 1_000_000_000n }),
    equity: fc.bigInt({ min: 1n, max: 10_000_000_000n }),
    other: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 50_000_000n })),
  });
  const crowd = fc.record({
    drawn: fc.array(each, { minLength: 1, maxLength: 12 }),
    permille: fc.bigInt({ min: 1n, max: 1_000n }),
    stepSize: fc.constantFrom(1n, 1_000n),
    depth: fc.constantFrom(1n << 80n, 1n << 34n),
  });
  const build = (drawn: readonly { size: bigint; equity: bigint; other: bigint }[], stepSize: bigint) =>
    drawn.map(({ size, equity, other }, i) =>
      candidate(String(i).padStart(3, '0'), size * stepSize, equity * stepSize, other * stepSize),
    );

  test('INV-A1 the quantity exactly, in whole steps, within every position', () => {
    fc.assert(
      fc.property(crowd, ({ drawn, permille, stepSize, depth }) => {
        const view = market({ depthUnit: quote(depth), stepSize });
        const candidates = build(drawn, stepSize);
        const all = sum(candidates.map(({ size }) => size));
        const quantity = (((all / stepSize) * permille) / 1_000n) * stepSize;
        const cuts = waterFill(view, quantity, candidates);
        assert.equal(sum(cuts), quantity);
        for (const near of [0n, 1n, 10_000n, 500_000n])
          assert.deepEqual(waterFill(view, quantity, candidates, near), cuts, 'a guess changes nothing');
        cuts.forEach((cut, i) => assert.ok(cut >= 0n && cut <= candidates[i]!.size && cut % stepSize === 0n, `${cut}`));
      }),
      { numRuns },
    );
  });
  test('INV-A4 one level for all the touched: nobody ends above it, nobody is cut a step further than it asks', () => {
    fc.assert(
      fc.property(crowd, ({ drawn, permille, stepSize, depth }) => {
        const view = market({ depthUnit: quote(depth), stepSize });
        const candidates = build(drawn, stepSize);
        const all = sum(candidates.map(({ size }) => size));
        const cuts = waterFill(view, (((all / stepSize) * permille) / 1_000n) * stepSize, candidates);
        // The level, plus at most 1 ppm: the largest risk that is left anywhere but in other markets.
        const level = candidates.reduce(
          (highest, one, i) => (cuts[i] === one.size ? highest : max(highest, ratioAfter(view, one, cuts[i]!))),
          0n,
        );
        for (const [i, one] of candidates.entries()) {
          if (cuts[i] === 0n) continue;
          const before = ratioAfter(view, one, cuts[i]! - stepSize);
          assert.ok(before >= level, `cut to ${level} ppm although one step less was at ${before}`);
        }
      }),
      { numRuns },
    );
  });
  test('INV-A5 splitting an account changes what it loses by rounding only', () => {
    fc.assert(
      fc.property(
        fc.array(each, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 2, max: 5 }),
        fc.bigInt({ min: 1n, max: 999n }),
        (drawn, pieces, permille) => {
          // Every account is split into equal parts; each of them must lose its part of what the whole loses.
          const n = BigInt(pieces);
          const whole = drawn.map(({ size, equity, other }, i) =>
            candidate(`${i}`, size * n, (equity + 10_000_000n) * n, other * n),
          );
          const split = drawn.flatMap(({ size, equity, other }, i) =>
            Array.from({ length: pieces }, (_, k) => candidate(`${i}/${k}`, size, equity + 10_000_000n, other)),
          );
          const quantity = (sum(whole.map(({ size }) => size)) * permille) / 1_000n;
          const [one, many] = [waterFill(deep, quantity, whole), waterFill(deep, quantity, split)];
          for (const [i, { size, equity }] of whole.entries()) {
            const parts = sum(many.slice(i * pieces, (i + 1) * pieces));
            const difference = one[i]! - parts;
            // A level of 1 ppm is equity * 10^-6 of margin, that is equity / 2.5 * 10^-6 of quantity; levels may differ by one.
            const tolerance = (2n * equity) / 2_500_000n + 4n * n;
            assert.ok(
              difference <= tolerance && -difference <= tolerance,
              `${one[i]} whole, ${parts} in ${pieces} parts of ${size}`,
            );
          }
        },
      ),
      { numRuns },
    );
  });
  test('INV-A6 the order of accounts moves no more than the units of rounding', () => {
    fc.assert(
      fc.property(crowd, ({ drawn, permille }) => {
        const candidates = build(drawn, 1n);
        const quantity = (sum(candidates.map(({ size }) => size)) * permille) / 1_000n;
        const forth = waterFill(deep, quantity, candidates);
        const back = waterFill(deep, quantity, [...candidates].reverse()).reverse();
        for (const [i, { equity }] of candidates.entries()) {
          const difference = forth[i]! - back[i]!;
          const tolerance = equity / 2_500_000n + 2n;
          assert.ok(difference <= tolerance && -difference <= tolerance, `${forth[i]} and ${back[i]}`);
        }
      }),
      { numRuns },
    );
  });
});
