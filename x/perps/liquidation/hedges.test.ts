import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { equity } from '../margin/equity.js';
import { loadingOf } from '../margin/loading.js';
import { maintenanceMargin, maintenanceMarginOf } from '../margin/maintenance.js';
import { accountWith, market, marketsOf, riskParams } from '../testing/values.js';
import { base, ppb, ppm, quote, type AccountView, type MarketView, type Quote, type RiskParams } from '../types.js';
import { allocateByMargin } from './allocate.js';
import { contributions } from './contributions.js';
import { limitDistance } from './limits.js';
import { penaltyRate } from './penalty.js';
import { planClose, planCloseRiskiest } from './plan-close.js';
import { deleverageCandidate, waterFill, type DeleverageCandidate } from './water-fill.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 150);
const size = (x: bigint): bigint => (x < 0n ? -x : x);
const ceil = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const never = (): boolean => false;
const deep = quote(1n << 80n);

/** Neither slices nor least sizes: the solver alone. */
const unbounded: RiskParams = {
  ...riskParams,
  sliceNotional: quote(1n << 90n),
  minLiquidationAB: quote(0n),
  minLiquidationCD: quote(0n),
};

/** A market of cluster 1 whose step is worth 10 USDC. */
const member = (id: number, rho: bigint, changes: Partial<MarketView> = {}): MarketView =>
  market({ id, loading: loadingOf(1, [ppm(rho)]), depthUnit: deep, stepSize: 100_000n, ...changes });

function atHealth(permille: bigint, ...held: readonly (readonly [MarketView, bigint])[]): AccountView {
  const markets = marketsOf(...held.map(([view]) => view));
  const account = accountWith(0n, held);
  const wanted = (maintenanceMargin(account, markets) * permille) / 1_000n;
  return { ...account, cash: quote(account.cash - equity(account, markets) + wanted) };
}

/** H of section 10.2 after closing so much of each market, written out again. */
function scorer(account: AccountView, views: readonly MarketView[]) {
  const markets = marketsOf(...views);
  const [e, mm] = [equity(account, markets), maintenanceMargin(account, markets)];
  const h = ppm(e <= 0n ? 0n : e >= mm ? 1_000_000n : (e * 1_000_000n) / mm);
  const shares = allocateByMargin(e, contributions(account, markets));
  const costs = account.positions.map(({ marketId, quantity }, i) => {
    const view = markets(marketId);
    const worth = quote(ceil(size(quantity) * view.markPrice, view.quoteDivisor));
    const distance: bigint = limitDistance(h, view, quote(shares[i]!), worth, false, unbounded);
    return penaltyRate(h, view, unbounded) + (distance > 0n ? distance / 2n : 0n);
  });
  return (closed: ReadonlyMap<number, bigint>): bigint => {
    let left: bigint = e;
    const positions = account.positions.map((position, i) => {
      const part = closed.get(position.marketId) ?? 0n;
      const view = markets(position.marketId);
      left -= ceil(ceil(part * view.markPrice, view.quoteDivisor) * costs[i]!, 1_000_000n);
      return {
        ...position,
        quantity: base(position.quantity > 0n ? position.quantity - part : position.quantity + part),
      };
    });
    const rest = positions.filter(({ quantity }) => quantity !== 0n);
    return 1_000_000n * left - unbounded.targetHealth * maintenanceMargin({ ...account, positions: rest }, markets);
  };
}

describe('contributions', () => {
  const pair = [member(1, 950_000n), member(2, 950_000n)] as const;
  const of = (a: bigint, b: bigint): bigint[] =>
    contributions(
      accountWith(0n, [
        [pair[0], a],
        [pair[1], b],
      ]),
      marketsOf(...pair),
    );
  test('halves of a balanced pair, nothing for a leg that only hedges', () => {
    assert.deepEqual(of(100_000n, -100_000n), [78_063n, 78_062n]);
    assert.deepEqual(of(100_000n, 100_000n), [250_000n, 250_000n]);
    // The long alone explains all of it: 0.95^2 * 80 > 0.0975 * 120 for the short.
    assert.deepEqual(of(100_000n, -20_000n), [211_838n, 0n]);
  });
  test('they sum to the margin, whatever binds', () => {
    fc.assert(
      fc.property(portfolios(), ({ views, held }) => {
        const account = accountWith(
          0n,
          views.map((view, i) => [view, held[i]!] as const),
        );
        const parts = contributions(account, marketsOf(...views));
        assert.equal(sum(parts), maintenanceMargin(account, marketsOf(...views)));
        assert.ok(parts.every((part) => part >= 0n));
      }),
      { numRuns },
    );
  });
});

/** Three markets, mostly in one cluster, of at most 40 steps each. */
function portfolios() {
  const one = fc.record({
    rho: fc.constantFrom(950_000n, 900_000n, 700_000n, 300_000n, 0n),
    cluster: fc.constantFrom(1, 1, 1, 2),
    rate: fc.constantFrom(12_500_000n, 25_000_000n, 50_000_000n),
    steps: fc.bigInt({ min: -40n, max: 40n }).filter((n) => n !== 0n),
    shock: fc.option(fc.constantFrom(-300_000n, 100_000n), { freq: 5, nil: undefined }),
    depth: fc.constantFrom(1n << 80n, 1n << 80n, 100_000_000n),
  });
  return fc.array(one, { minLength: 3, maxLength: 3 }).map((drawn) => ({
    views: drawn.map(({ rho, cluster, rate, shock, depth }, i) =>
      member(i + 1, rho, {
        loading: loadingOf(cluster, [ppm(rho)]),
        maintenanceRate: ppb(rate),
        openingRate: ppb(rate),
        shocks: shock === undefined ? [] : [ppm(shock)],
        depthUnit: quote(depth),
      }),
    ),
    held: drawn.map(({ steps }) => steps * 100_000n),
  }));
}

describe('deleveraging hedged accounts (section 13.1)', () => {
  const pair = [member(1, 950_000n, { stepSize: 1n }), member(2, 950_000n, { stepSize: 1n })] as const;
  const markets = marketsOf(...pair);
  const candidate = (key: string, e: bigint, a: bigint, b: bigint): DeleverageCandidate => {
    const account = {
      ...accountWith(e, [
        [pair[0], a],
        [pair[1], b],
      ]),
      key,
    };
    return deleverageCandidate(account, pair[0], markets, quote(e));
  };

  test('a hedged account is closed after an outright one of the same equity and size', () => {
    const both = [candidate('a', 300_000n, 100_000n, -100_000n), candidate('b', 300_000n, 100_000n, 0n)];
    // 250,000 of margin against 156,125: the outright one alone until both are at the same level.
    assert.deepEqual(waterFill(pair[0], 30_000n, both), [0n, 30_000n]);
    const later = waterFill(pair[0], 50_000n, both);
    assert.ok(later[0]! > 0n && later[1]! > later[0]!, `${later}`);
  });
  test('a leg that only hedges is left alone until nothing else is open', () => {
    // The second market is much larger: the first only takes risk off it.
    const hedge = candidate('a', 300_000n, 20_000n, -100_000n);
    const outright = candidate('b', 300_000_000n, 50_000n, 0n);
    assert.deepEqual(waterFill(pair[0], 50_000n, [hedge, outright]), [0n, 50_000n]);
    assert.deepEqual(waterFill(pair[0], 57_000n, [hedge, outright]), [7_000n, 50_000n]);
    const two = candidate('c', 300_000n, 10_000n, -100_000n);
    assert.deepEqual(waterFill(pair[0], 65_000n, [hedge, outright, two]), [10_000n, 50_000n, 5_000n]);
    assert.deepEqual(waterFill(pair[0], 90_000n, [hedge, outright, two]), [20_000n, 50_000n, 10_000n]);
  });
  test('stress vectors count as in any margin', () => {
    const stressed = { ...pair[0], shocks: [ppm(-500_000n)] };
    const account = accountWith(10_000_000n, [[stressed, 100_000n]]);
    const one = deleverageCandidate(account, stressed, marketsOf(stressed), quote(10_000_000n));
    // 50 % of 10,000,000 instead of 2.5 %: risk 0.5 against 0.25 of an account with twice the equity.
    const two = { ...deleverageCandidate(account, stressed, marketsOf(stressed), quote(20_000_000n)), key: 'b' };
    assert.deepEqual(waterFill(stressed, 50_000n, [one, two]), [50_000n, 0n]);
    assert.deepEqual(waterFill(stressed, 80_000n, [one, two]), [60_000n, 20_000n]);
  });
  test('INV-A1 INV-A4 the quantity exactly, one level for all the touched, hedges only when nothing else is left', () => {
    let hedges = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(portfolios(), fc.bigInt({ min: 1n, max: 3_000n })), { minLength: 1, maxLength: 6 }),
        fc.bigInt({ min: 1n, max: 1_000n }),
        (drawn, permille) => {
          const [{ views }] = drawn[0]!;
          const all = marketsOf(...views);
          const [first] = views;
          const candidates = drawn.map(([{ held }, part], i) => {
            const account = {
              ...accountWith(0n, [
                [first!, size(held[0]!)],
                [views[1]!, held[1]!],
                [views[2]!, held[2]!],
              ]),
              key: `${i}`,
            };
            const e = (maintenanceMargin(account, all) * part) / 1_000n;
            return deleverageCandidate(account, first!, all, quote(e));
          });
          const total = sum(candidates.map((each) => each.size));
          const quantity = ((total * permille) / 100_000_000n) * 100_000n;
          const cuts = waterFill(first!, quantity, candidates);
          assert.equal(sum(cuts), quantity);
          const marginAfter = (i: number, cut: bigint): bigint => {
            const each = candidates[i]!;
            const kept = each.size - cut;
            if (each.marginAt !== undefined) return each.marginAt(kept);
            return each.otherMargin + maintenanceMarginOf(first!, base(kept));
          };
          const step = 100_000n;
          const lowers = (i: number, from: bigint): boolean =>
            from < candidates[i]!.size && marginAfter(i, from + step) < marginAfter(i, from);
          const open = candidates.some((_, i) => lowers(i, cuts[i]!));
          // The level: the largest risk that another step could still lower.
          let level = 0n;
          for (const [i, each] of candidates.entries()) {
            if (each.equity === 0n || !lowers(i, cuts[i]!)) continue;
            const ratio = ceil(marginAfter(i, cuts[i]!) * 1_000_000n, each.equity);
            if (ratio > level) level = ratio;
          }
          for (const [i, each] of candidates.entries()) {
            const cut = cuts[i]!;
            assert.ok(cut >= 0n && cut <= each.size && cut % step === 0n);
            if (cut === 0n || each.equity === 0n) continue;
            if (!open) {
              hedges++;
              continue;
            }
            assert.ok(lowers(i, cut - step), 'a hedge closed although something else was left');
            assert.ok(ceil(marginAfter(i, cut - step) * 1_000_000n, each.equity) >= level, 'cut a step too far');
          }
        },
      ),
      { numRuns },
    );
    assert.ok(hedges > 0);
  });
});

describe('closing hedged accounts', () => {
  test('INV-L2 INV-L7 against brute force: the steepest market, the least that suffices or the best it can do, then the next', () => {
    let hedged = 0;
    fc.assert(
      fc.property(portfolios(), fc.bigInt({ min: 680n, max: 999n }), ({ views, held }, permille) => {
        const account = atHealth(permille, ...views.map((view, i) => [view, held[i]!] as const));
        const score = scorer(account, views);
        const steps = planClose(account, marketsOf(...views), unbounded, never);
        const closed = new Map<number, bigint>();
        const open = new Map(account.positions.map(({ marketId, quantity }) => [marketId, size(quantity)]));
        const expected: (readonly [number, bigint])[] = [];
        const slack = unbounded.targetHealth * 3n;
        const scoresOf = (id: number, whole: bigint): bigint[] =>
          Array.from({ length: Number(whole / 100_000n) + 1 }, (_, n) =>
            score(new Map([...closed, [id, BigInt(n) * 100_000n]])),
          );
        // Where no leg helps alone, all shrink together: another test.
        if ([...open].every(([id, whole]) => scoresOf(id, whole).every((each, _, all) => each <= all[0]! + slack)))
          return;
        for (;;) {
          // Gain of the first per cent for its notional.
          let best: { id: number; gain: bigint; worth: bigint } | undefined;
          for (const [id, whole] of open) {
            const part = whole / 100n;
            const gain = score(new Map([...closed, [id, part]])) - score(closed);
            const worth = ceil(part * 100_000n, 1_000n);
            if (best === undefined || gain * best.worth > best.gain * worth) best = { id, gain, worth };
          }
          if (best === undefined) break;
          const { id } = best;
          const whole = open.get(id)!;
          open.delete(id);
          const scores = scoresOf(id, whole);
          const top = scores.reduce((a, b) => (a > b ? a : b));
          const least = scores.findIndex((each) => each >= 0n);
          const chosen = steps.find(({ marketId }) => marketId === id)?.quantity ?? 0n;
          const found = scores[Number(chosen / 100_000n)]!;
          if (least >= 0) {
            assert.equal(chosen, BigInt(least) * 100_000n, 'the least that suffices');
            expected.push([id, chosen]);
            break;
          }
          assert.ok(top - found <= slack, `market ${id}: ${chosen} gives ${found}, the best is ${top}`);
          assert.ok(chosen === 0n || found > score(closed), 'INV-L7 no close makes the account less healthy');
          if (chosen > 0n && chosen < whole) hedged++;
          closed.set(id, chosen);
          if (chosen > 0n) expected.push([id, chosen]);
        }
        if (expected.length > 0)
          assert.deepEqual(
            steps.map(({ marketId, quantity }) => [marketId, quantity]),
            expected,
          );
      }),
      { numRuns },
    );
    assert.ok(hedged > 0, 'no leg was closed up to its best and not whole');
  });
  test('INV-L2 an account too ill for slices ends at target health, or with nothing open', () => {
    fc.assert(
      fc.property(portfolios(), fc.bigInt({ min: -100n, max: 669n }), ({ views, held }, permille) => {
        const account = atHealth(permille, ...views.map((view, i) => [view, held[i]!] as const));
        const steps = planClose(account, marketsOf(...views), unbounded, never);
        const closed = new Map<number, bigint>(steps.map(({ marketId, quantity }) => [marketId, quantity]));
        const everything = account.positions.every(({ marketId, quantity }) => closed.get(marketId) === size(quantity));
        const score = scorer(account, views)(closed);
        assert.ok(everything || score >= 0n, `${score}`);
        assert.ok(steps.every(({ quantity }) => quantity > 0n && quantity % 100_000n === 0n));
      }),
      { numRuns },
    );
  });
  test('a hedge leg is not closed while its other leg helps more', () => {
    const views = [member(1, 950_000n), member(2, 950_000n)];
    const account = atHealth(950n, [views[0]!, 100_000_000n], [views[1]!, -20_000_000n]);
    const steps = planClose(account, marketsOf(...views), unbounded, never);
    assert.deepEqual(
      steps.map(({ marketId, side }) => [marketId, side]),
      [[1, 'sell']],
    );
  });
  test('the least size does not take a hedge away', () => {
    // Legs of 1,500 USDC, less than the 2,000 that a liquidation closes at least.
    const views = [member(1, 950_000n), member(2, 950_000n)];
    const account = atHealth(990n, [views[0]!, 15_000_000n], [views[1]!, -15_000_000n]);
    const [step] = planClose(account, marketsOf(...views), riskParams, never);
    assert.ok(step!.quantity < 5_000_000n, `${step!.quantity}`);
  });
  test('beyond the bound of the solver a hedged account closes whole', () => {
    const views = [member(1, 950_000n), member(2, 950_000n)];
    const account = atHealth(900n, [views[0]!, 100_000_000n], [views[1]!, -90_000_000n]);
    assert.deepEqual(
      planCloseRiskiest(account, marketsOf(...views), riskParams, never).map(({ side, quantity }) => [side, quantity]),
      [
        ['sell', 100_000_000n],
        ['buy', 90_000_000n],
      ],
    );
  });
  test('a bounded number of margin evaluations for a position of 2^50 quanta', () => {
    let evaluations = 0;
    const counted = (view: MarketView): MarketView =>
      new Proxy(view, {
        get(target, property) {
          if (property === 'maintenanceRate') evaluations++;
          return Reflect.get(target, property) as Quote;
        },
      });
    const views = [member(1, 950_000n, { stepSize: 1n }), member(2, 950_000n, { stepSize: 1n })];
    const account = atHealth(700n, [views[0]!, 1n << 50n], [views[1]!, -(1n << 50n)]);
    planClose(account, marketsOf(...views.map(counted)), unbounded, never);
    assert.ok(evaluations < 600, `${evaluations}`);
  });
});
