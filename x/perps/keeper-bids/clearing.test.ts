import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { market } from '../testing/values.js';
import { ppb, ppm, quote } from '../types.js';
import { clearDiscount, discountCap, discountCeiling, discountStep, type Demand, type Offer } from './clearing.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const usdc = 1_000_000n;

describe('ceiling of the discount (section 10.5, L2)', () => {
  // A maintenance rate of 2.5 %: 12.5 bp more in each block, at most 1.25 %.
  const view = market({ maintenanceRate: ppb(25_000_000n) });
  const rich = quote(10_000n * usdc);
  for (const [age, share, expected] of [
    [0n, rich, 1_250n],
    [1n, rich, 2_500n],
    [5n, rich, 7_500n],
    [9n, rich, 12_500n],
    [1_000n, rich, 12_500n],
    // 500 USDC of equity behind 100,000 of notional: 50 bp, less two quanta for rounding.
    [9n, quote(500n * usdc), 4_999n],
    [9n, quote(500n * usdc + 2n), 5_000n],
    [0n, quote(500n * usdc), 1_250n],
    [9n, quote(2n), 0n],
    [9n, quote(1n), -1n],
    [9n, quote(-500n * usdc), -5_001n],
  ] as const) {
    test(`age ${age}, equity share ${share}: ${expected} ppm`, () => {
      assert.equal(discountCeiling(view, share, quote(100_000n * usdc), age), expected);
    });
  }

  test('half the maintenance rate bounds it whatever the age', () => {
    assert.equal(discountCap(view), 12_500n);
    assert.equal(discountCap(market({ maintenanceRate: ppb(100_000_000n) })), 50_000n);
  });
});

const offer = (key: string, bp: number, quantity: bigint): Offer => ({
  key,
  minDiscount: ppm(BigInt(bp) * 100n),
  quantity,
});
const demand = (bp: number, quantity: bigint): Demand => ({ ceiling: ppm(BigInt(bp) * 100n), quantity });

function outcome(offers: readonly Offer[], demands: readonly Demand[]) {
  const cleared = clearDiscount(offers, demands, 1n);
  if (cleared === undefined) return undefined;
  return {
    bp: Number(cleared.discount) / 100,
    fills: cleared.fills.map(({ offer: { key }, quantity }) => [key, quantity]),
    takes: cleared.takes.map(({ demand: each, quantity }) => [demands.indexOf(each), quantity]),
  };
}

describe('one discount for all', () => {
  test('the lowest that takes everything: who asks less gets it too', () => {
    assert.deepEqual(outcome([offer('a', 5, 10n), offer('b', 20, 10n), offer('c', 60, 10n)], [demand(100, 15n)]), {
      bp: 20,
      fills: [
        ['a', 10n],
        ['b', 5n],
      ],
      takes: [[0, 15n]],
    });
  });

  test('bids that ask the same share pro rata, the largest remainder first', () => {
    assert.deepEqual(outcome([offer('a', 10, 10n), offer('b', 10, 20n), offer('c', 10, 30n)], [demand(50, 31n)]), {
      bp: 10,
      fills: [
        ['a', 5n],
        ['b', 10n],
        ['c', 16n],
      ],
      takes: [[0, 31n]],
    });
  });

  test('a position whose ceiling is too low stays; the others fill, worst account first', () => {
    const offers = [offer('a', 30, 100n)];
    assert.deepEqual(outcome(offers, [demand(10, 50n), demand(40, 70n), demand(30, 70n)]), {
      bp: 30,
      fills: [['a', 100n]],
      takes: [
        [1, 70n],
        [2, 30n],
      ],
    });
  });

  test('when a higher discount would take less, the lower holds', () => {
    const offers = [offer('a', 5, 40n), offer('b', 50, 100n)];
    assert.deepEqual(outcome(offers, [demand(10, 60n), demand(60, 20n)])?.bp, 5);
  });

  test('nothing when nobody asks little enough', () => {
    assert.equal(outcome([offer('a', 30, 10n)], [demand(29, 10n)]), undefined);
    assert.equal(outcome([], [demand(29, 10n)]), undefined);
    assert.equal(outcome([offer('a', 0, 10n)], []), undefined);
  });
});

const offers = fc
  .array(
    fc.record({
      minDiscount: fc.integer({ min: 0, max: 8 }).map((n) => ppm(BigInt(n) * discountStep)),
      quantity: fc.bigInt({ min: 0n, max: 50n }),
    }),
    { maxLength: 12 },
  )
  .map((all) => all.map((each, index) => ({ ...each, key: String.fromCharCode(97 + index) })));
const demands = fc.array(
  fc.record({
    ceiling: fc.integer({ min: -1_000, max: 5_000 }).map((n) => ppm(BigInt(n))),
    quantity: fc.bigInt({ min: 1n, max: 60n }),
  }),
  { maxLength: 8 },
);
const total = (all: readonly { readonly quantity: bigint }[]): bigint =>
  all.reduce((sum, { quantity }) => sum + quantity, 0n);

describe('whatever is bid and wanted', () => {
  test('what keepers take is what accounts give; nobody gets less than asked, gives more than allowed, or fills beyond', () => {
    fc.assert(
      fc.property(offers, demands, (supply, wanted) => {
        const cleared = clearDiscount(supply, wanted, 1n);
        const most = (discount: bigint): bigint => {
          const bid = total(supply.filter(({ minDiscount }) => minDiscount <= discount));
          const asked = total(wanted.filter(({ ceiling }) => ceiling >= discount));
          return bid < asked ? bid : asked;
        };
        const levels = [...new Set(supply.map(({ minDiscount }) => minDiscount))].sort((a, b) => (a < b ? -1 : 1));
        const volumes = levels.map(most);
        const best = volumes.reduce((a, b) => (a > b ? a : b), 0n);
        if (cleared === undefined) return assert.equal(best, 0n);
        const { discount, fills, takes } = cleared;
        assert.equal(total(fills), total(takes));
        assert.equal(total(fills), best);
        assert.equal(discount, levels[volumes.indexOf(best)]);
        for (const { offer: each, quantity } of fills)
          assert.ok(quantity > 0n && quantity <= each.quantity && each.minDiscount <= discount);
        for (const { demand: each, quantity } of takes)
          assert.ok(quantity > 0n && quantity <= each.quantity && each.ceiling >= discount);
        for (const { key, minDiscount, quantity } of supply)
          if (minDiscount < discount && quantity > 0n)
            assert.equal(fills.find(({ offer: each }) => each.key === key)?.quantity, quantity);
      }),
      { numRuns },
    );
  });

  test('the order in which bids were placed changes nothing', () => {
    const both = offers.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    );
    fc.assert(
      fc.property(both, demands, ([supply, shuffled], wanted) => {
        assert.deepEqual(clearDiscount(shuffled, wanted, 1n), clearDiscount(supply, wanted, 1n));
      }),
      { numRuns },
    );
  });

  test('a bid split over two accounts gets the same discount, and its share to one step for each part', () => {
    fc.assert(
      fc.property(offers, demands, fc.nat(), fc.integer({ min: 0, max: 100 }), (supply, wanted, pick, percent) => {
        if (supply.length === 0) return;
        const chosen = supply[pick % supply.length]!;
        const first = (chosen.quantity * BigInt(percent)) / 100n;
        const parts = [
          { ...chosen, key: `${chosen.key}1`, quantity: first },
          { ...chosen, key: `${chosen.key}2`, quantity: chosen.quantity - first },
        ];
        const whole = clearDiscount(supply, wanted, 1n);
        const split = clearDiscount([...supply.filter((each) => each !== chosen), ...parts], wanted, 1n);
        assert.equal(split?.discount, whole?.discount);
        if (whole === undefined || split === undefined) return;
        // Its exact share, times the quantity that shares.
        const sharing = total(supply.filter(({ minDiscount }) => minDiscount === whole.discount));
        const before = total(supply.filter(({ minDiscount }) => minDiscount < whole.discount));
        const got = total(split.fills.filter(({ offer: { key } }) => key.startsWith(chosen.key)));
        if (chosen.minDiscount > whole.discount) return assert.equal(got, 0n);
        if (chosen.minDiscount < whole.discount) return assert.equal(got, chosen.quantity);
        const exact = (total(whole.fills) - before) * chosen.quantity;
        const distance = got * sharing - exact;
        assert.ok(distance < 2n * sharing && -distance < 2n * sharing, `${got} of ${exact} / ${sharing}`);
      }),
      { numRuns },
    );
  });
});
