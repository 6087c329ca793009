import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { equity } from '../margin/equity.js';
import { maintenanceMargin, maintenanceMarginOf } from '../margin/maintenance.js';
import { accountWith, market, marketsOf, riskParams, signed } from '../testing/values.js';
import { base, ppb, ppm, price, quote, type AccountView, type MarketView, type RiskParams } from '../types.js';
import { allocateByMargin } from './allocate.js';
import { limitDistance } from './limits.js';
import { penaltyRate } from './penalty.js';
import { planClose, planCloseRiskiest, type CloseStep } from './plan-close.js';
import { trigger } from './trigger.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 200);
const ceil = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
const size = (quantity: bigint): bigint => (quantity < 0n ? -quantity : quantity);

/** Neither slices nor least sizes: the solver alone. */
const unbounded: RiskParams = {
  ...riskParams,
  sliceNotional: quote(1n << 90n),
  minLiquidationAB: quote(0n),
  minLiquidationCD: quote(0n),
};
const deep = quote(1n << 80n);
const never = (): boolean => false;

/** An account whose equity is so many thousandths of its maintenance margin. */
function atHealth(permille: bigint, ...held: readonly (readonly [MarketView, bigint])[]): AccountView {
  const markets = marketsOf(...held.map(([view]) => view));
  const account = accountWith(0n, held);
  const wanted = (maintenanceMargin(account, markets) * permille) / 1_000n;
  return { ...account, cash: quote(account.cash - equity(account, markets) + wanted) };
}

/** H of section 10.2 in whole quanta times 10^6, written out again: equity after costs less tau times margin after. */
function healthAfter(account: AccountView, views: readonly MarketView[], closed: ReadonlyMap<number, bigint>): bigint {
  const markets = marketsOf(...views);
  const e = equity(account, markets);
  const mm = maintenanceMargin(account, markets);
  const h = ppm(e <= 0n ? 0n : e >= mm ? 1_000_000n : (e * 1_000_000n) / mm);
  const shares = allocateByMargin(
    e,
    account.positions.map(({ marketId, quantity }) => maintenanceMarginOf(markets(marketId), quantity)),
  );
  let left: bigint = e;
  let margin = 0n;
  for (const [index, { marketId, quantity }] of account.positions.entries()) {
    const view = markets(marketId);
    const worth = (q: bigint): bigint => ceil(q * view.markPrice, view.quoteDivisor);
    const distance = limitDistance(
      h,
      view,
      quote(shares[index]!),
      quote(worth(size(quantity))),
      false,
      unbounded,
    ) as bigint;
    const cost = penaltyRate(h, view, unbounded) + (distance > 0n ? distance / 2n : 0n);
    const part = closed.get(marketId) ?? 0n;
    left -= ceil(worth(part) * cost, 1_000_000n);
    margin += maintenanceMarginOf(view, base(size(quantity) - part));
  }
  return 1_000_000n * left - unbounded.targetHealth * margin;
}
const closedBy = (steps: readonly CloseStep[]): Map<number, bigint> =>
  new Map(steps.map(({ marketId, quantity }) => [marketId, quantity]));

describe('single market', () => {
  test('a long at 40x is liquidated below p * (1 - 1/L) / (1 - m), to the tick', () => {
    // Class A floor 1.25 %: 60,000 * (1 - 1/40) / (1 - 0.0125) = 59,240.506…
    const at = (mark: bigint): MarketView =>
      market({ markPrice: price(mark), quoteDivisor: 1n, maintenanceRate: ppb(12_500_000n), depthUnit: deep });
    const [entry, quantity] = [6_000_000_000n, 1_000_000n];
    const account = accountWith((entry * quantity) / 40n, [[at(entry), quantity]]);
    const fails = (mark: bigint): boolean =>
      trigger({
        equity: equity(account, marketsOf(at(mark))),
        maintenanceMargin: maintenanceMargin(account, marketsOf(at(mark))),
        underwaterHeight: 9n,
        height: 10n,
        params: riskParams,
      }) !== undefined;
    assert.equal((entry * 975_000n) / 987_500n, 5_924_050_632n);
    assert.equal(fails(5_924_050_633n), false);
    assert.equal(fails(5_924_050_632n), true);
  });
  test('the closed form of section 10.2 to the step: 96 % of margin closes 17.75 %', () => {
    const view = market({ depthUnit: deep });
    const [step] = planClose(atHealth(960n, [view, 100_000_000_000n]), marketsOf(view), unbounded, never);
    // N = 10^13, MM = 2.5 * 10^11, E = 2.4 * 10^11, h = 0.96: penalty 1,000 + ceil(18.4) ppm, distance 1,960 ppm.
    const cost = 1_000n + 19n + 1_960n / 2n;
    const [tau, mm, e, s] = [1_150_000n, 250_000_000_000n, 240_000_000_000n, 25_000n];
    const x = ceil(tau * mm - e * 1_000_000n, (tau * s) / 1_000_000n - cost);
    assert.ok(size(step!.quantity * 100n - x) <= 200n, `${step!.quantity} against ${x / 100n}`);
    assert.equal(step!.side, 'sell');
    assert.equal(step!.penaltyRate, 1_019n);
    assert.equal(step!.limitPrice, 99_804n);
  });
  test('a step worth far less than one quantum changes nothing: the same share closes', () => {
    for (const [permille, share] of [
      [960n, 1_775n],
      [700n, 4_974n],
      [300n, 10_000n],
      [0n, 10_000n],
      [-100n, 10_000n],
    ] as const) {
      for (const divisor of [1_000n, 16_000n, 100_000n, 100_000_000n]) {
        const view = market({ depthUnit: deep, quoteDivisor: divisor });
        const quantity = 10_000_000n * divisor;
        const [step] = planClose(atHealth(permille, [view, quantity]), marketsOf(view), unbounded, never);
        assert.equal((step!.quantity * 10_000n) / quantity, share, `divisor ${divisor}, health ${permille}`);
      }
    }
  });
  test('INV-L2 the least that suffices: one step less would end under target health', () => {
    fc.assert(
      fc.property(
        signed(1n << 36n),
        fc.bigInt({ min: 1n, max: 999n }),
        fc.constantFrom(1n, 7n, 1_000n),
        fc.constantFrom(1_000n, 1_013n, 100_000n),
        fc.constantFrom(1n << 30n, 1n << 36n, 1n << 80n),
        (quantity, permille, stepSize, quoteDivisor, depth) => {
          const view = market({ stepSize, quoteDivisor, depthUnit: quote(depth) });
          fc.pre(size(quantity) > 1_000_000n);
          const account = atHealth(permille, [view, quantity]);
          const [step] = planClose(account, marketsOf(view), unbounded, never);
          const at = (closed: bigint): bigint => healthAfter(account, [view], new Map([[1, closed]]));
          if (step!.quantity < size(quantity)) {
            assert.equal(step!.quantity % stepSize, 0n);
            assert.ok(at(step!.quantity) >= 0n, 'enough');
          }
          if (step!.quantity > stepSize) {
            const less = step!.quantity - (step!.quantity % stepSize === 0n ? stepSize : step!.quantity % stepSize);
            assert.ok(at(less) < 0n, 'least');
          }
        },
      ),
      { numRuns },
    );
  });
});

describe('several markets', () => {
  test('the market that gives back most margin for its size closes first', () => {
    const [one, two] = [
      market({ depthUnit: deep }),
      market({ id: 2, maintenanceRate: ppb(100_000_000n), depthUnit: deep }),
    ];
    const account = atHealth(950n, [one, 1_000_000_000n], [two, -1_000_000_000n]);
    const steps = planClose(account, marketsOf(one, two), unbounded, never);
    assert.deepEqual(
      steps.map(({ marketId, side }) => [marketId, side]),
      [[2, 'buy']],
    );
  });
  test('equal markets close in the order of their ids', () => {
    const [one, two] = [market({ depthUnit: deep }), market({ id: 2, depthUnit: deep })];
    const account = atHealth(950n, [one, 1_000_000_000n], [two, 1_000_000_000n]);
    assert.deepEqual(
      planClose(account, marketsOf(one, two), unbounded, never).map(({ marketId }) => marketId),
      [1],
    );
  });
  test('INV-L2 as many markets as it takes, all but the last whole, and no more than suffices', () => {
    const views = [
      market({ depthUnit: quote(1n << 32n) }),
      market({ id: 2, markPrice: price(5_003n), maintenanceRate: ppb(50_000_000n), depthUnit: deep, stepSize: 10n }),
      market({ id: 3, class: 'C', maintenanceRate: ppb(100_000_000n), quoteDivisor: 13n, depthUnit: deep }),
    ];
    fc.assert(
      fc.property(
        fc.tuple(signed(1n << 34n), signed(1n << 38n), signed(1n << 28n)),
        fc.bigInt({ min: -200n, max: 999n }),
        (quantities, permille) => {
          const held = views.map((view, i) => [view, quantities[i]! - (quantities[i]! % 10n)] as const);
          fc.pre(held.every(([, quantity]) => size(quantity) > 100_000n));
          const account = atHealth(permille, ...held);
          const steps = planClose(account, marketsOf(...views), unbounded, never);
          assert.ok(steps.length > 0);
          const whole = (step: CloseStep): boolean =>
            step.quantity === size(account.positions.find(({ marketId }) => marketId === step.marketId)!.quantity);
          assert.ok(steps.slice(0, -1).every(whole), 'a market follows only when the one before is closed');
          const [last] = steps.slice(-1);
          const closed = closedBy(steps);
          const enough = healthAfter(account, views, closed) >= 0n;
          assert.ok(enough || (steps.length === views.length && whole(last!)), 'enough, or everything');
          const view = views.find(({ id }) => id === last!.marketId)!;
          if (enough && last!.quantity > view.stepSize) {
            closed.set(last!.marketId, last!.quantity - view.stepSize);
            assert.ok(healthAfter(account, views, closed) < 0n, 'one step less is not enough');
          }
        },
      ),
      { numRuns },
    );
  });
  test('beyond the bound of the solver the position with the largest margin closes whole', () => {
    const views = [market(), market({ id: 2, maintenanceRate: ppb(50_000_000n) }), market({ id: 3 })];
    const account = atHealth(900n, [views[0]!, 150_000_000n], [views[1]!, -100_000_000n], [views[2]!, 50_000_000n]);
    assert.deepEqual(
      planCloseRiskiest(account, marketsOf(...views), riskParams, never).map(({ marketId, side, quantity }) => [
        marketId,
        side,
        quantity,
      ]),
      [[2, 'buy', 100_000_000n]],
    );
    assert.deepEqual(planCloseRiskiest({ ...account, positions: [] }, marketsOf(...views), riskParams, never), []);
  });
});

describe('least and largest sizes', () => {
  // One quantum is worth 100: a position of 10^9 quanta is 100,000 USDC.
  const view = market({ depthUnit: deep });
  const closes = (quantity: bigint, permille: bigint, changes: Partial<MarketView> = {}): bigint => {
    const other = { ...view, ...changes };
    return planClose(atHealth(permille, [other, quantity]), marketsOf(other), riskParams, never)[0]!.quantity;
  };
  test('at least 2,000 USDC in classes A and B, 500 in C and D', () => {
    assert.equal(closes(100_000_000n, 999n), 20_000_000n);
    assert.equal(closes(100_000_000n, 999n, { class: 'B' }), 20_000_000n);
    assert.equal(closes(30_000_000n, 990n, { class: 'C' }), 5_000_000n);
    assert.equal(closes(30_000_000n, 990n, { class: 'D' }), 5_000_000n);
  });
  test('everything when less than the least would stay', () => {
    assert.equal(closes(30_000_000n, 990n), 30_000_000n);
    assert.equal(closes(10_000_000n, 990n), 10_000_000n);
    assert.equal(closes(10_000_000n, 990n, { class: 'C' }), 5_000_000n, 'exactly the least may stay');
    assert.equal(closes(9_999_999n, 990n, { class: 'C' }), 9_999_999n);
  });
  test('from 67 % health a quarter or 20,000 USDC in one block, whichever is more; below it no limit', () => {
    assert.equal(closes(20_000_000_000n, 800n), 5_000_000_000n);
    assert.equal(closes(20_000_000_000n, 670n), 5_000_000_000n);
    assert.ok(closes(20_000_000_000n, 669n) > 10_000_000_000n);
    assert.equal(closes(410_000_000n, 680n), 200_000_000n);
  });
  test('in whole steps, rounded up, never beyond the position', () => {
    assert.equal(closes(100_000_001n, 999n, { stepSize: 7_000_000n }), 21_000_000n);
    assert.equal(closes(100_000_001n, 100n, { stepSize: 7_000_000n }), 100_000_001n);
  });
});

describe('costs', () => {
  test('INV-L7 in every class a close costs less than the margin it frees, whatever the health', () => {
    for (const [name, rate] of [
      ['A', 12_500_000n],
      ['A', 25_000_000n],
      ['B', 50_000_000n],
      ['C', 100_000_000n],
      ['D', 200_000_000n],
    ] as const) {
      const view = market({ class: name, maintenanceRate: ppb(rate) });
      const worth = 1_000_000_000_000n;
      for (let h = 0n; h <= 1_000_000n; h += 5_000n) {
        // Concentration can raise the margin behind the share up to 8 % of notional.
        for (const margin of [(worth * rate) / 1_000_000_000n, (worth * (rate + 80_000_000n)) / 1_000_000_000n]) {
          const share = quote((margin * h) / 1_000_000n);
          const distance = limitDistance(ppm(h), view, share, quote(worth), true, riskParams);
          const cost = penaltyRate(ppm(h), view, riskParams) + distance / 2n;
          assert.ok(
            cost * 1_000_000_000n < riskParams.targetHealth * rate,
            `class ${name}, h ${h}: cost ${cost} ppm against m ${rate} ppb`,
          );
        }
      }
    }
  });
});
