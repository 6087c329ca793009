import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { equity } from '../margin/equity.js';
import { maintenanceMargin, maintenanceMarginOf } from '../margin/maintenance.js';
import { applyFill } from '../matching/fill.js';
import { accountWith, market, marketsOf, riskParams, signed } from '../testing/values.js';
import { base, ppm, price, quote, type AccountView, type MarketView } from '../types.js';
import { notional } from '../units/index.js';
import { allocateByMargin } from './allocate.js';
import { planHaircut, type Payer } from './haircut.js';
import { bankruptcyPrice, limitDistance, limitPrice } from './limits.js';
import { penaltyFor, penaltyRate } from './penalty.js';
import { planClose } from './plan-close.js';
import { trigger, type Trigger } from './trigger.js';
import { waterFill, type DeleverageCandidate } from './water-fill.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

describe('trigger (section 10.1)', () => {
  const at = (e: bigint, underwaterHeight: bigint) =>
    trigger({ equity: quote(e), maintenanceMargin: quote(100n), underwaterHeight, height: 10n, params: riskParams });
  const table: readonly (readonly [what: string, equity: bigint, since: bigint, expected: Trigger | undefined])[] = [
    ['healthy', 100n, 9n, undefined],
    ['under water for the first block', 99n, 0n, undefined],
    ['under water two blocks in a row', 99n, 9n, 'second-block'],
    ['under water again after a healthy block', 99n, 8n, undefined],
    ['under 80 % at once', 79n, 0n, 'below-grace'],
    ['80 % waits', 80n, 0n, undefined],
    ['bankrupt at once', -1n, 0n, 'bankrupt'],
  ];
  for (const [what, e, since, expected] of table) test(what, () => assert.equal(at(e, since), expected));
});

describe('penalty (section 10.4)', () => {
  const view = market();
  test('10 bp at full health, half the maintenance rate at none, quadratic between', () => {
    assert.equal(penaltyRate(ppm(1_000_000n), view, riskParams), 1_000n);
    assert.equal(penaltyRate(ppm(0n), view, riskParams), 12_500n);
    assert.equal(penaltyRate(ppm(500_000n), view, riskParams), 1_000n + 2_875n);
  });
  test('INV-L5 never more than the equity left', () => {
    assert.equal(penaltyFor(quote(1_000_000n), ppm(10_000n), quote(4_000n)), 4_000n);
    assert.equal(penaltyFor(quote(1_000_000n), ppm(10_000n), quote(-4_000n)), 0n);
    assert.equal(penaltyFor(quote(1_000_001n), ppm(10_000n), quote(50_000n)), 10_001n);
  });
});

describe('price limits (section 10.3)', () => {
  const view = market();
  test('the bankruptcy price uses up the equity share exactly, rounded towards mark', () => {
    assert.equal(bankruptcyPrice(view, base(1_000n), quote(2_000n)), 98_000n);
    assert.equal(bankruptcyPrice(view, base(-1_000n), quote(2_000n)), 102_000n);
    assert.equal(bankruptcyPrice(view, base(3n), quote(1n)), 100_000n - 333n);
  });
  test('INV-L3 near health the limit stays within 10 bp to m and within own equity', () => {
    const at = (h: bigint, share: bigint) =>
      limitDistance(ppm(h), view, quote(share), quote(1_000_000n), false, riskParams);
    assert.equal(at(1_000_000n, 900_000n), 1_000n);
    assert.equal(at(670_000n, 900_000n), 1_000n + 7_920n);
    assert.equal(at(670_000n, 3_000n), 3_000n);
  });
  test('further down it widens, and the tranche adds half of m', () => {
    const at = (pays: boolean) =>
      limitDistance(ppm(400_000n), view, quote(1_000n), quote(1_000_000n), pays, riskParams);
    assert.equal(at(false), 1_000n);
    assert.equal(at(true), 13_500n);
  });
  test('limits are on tick, never beyond the distance', () => {
    const coarse = market({ tickSize: 7n });
    assert.equal(limitPrice(coarse, base(1n), ppm(1_000n)) % 7n, 0n);
    assert.ok(limitPrice(coarse, base(1n), ppm(1_000n)) >= 99_900n);
    assert.ok(limitPrice(coarse, base(-1n), ppm(1_000n)) <= 100_100n);
  });
});

/** The account after a step filled at mark and paid its penalty. */
function afterClose(
  account: AccountView,
  views: readonly MarketView[],
  steps: ReturnType<typeof planClose>,
): AccountView {
  let { cash, positions } = account;
  for (const step of steps) {
    const view = views.find(({ id }) => id === step.marketId)!;
    const held = positions.find(({ marketId }) => marketId === view.id)!;
    const fill = applyFill(view, held, step.side, step.quantity, view.markPrice);
    positions = [...positions.filter((each) => each !== held), ...(fill.position === undefined ? [] : [fill.position])];
    const closed = notional(view, step.quantity);
    cash = quote(cash + fill.cash);
    cash = quote(
      cash - penaltyFor(closed, step.penaltyRate, equity({ ...account, cash, positions }, marketsOf(...views))),
    );
  }
  return { ...account, cash, positions };
}

describe('what is closed (section 10.2)', () => {
  test('INV-L2 a partial close ends at the target health', () => {
    // 10,000,000 USDC at 2.5 %: MM 250,000. Equity 240,000 is 96 % of it.
    const view = market({ depthUnit: quote(1n << 60n) });
    const account = accountWith(240_000_000_000n, [[view, 100_000_000_000n]]);
    const params = { ...riskParams, sliceNotional: quote(1n << 60n) };
    const steps = planClose(account, marketsOf(view), params, () => false);
    assert.equal(steps.length, 1);
    const after = afterClose(account, [view], steps);
    const [e, mm] = [equity(after, marketsOf(view)), maintenanceMargin(after, marketsOf(view))];
    // The plan reserves half the limit distance; filled at mark the account ends a little above 1.15.
    assert.ok(e * 100n >= mm * 115n && e * 100n <= mm * 125n, `health ${Number(e) / Number(mm)}`);
  });
  test('INV-L4, INV-L7 a close reduces a position, and what it plans brings the account nearer to target health', () => {
    const views = [
      market(),
      market({ id: 2, markPrice: price(5_000n), maintenanceRate: market().maintenanceRate }),
      market({ id: 3, class: 'B' }),
    ];
    const markets = marketsOf(...views);
    fc.assert(
      fc.property(
        fc.tuple(signed(1n << 36n), signed(1n << 40n), signed(1n << 36n)),
        fc.integer({ min: -200, max: 999 }),
        (sizes, healthPermille) => {
          const empty = accountWith(
            0n,
            views.map((view, i) => [view, sizes[i]!] as const),
          );
          const mm = maintenanceMargin(empty, markets);
          fc.pre(mm > 0n);
          const account = {
            ...empty,
            cash: quote(empty.cash - equity(empty, markets) + (mm * BigInt(healthPermille)) / 1000n),
          };
          const steps = planClose(account, markets, riskParams, () => false);
          assert.ok(steps.length > 0, 'a failing account always closes something');
          for (const { marketId, side, quantity } of steps) {
            const held = account.positions.find((each) => each.marketId === marketId)!.quantity;
            assert.equal(side, held > 0n ? 'sell' : 'buy');
            assert.ok(quantity > 0n && quantity <= (held < 0n ? -held : held));
          }
          if (healthPermille <= 0) return;
          const after = afterClose(account, views, steps);
          const [e0, e1] = [equity(account, markets), equity(after, markets)];
          const mm1 = maintenanceMargin(after, markets);
          const distance = (e: bigint, margin: bigint): bigint => 1_000_000n * e - riskParams.targetHealth * margin;
          assert.ok(distance(e1, mm1) > distance(e0, mm), 'H(x) > H(0)');
        },
      ),
      { numRuns },
    );
  });
});

describe('allocation', () => {
  test('parts sum to the total and follow the weights to the unit', () => {
    assert.deepEqual(allocateByMargin(10n, [1n, 1n, 1n]), [4n, 3n, 3n]);
    assert.deepEqual(allocateByMargin(-10n, [3n, 1n]), [-8n, -2n]);
    assert.deepEqual(allocateByMargin(5n, [0n, 0n]), [5n, 0n]);
    fc.assert(
      fc.property(
        signed(1n << 60n),
        fc.array(fc.bigInt({ min: 0n, max: 1n << 50n }), { minLength: 1, maxLength: 8 }),
        (total, weights) => {
          assert.equal(sum(allocateByMargin(total, weights)), total);
        },
      ),
      { numRuns },
    );
  });
});

describe('deleveraging (section 13.1)', () => {
  const view = market({ depthUnit: quote(1n << 60n) });
  const candidateArb = fc.record({
    size: fc.bigInt({ min: 1n, max: 1_000_000_000n }),
    equity: fc.bigInt({ min: 0n, max: 10_000_000_000n }),
    otherMargin: fc.bigInt({ min: 0n, max: 50_000_000n }),
  });
  const candidatesArb = fc.array(candidateArb, { minLength: 1, maxLength: 12 }).map((list) =>
    list.map((each, index): DeleverageCandidate => ({
      key: String(index).padStart(3, '0'),
      size: each.size,
      equity: quote(each.equity),
      otherMargin: quote(each.otherMargin),
    })),
  );
  const ratio = (each: DeleverageCandidate, cut: bigint): bigint =>
    each.equity === 0n
      ? 0n
      : ((each.otherMargin + maintenanceMarginOf(view, base(each.size - cut))) * 1_000_000n) / each.equity;

  test('the riskiest is cut first, down to the level of the next', () => {
    const of = (key: string, size: bigint, e: bigint): DeleverageCandidate => ({
      key,
      size,
      equity: quote(e),
      otherMargin: quote(0n),
    });
    // Equal sizes, leverage 40, 20 and 4: cutting 500 takes all from the first.
    const cuts = waterFill(view, 500_000n, [
      of('a', 1_000_000n, 2_500_000n),
      of('b', 1_000_000n, 5_000_000n),
      of('c', 1_000_000n, 25_000_000n),
    ]);
    assert.deepEqual(cuts, [500_000n, 0n, 0n]);
    const deeper = waterFill(view, 900_000n, [
      of('a', 1_000_000n, 2_500_000n),
      of('b', 1_000_000n, 5_000_000n),
      of('c', 1_000_000n, 25_000_000n),
    ]);
    assert.equal(sum(deeper), 900_000n);
    assert.equal(deeper[2], 0n);
    assert.ok(deeper[0]! > 600_000n && deeper[1]! > 150_000n);
  });
  test('INV-A1 reductions sum exactly to the quantity and stay within sizes', () => {
    fc.assert(
      fc.property(candidatesArb, fc.bigInt({ min: 0n, max: 12_000_000_000n }), (candidates, quantity) => {
        const cuts = waterFill(view, quantity, candidates);
        const all = sum(candidates.map(({ size }) => size));
        assert.equal(sum(cuts), quantity < all ? quantity : all);
        cuts.forEach((cut, index) => assert.ok(cut >= 0n && cut <= candidates[index]!.size));
      }),
      { numRuns },
    );
  });
  test('INV-A4 nobody untouched is riskier than the touched end up, up to rounding', () => {
    fc.assert(
      fc.property(candidatesArb, fc.integer({ min: 1, max: 99 }), (candidates, percent) => {
        const solvent = candidates.map((each) => ({
          ...each,
          equity: quote(each.equity + 1_000_000n),
          otherMargin: quote(0n),
        }));
        const quantity = (sum(solvent.map(({ size }) => size)) * BigInt(percent)) / 100n;
        const cuts = waterFill(view, quantity, solvent);
        const after = solvent.map((each, index) => ratio(each, cuts[index]!));
        const highest = after.reduce((a, b) => (a > b ? a : b));
        solvent.forEach((each, index) => {
          // Whoever was cut was above the level; units given back are the last ones.
          if (cuts[index]! > BigInt(solvent.length)) assert.ok(ratio(each, 0n) >= after[index]!);
        });
        assert.ok(highest <= solvent.map((each) => ratio(each, 0n)).reduce((a, b) => (a > b ? a : b)));
      }),
      { numRuns },
    );
  });
  test('INV-A5 splitting an account in two changes what it loses by rounding only', () => {
    const whole: DeleverageCandidate = {
      key: 'a',
      size: 2_000_000n,
      equity: quote(6_000_000n),
      otherMargin: quote(0n),
    };
    const half = (key: string): DeleverageCandidate => ({
      key,
      size: 1_000_000n,
      equity: quote(3_000_000n),
      otherMargin: quote(0n),
    });
    const other: DeleverageCandidate = {
      key: 'z',
      size: 3_000_000n,
      equity: quote(20_000_000n),
      otherMargin: quote(0n),
    };
    const one = waterFill(view, 1_500_000n, [whole, other]);
    const two = waterFill(view, 1_500_000n, [half('a'), half('b'), other]);
    const difference = one[0]! - two[0]! - two[1]!;
    assert.ok(difference >= -50n && difference <= 50n, `${difference}`);
  });
});

describe('haircut (section 13.2)', () => {
  const payer = (key: string, changes: Partial<Record<keyof Payer, bigint>>): Payer =>
    ({ key, equity: 1_000n, paid: 0n, openProfit: 0n, marketGain: 0n, accountGain: 0n, ...changes }) as Payer;
  test('pro rata on open profit, rounded up, the surplus to the tranche', () => {
    const plan = planHaircut(10n, [payer('a', { openProfit: 20n }), payer('b', { openProfit: 10n }), payer('c', {})]);
    assert.deepEqual(
      plan.payments.map(({ key, tier, amount }) => [key, tier, amount]),
      [
        ['a', 1, 7n],
        ['b', 1, 4n],
      ],
    );
    assert.equal(plan.surplus, 1n);
    assert.equal(plan.unpaid, 0n);
  });
  test("then this block's gains, first of the market, then of the account; each payer once", () => {
    const plan = planHaircut(100n, [
      payer('a', { openProfit: 30n, marketGain: 50n, accountGain: 50n }),
      payer('b', { marketGain: 20n, accountGain: 45n }),
      payer('c', { accountGain: 10n }),
    ]);
    assert.equal(plan.unpaid, 0n);
    const paidBy = (key: string): bigint =>
      sum(plan.payments.filter((each) => each.key === key).map(({ amount }) => amount));
    assert.equal(paidBy('a'), 50n);
    assert.equal(paidBy('a') + paidBy('b') + paidBy('c') - plan.surplus, 100n);
  });
  test('INV-A3 nobody pays more than his gain or his equity', () => {
    const plan = planHaircut(1_000n, [payer('a', { equity: 5n, openProfit: 50n, accountGain: 9n })]);
    assert.deepEqual(
      plan.payments.map(({ amount }) => amount),
      [5n],
    );
    assert.equal(plan.unpaid, 995n);
  });
  test('INV-A8 after any move of a zero-sum system, gains of one block cover every deficit', () => {
    const holder = fc.record({ size: signed(1_000_000n), equity: fc.bigInt({ min: 0n, max: 500_000n }) });
    fc.assert(
      fc.property(
        fc.array(holder, { minLength: 2, maxLength: 12 }),
        fc.bigInt({ min: 1n, max: 400_000n }),
        (drawn, moved) => {
          const before = market();
          const after = market({ markPrice: price(moved) });
          // The last holder takes the other side, so that positions net to zero.
          const sizes = drawn.map(({ size }) => size);
          sizes[sizes.length - 1] = -sum(sizes.slice(0, -1));
          const accounts = drawn.map((each, index) =>
            accountWith(each.equity + 2n, [[before, sizes[index]!]], String(index).padStart(3, '0')),
          );
          const equityAt = (view: MarketView, account: AccountView): bigint => equity(account, marketsOf(view));
          const deficit = sum(
            accounts
              .map((each) => equityAt(after, each))
              .filter((e) => e < 0n)
              .map((e) => -e),
          );
          const payers = accounts
            .filter((each) => equityAt(after, each) >= 0n)
            .map((each): Payer => {
              const gain = equityAt(after, each) - equityAt(before, each);
              const positive = quote(gain > 0n ? gain : 0n);
              return {
                key: each.key,
                equity: quote(equityAt(after, each)),
                paid: quote(0n),
                openProfit: positive,
                marketGain: positive,
                accountGain: positive,
              };
            });
          const plan = planHaircut(deficit, payers);
          // Values round down for both sides: up to one quantum a position, twice.
          assert.ok(plan.unpaid <= BigInt(2 * accounts.length), `unpaid ${plan.unpaid} of ${deficit}`);
          for (const each of payers)
            assert.ok(
              sum(plan.payments.filter(({ key }) => key === each.key).map(({ amount }) => amount)) <= each.equity,
            );
        },
      ),
      { numRuns },
    );
  });
});
