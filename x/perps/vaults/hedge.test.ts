import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { maintenanceMargin } from '../margin/index.js';
import { loadingOf } from '../margin/loading.js';
import { market, marketsOf } from '../testing/values.js';
import { base, ppb, ppm, price, quote, type AccountView, type MarketView } from '../types.js';
import { hedgeLimit, planHedge } from './hedge.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const usdc = 1_000_000n;
const loading = (rho: bigint, cluster = 7) => loadingOf(cluster, [ppm(rho)]);

/** Class B at 5 % and class A at 2.5 %; a base quantum is worth 100 quote quanta in both. */
const alt = (rho = 950_000n, cluster = 7): MarketView =>
  market({ id: 2, class: 'B', maintenanceRate: ppb(50_000_000n), loading: loading(rho, cluster), stepSize: 100n });
const core = (rho = 950_000n, cluster = 7): MarketView =>
  market({ id: 1, loading: loading(rho, cluster), stepSize: 100n });

const holding = (...positions: readonly (readonly [MarketView, bigint])[]): AccountView => ({
  key: 'vault',
  cash: quote(1_000_000n * usdc),
  collateral: [],
  positions: positions.map(([view, quantity]) => ({
    marketId: view.id,
    quantity: base(quantity),
    entryValue: quote(quantity * 100n),
    fundingIndex: 0n,
  })),
});
const unlimited = 10n ** 15n;
/** 100,000 USDC of the alt: a margin of 5,000. */
const inventory = 1_000_000_000n;

describe('a hedge in a market of class A', () => {
  const plan = (held: bigint, quantity = inventory, largest = unlimited, [a, b] = [core(), alt()]) =>
    planHedge(held === 0n ? holding([b, quantity]) : holding([a, held], [b, quantity]), a, marketsOf(a, b), largest);

  test('is what lowers the margin most', () => {
    // sqrt((0.95 (1 - x))^2 + (0.3122 (1 + x))^2) is least at x = 0.805: of twentieths at 0.8. Flat are 200,000 USDC.
    const { target, order, excess, before, after } = plan(0n);
    assert.deepEqual([target, order, excess], [-1_600_000_000n, -1_600_000_000n, 0n]);
    assert.equal(before, 5_000n * usdc);
    assert.ok(after > 2_960n * usdc && after < 2_970n * usdc, `${after}`);
  });

  test('of what it is short of is long', () => assert.equal(plan(0n, -inventory).order, 1_600_000_000n));
  test('that is there grows no further for less than a fifth', () =>
    assert.deepEqual([plan(-1_500_000_000n).order, plan(-1_500_000_000n).excess], [0n, 0n]));
  test('stays within what the vault may hold', () =>
    assert.equal(plan(0n, inventory, 1_000_000_050n).order, -1_000_000_000n));
  test('shrinks with what it hedges, once it is a tenth too large', () => {
    assert.equal(plan(-1_600_000_000n, (inventory * 95n) / 100n).excess, 0n);
    assert.equal(plan(-1_600_000_000n, inventory / 2n).excess, -800_000_000n);
  });
  test('ends with it', () => {
    const [a, b] = [core(), alt()];
    const alone = planHedge(holding([a, -1_600_000_000n]), a, marketsOf(a, b), unlimited);
    assert.deepEqual([alone.target, alone.excess, alone.order], [0n, -1_600_000_000n, 0n]);
  });
  test('on the other side is none', () =>
    assert.deepEqual([plan(500_000n).excess, plan(500_000n).order], [500_000n, 0n]));
  test('is not made for little', () => {
    assert.equal(plan(0n, inventory, unlimited, [core(800_000n), alt(800_000n)]).order, 0n);
    assert.equal(plan(0n, inventory, unlimited, [core(950_000n), alt(950_000n, 8)]).order, 0n);
    const tail = market({ ...alt(), class: 'C' });
    assert.equal(plan(0n, inventory, unlimited, [core(), tail]).order, 0n);
  });

  test('costs five basis points with its fee at most', () => {
    const view = market({ markPrice: price(1_000_000n), tickSize: 10n });
    assert.deepEqual([hedgeLimit(view, 'buy'), hedgeLimit(view, 'sell')], [1_000_100n, 999_900n]);
    assert.equal(hedgeLimit({ ...view, takerFee: ppm(501n) }, 'buy'), undefined);
  });

  test('lowers the margin by a fifth or is not ordered, and never turns the vault over', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }).filter((quantity) => quantity !== 0n),
        fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.bigInt({ min: 0n, max: 950_000n }),
        (quantity, held, largest, rho) => {
          const [a, b] = [core(rho), alt(rho)];
          const markets = marketsOf(a, b);
          const { target, order, excess, before, after } = plan(held, quantity, largest, [a, b]);
          assert.equal(target % 100n, 0n);
          assert.ok((target < 0n ? -target : target) <= largest);
          // It is against the inventory and leaves the cluster on its side: at twice the rate, twice the size.
          assert.ok(target * quantity <= 0n);
          assert.ok((target < 0n ? -target : target) <= 2n * (quantity < 0n ? -quantity : quantity));
          assert.ok(order === 0n || excess === 0n);
          if (order === 0n) return;
          assert.equal(held + order, target);
          assert.equal(maintenanceMargin(holding([a, target], [b, quantity]), markets), after);
          assert.ok(after * 10n <= before * 8n);
        },
      ),
      { numRuns },
    );
  });
});
