import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { equity, maintenanceMargin } from '../margin/index.js';
import { concentration } from '../margin/concentration.js';
import { accountWith, market, marketsOf, signed } from '../testing/values.js';
import { ppb, price, quote, type Quote } from '../types.js';
import { notional } from '../units/index.js';
import { bookPrice, impactNotional, impactPrice, markBand, markPrice, stepBasis } from './index.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 500);
const oracle = 100_000n;
/** Class A: half of a floor of 1.25 %. */
const beta = ppb(6_250_000n);

describe('impact price (section 7.2)', () => {
  test('averages the levels it takes, and is undefined when they do not reach', () => {
    const levels = [
      { price: 100n, quantity: 10n },
      { price: 90n, quantity: 100n },
    ];
    assert.equal(impactPrice(levels, 1_000n, 1n), 100n);
    assert.equal(impactPrice(levels, 1_900n, 1n), 95n);
    assert.equal(impactPrice(levels, 1_000_000n, 1n), undefined);
  });
  test('the notional is what 500 USDC of margin carries, or a tenth of the depth unit', () => {
    const openingRate = ppb(25_000_000n);
    assert.equal(impactNotional({ openingRate, depthUnit: quote(1n) }), 10_000_000_000n);
    assert.equal(impactNotional({ openingRate, depthUnit: quote(50_000_000_000_000n) }), 5_000_000_000_000n);
  });
});

describe('book price', () => {
  test('is the median of both impact prices and the last clearing price', () => {
    assert.equal(bookPrice({ bid: 99n, ask: 101n }, 100n), 100n);
    assert.equal(bookPrice({ bid: 99n, ask: 101n }, 50n), 99n);
    assert.equal(bookPrice({ bid: 99n, ask: 101n }, 500n), 101n);
  });
  test('is undefined when a side is too thin or nothing has traded', () => {
    assert.equal(bookPrice({ bid: undefined, ask: 101n }, 100n), undefined);
    assert.equal(bookPrice({ bid: 99n, ask: undefined }, 100n), undefined);
    assert.equal(bookPrice({ bid: 99n, ask: 101n }, 0n), undefined);
  });
});

describe('basis', () => {
  const after = (seconds: bigint) => stepBasis(ppb(0n), 100_500n, oracle, beta, seconds);
  test('goes 63 % of the way in 150 seconds and is bounded by beta', () => {
    assert.equal(after(0n), 0n);
    assert.equal(after(1n), 33_222n);
    assert.equal(after(150n), 3_160_553n);
    assert.equal(stepBasis(ppb(0n), 200_000n, oracle, beta, 600n), 6_135_454n);
  });
  test('seconds add up: how blocks divide them changes nothing', () => {
    let stepped = ppb(0n);
    for (let second = 0; second < 90; second++) stepped = stepBasis(stepped, 100_500n, oracle, beta, 1n);
    assert.equal(stepped, after(90n));
  });
  test('without a book it decays: 2 % are left after ten minutes, and longer outages cost no more steps', () => {
    const decayed = (seconds: bigint) => stepBasis(ppb(5_000_000n), undefined, oracle, beta, seconds);
    assert.equal(decayed(600n), 91_652n);
    assert.equal(decayed(1_000_000n), 91_652n);
  });
  test('a band that narrowed holds at once', () => {
    assert.equal(stepBasis(ppb(9_000_000n), 200_000n, oracle, beta, 0n), beta);
  });
});

describe('mark (section 7.2)', () => {
  const mark = (basis: bigint, book: bigint | undefined, perpPrice = 0n) =>
    markPrice({ oraclePrice: price(oracle), basis: ppb(basis), book, perpPrice, beta });
  const table: readonly (readonly [what: string, actual: bigint, expected: bigint])[] = [
    ['nothing but the oracle', mark(0n, undefined), 100_000n],
    ['the basis alone', mark(2_000_000n, undefined), 100_200n],
    ['a book above the basis: the basis decides', mark(2_000_000n, 100_400n), 100_200n],
    ['a book between oracle and basis decides', mark(2_000_000n, 100_100n), 100_100n],
    ['a book on the other side of the oracle: the oracle decides', mark(2_000_000n, 99_000n), 100_000n],
    ['a perpetual elsewhere takes the place of the book', mark(2_000_000n, undefined, 100_100n), 100_100n],
    ['three opinions: the middle one', mark(2_000_000n, 100_500n, 100_300n), 100_300n],
    ['far opinions count as the end of the band', mark(6_250_000n, 900_000n, 900_000n), 100_625n],
    ['also below', mark(-6_250_000n, 1n, 1n), 99_375n],
  ];
  for (const [what, actual, expected] of table) test(what, () => assert.equal(actual, expected));

  const inputs = fc.record({
    oraclePrice: fc.bigInt({ min: 1n, max: 1n << 62n }).map(price),
    basis: signed(100_000_000n).map(ppb),
    bid: fc.option(fc.bigInt({ min: 1n, max: 1n << 62n }), { nil: undefined }),
    ask: fc.option(fc.bigInt({ min: 1n, max: 1n << 62n }), { nil: undefined }),
    last: fc.bigInt({ min: 0n, max: 1n << 62n }),
    perpPrice: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 1n << 62n })),
    floorRate: fc.bigInt({ min: 5_000_000n, max: 500_000_000n }).map(ppb),
    seconds: fc.bigInt({ min: 0n, max: 1_000n }),
  });
  const marked = (each: typeof inputs extends fc.Arbitrary<infer T> ? T : never) => {
    const band = markBand(each);
    const book = bookPrice(each, each.last);
    const basis = stepBasis(each.basis, book, each.oraclePrice, band, each.seconds);
    return markPrice({ oraclePrice: each.oraclePrice, basis, book, perpPrice: each.perpPrice, beta: band });
  };

  test('INV-Q1 no book, trade, basis or outside price takes the mark further than beta from the oracle', () => {
    fc.assert(
      fc.property(inputs, (each) => {
        const distance = marked(each) - each.oraclePrice;
        const reach = (each.oraclePrice * markBand(each)) / 1_000_000_000n;
        assert.ok(distance <= reach && -distance <= reach, `${distance} with ${reach}`);
      }),
      { numRuns },
    );
  });

  test('INV-Q2 an account with 1.5 + beta times its maintenance margin at the oracle price keeps it at any mark', () => {
    const sizes = signed(1n << 55n).filter((quantity) => quantity !== 0n);
    fc.assert(
      fc.property(
        inputs,
        sizes,
        fc.bigInt({ min: 0n, max: 1_000_000_000n }),
        fc.bigInt({ min: 1_000_000n, max: 1n << 60n }),
        (drawn, quantity, aboveFloor, depth) => {
          const each = { ...drawn, oraclePrice: price((drawn.oraclePrice % (1n << 40n)) + 1_024n) };
          const { oraclePrice, floorRate } = each;
          const rates = {
            floorRate,
            maintenanceRate: ppb(floorRate + (floorRate * aboveFloor) / 1_000_000_000n),
            depthUnit: quote(depth),
          };
          const atOracle = market({ ...rates, markPrice: oraclePrice });
          const atMark = market({ ...rates, markPrice: marked(each) });
          const needed = maintenanceMargin(accountWith(0n, [[atOracle, quantity]]), marketsOf(atOracle));
          const least = (needed * (1_500_000_000n + markBand(atOracle))) / 1_000_000_000n + 1n;
          const account = accountWith(least, [[atOracle, quantity]]);
          // At a rate on its floor the linear part is used up to the unit: what the concentration
          // add-on grows by on the way, at most 8 % of the move, comes on top.
          const size = notional(atMark, account.positions[0]!.quantity);
          const sizeBefore = notional(atOracle, account.positions[0]!.quantity);
          const growth = concentration(atMark, size) - concentration(atOracle, sizeBefore);
          const spare: Quote = quote(growth > 0n ? growth : 0n);
          assert.ok(
            equity(account, marketsOf(atMark)) + spare + 4n >= maintenanceMargin(account, marketsOf(atMark)),
            `equity ${equity(account, marketsOf(atMark))}, margin ${maintenanceMargin(account, marketsOf(atMark))}`,
          );
        },
      ),
      { numRuns },
    );
  });
});
