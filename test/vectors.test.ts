import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clampWidth } from '../x/oracle/clamp.js';
import { weightedMedian } from '../x/oracle/median.js';
import { settle } from '../x/perps/funding/index.js';
import { deleverageCandidate, penaltyRate, planHaircut, waterFill, type Payer } from '../x/perps/liquidation/index.js';
import {
  concentration,
  equity,
  loadingOf,
  maintenanceMargin,
  openInterestScaledRate,
  Portfolio,
} from '../x/perps/margin/index.js';
import { accountWith, market, marketsOf, riskParams } from '../x/perps/testing/values.js';
import { base, ppb, ppm, price, quote, type Loading } from '../x/perps/types.js';

// The analytic cases of risk-model section 21.1, each with the integers that anybody can work out by hand.

const deep = quote(1n << 80n);

test('liquidation price p (1 - 1/L) / (1 - m), to the tick: the last price that is healthy, and the first that is not', () => {
  const table: readonly (readonly [rate: bigint, leverage: bigint, long: boolean, fails: bigint])[] = [
    // 60,000 * 0.975 / 0.9875 = 59,240.50632911…
    [12_500_000n, 40n, true, 5_924_050_632n],
    // 60,000 * 1.025 / 1.0125 = 60,740.74074074…
    [12_500_000n, 40n, false, 6_074_074_075n],
    // 60,000 * 0.95 / 0.975 = 58,461.53846153…
    [25_000_000n, 20n, true, 5_846_153_846n],
    // 60,000 * 1.1 / 1.05 = 62,857.14285714…
    [50_000_000n, 10n, false, 6_285_714_286n],
    // 60,000 * 0.8 / 0.9 = 53,333.33333333…
    [100_000_000n, 5n, true, 5_333_333_333n],
  ];
  const entry = 6_000_000_000n;
  for (const [rate, leverage, long, first] of table) {
    const at = (mark: bigint) =>
      market({ markPrice: price(mark), quoteDivisor: 1n, maintenanceRate: ppb(rate), depthUnit: deep });
    const quantity = long ? 1_000_000n : -1_000_000n;
    const account = accountWith((entry * 1_000_000n) / leverage, [[at(entry), quantity]]);
    const fails = (mark: bigint): boolean =>
      equity(account, marketsOf(at(mark))) < maintenanceMargin(account, marketsOf(at(mark)));
    assert.equal(fails(first), true, `${leverage}x`);
    assert.equal(fails(long ? first + 1n : first - 1n), false, `${leverage}x`);
  }
});

test('two perfectly hedged equal margins a: 2 q a at rho 0.95; the floor 0.6 a binds from q = 0.3 down', () => {
  const margin = (loading: Loading): bigint => {
    const pair = new Portfolio();
    pair.add({ signed: 1_000_000_000_000n, loading });
    pair.add({ signed: -1_000_000_000_000n, loading });
    return pair.margin();
  };
  assert.equal(margin(loadingOf(0, [])), 2_000_000_000_000n);
  assert.equal(margin(loadingOf(0, [ppm(600_000n)])), 1_600_000_000_000n);
  // q = sqrt(1 - 0.95^2) = 0.312249…
  assert.equal(margin(loadingOf(0, [ppm(950_000n)])), 624_498_000_000n);
  assert.equal(margin({ cluster: 0, rho: [ppm(953_939n)], idiosyncratic: ppm(300_001n) }), 600_002_000_000n);
  assert.equal(margin({ cluster: 0, rho: [ppm(953_940n)], idiosyncratic: ppm(299_999n) }), 600_000_000_000n);
});

test('bracket edges at 0.5, 2, 8 and 16 D, one quantum before and after', () => {
  const view = market({ depthUnit: quote(1_000_000n) });
  for (const [notional, expected] of [
    [499_999n, 0n],
    [500_000n, 0n],
    [500_001n, 1n],
    [1_999_999n, 15_000n],
    [2_000_000n, 15_000n],
    [2_000_001n, 15_001n],
    [7_999_999n, 195_000n],
    [8_000_000n, 195_000n],
    [8_000_001n, 195_001n],
    [15_999_999n, 835_000n],
    [16_000_000n, 835_000n],
  ] as const)
    assert.equal(concentration(view, quote(notional)), expected, `${notional}`);
});

test('penalty at health 0, 0.5 and 1: 125, 38.75 and 10 basis points at m = 2.5 %', () => {
  const view = market();
  assert.deepEqual(
    [0n, 500_000n, 1_000_000n].map((h) => penaltyRate(ppm(h), view, riskParams)),
    [12_500n, 3_875n, 1_000n],
  );
  // The highest is 150 basis points, or half of m if that is less.
  assert.equal(penaltyRate(ppm(0n), market({ maintenanceRate: ppb(100_000_000n) }), riskParams), 15_000n);
});

test('open-interest scaling at L and U, one quantum before and after', () => {
  const at = (openInterest: bigint): bigint =>
    openInterestScaledRate(market({ openInterest: quote(openInterest), openInterestCap: quote(1_000_000n) }));
  assert.deepEqual([499_999n, 500_000n, 500_001n, 999_999n, 1_000_000n, 1_000_001n].map(at), [
    50_000_000n,
    50_000_000n,
    50_001_900n,
    999_998_100n,
    1_000_000_000n,
    1_000_000_000n,
  ]);
});

test('deleveraging with two levels: the riskier down to the other, then both together', () => {
  const view = market({ depthUnit: deep });
  // 1,000,000 quanta need 2,500,000: risk 1 and 0.5.
  const candidates = [2_500_000n, 5_000_000n].map((e, i) => {
    const account = accountWith(e, [[view, 1_000_000n]], 'ab'[i]);
    return deleverageCandidate(account, view, marketsOf(view), quote(e));
  });
  const table: readonly (readonly [quantity: bigint, cuts: readonly bigint[]])[] = [
    [1n, [1n, 0n]],
    [500_000n, [500_000n, 0n]],
    [500_003n, [500_001n, 2n]],
    [1_250_000n, [750_000n, 500_000n]],
    [2_000_000n, [1_000_000n, 1_000_000n]],
  ];
  for (const [quantity, cuts] of table) assert.deepEqual(waterFill(view, quantity, candidates), cuts);
});

test('haircut of D2 = U - 1, U and U + 1: open profit alone, all of it, and one quantum of the next tier', () => {
  const payer = (key: string, openProfit: bigint): Payer => ({
    key,
    equity: quote(1_000n),
    paid: quote(0n),
    openProfit: quote(openProfit),
    marketGain: quote(200n),
    accountGain: quote(200n),
  });
  const plan = (deficit: bigint) => planHaircut(deficit, [payer('a', 100n), payer('b', 50n)]);
  const amounts = (deficit: bigint) => plan(deficit).payments.map(({ tier, amount }) => [tier, amount]);
  assert.deepEqual(amounts(149n), [
    [1, 100n],
    [1, 50n],
  ]);
  assert.equal(plan(149n).surplus, 1n);
  assert.deepEqual(amounts(150n), [
    [1, 100n],
    [1, 50n],
  ]);
  assert.equal(plan(150n).surplus, 0n);
  // Left of 200 are 100 and 150: one quantum from each, one of them too much.
  assert.deepEqual(amounts(151n).slice(2), [
    [2, 1n],
    [2, 1n],
  ]);
  assert.deepEqual([plan(151n).surplus, plan(151n).unpaid], [1n, 0n]);
});

test('funding of three accounts leaves 0 to 2 quanta of dust: less than one each, never negative', () => {
  const dust = (moved: bigint, ...quantities: readonly bigint[]): bigint => {
    const view = market({ fundingIndex: moved });
    return -quantities.reduce(
      (sum, quantity) =>
        sum + settle(view, { marketId: 1, quantity: base(quantity), entryValue: quote(0n), fundingIndex: 0n }).cash,
      0n,
    );
  };
  const half = 500_000_000_000_000n;
  // An index of half a quantum for each base quantum, then of a quarter.
  assert.equal(dust(half, 2n, 2n, -4n), 0n);
  assert.equal(dust(half, 1n, 3n, -4n), 1n);
  assert.equal(dust(half / 2n, 1n, 1n, -2n), 2n);
  assert.equal(dust(half / 2n, 1n, 2n, -3n), 2n);
});

test('median with ties: the lower of two halves, whatever the order', () => {
  const at = (...reports: readonly (readonly [bigint, bigint])[]): bigint | undefined =>
    weightedMedian(reports.map(([value, power]) => ({ price: value, power })));
  assert.equal(at([100n, 1n], [102n, 1n]), 100n);
  assert.equal(at([102n, 1n], [100n, 1n]), 100n);
  assert.equal(at([100n, 1n], [102n, 2n]), 102n);
  assert.equal(at([100n, 1n], [101n, 1n], [101n, 1n], [102n, 1n]), 101n);
  assert.equal(at(), undefined);
});

test('the clamp doubles in each block that holds the price back, sixteenfold at most, and starts anew the other way', () => {
  const width = (clampedBlocks: number, direction: 1 | -1): bigint =>
    clampWidth({ price: 1_000_000n, clampedBlocks, variance: 0n }, 10_000, direction);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((blocks) => width(blocks, 1)),
    [10_000_000n, 20_000_000n, 40_000_000n, 80_000_000n, 160_000_000n, 160_000_000n],
  );
  assert.equal(width(3, -1), 10_000_000n);
  assert.equal(width(-3, -1), 80_000_000n);
});
