import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { openProfit } from '../margin/equity.js';
import { market } from '../testing/values.js';
import { base, price, quote, type PositionView, type Side } from '../types.js';
import { applyFill } from './fill.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const view = market({ fundingIndex: 77n });
const position = (quantity: bigint, entryValue: bigint): PositionView => ({
  marketId: 1,
  quantity: base(quantity),
  entryValue: quote(entryValue),
  fundingIndex: 77n,
});

describe('positions at quote balance (section 17)', () => {
  // quantity * price / 1,000 quanta.
  const table: readonly (readonly [
    what: string,
    held: PositionView | undefined,
    side: Side,
    quantity: bigint,
    price: bigint,
    cash: bigint,
    after: PositionView | undefined,
  ])[] = [
    ['a buy pays rounded up', undefined, 'buy', 3n, 100_001n, -301n, position(3n, 301n)],
    ['a sell gets rounded down', undefined, 'sell', 3n, 100_001n, 300n, position(-3n, -300n)],
    ['an increase adds its amount', position(3n, 301n), 'buy', 1n, 200_000n, -200n, position(4n, 501n)],
    ['a short grows', position(-3n, -300n), 'sell', 1n, 50_500n, 50n, position(-4n, -350n)],
    [
      'a reduced long keeps its share of entry, rounded up',
      position(3n, 301n),
      'sell',
      1n,
      100_000n,
      100n,
      position(2n, 201n),
    ],
    [
      'a reduced short too, so that its profit is understated',
      position(-3n, -301n),
      'buy',
      1n,
      100_000n,
      -100n,
      position(-2n, -200n),
    ],
    ['a closed position is gone', position(3n, 301n), 'sell', 3n, 100_000n, 300n, undefined],
    ['through zero the rest opens at the price', position(3n, 999n), 'sell', 5n, 100_100n, 500n, position(-2n, -200n)],
    ['and the other way round', position(-3n, -999n), 'buy', 5n, 100_100n, -501n, position(2n, 201n)],
  ];
  for (const [what, held, side, quantity, at, cash, after] of table)
    test(what, () => assert.deepEqual(applyFill(view, held, side, quantity, at), { cash, position: after }));

  test('a position takes over the funding index of its market', () => {
    assert.equal(applyFill(view, undefined, 'buy', 1n, 1n).position?.fundingIndex, 77n);
  });
  test('INV-U3 between buyer and seller at most one quantum is lost, none is made', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 1n << 62n }), fc.bigInt({ min: 1n, max: 1n << 62n }), (quantity, at) => {
        const moved =
          applyFill(view, undefined, 'buy', quantity, at).cash + applyFill(view, undefined, 'sell', quantity, at).cash;
        assert.ok(moved === 0n || moved === -1n);
      }),
      { numRuns },
    );
  });
  test('after any fills, open profit is at most what was really gained on the part still held', () => {
    const step = fc.record({
      side: fc.constantFrom('buy' as const, 'sell' as const),
      quantity: fc.bigInt({ min: 1n, max: 10_000n }),
      at: fc.bigInt({ min: 90_000n, max: 110_000n }),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.bigInt({ min: 1n, max: 300_000n }),
        (steps, mark) => {
          let held: PositionView | undefined;
          let quantity = 0n;
          // Entry of the part still held, exactly: a fraction of raw price times quantity.
          let [raw, part] = [0n, 1n];
          for (const each of steps) {
            const signed = each.side === 'buy' ? each.quantity : -each.quantity;
            const next = quantity + signed;
            if (quantity === 0n || quantity > 0n === signed > 0n) raw += signed * each.at * part;
            else if (next !== 0n && quantity > 0n === next > 0n) [raw, part] = [raw * next, part * quantity];
            else [raw, part] = [next * each.at, 1n];
            if (part < 0n) [raw, part] = [-raw, -part];
            held = applyFill(view, held, each.side, each.quantity, each.at).position;
            quantity = next;
            assert.equal(held?.quantity ?? 0n, quantity);
          }
          if (held === undefined) return;
          const marked = { ...view, markPrice: price(mark) };
          const exact = quantity * mark * part - raw;
          const profit = openProfit(marked, held) * view.quoteDivisor * part;
          assert.ok(profit <= exact, 'never overstated');
          // One quantum for each fill and one for the value.
          assert.ok(
            exact - profit < BigInt(steps.length + 1) * view.quoteDivisor * part,
            'understated by rounding only',
          );
        },
      ),
      { numRuns },
    );
  });
});
