import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { equity, loadingOf, maintenanceMargin } from '../margin/index.js';
import { accountWith, market, marketsOf } from '../testing/values.js';
import { ppm, price, quote, type AccountView, type Price, type Side } from '../types.js';
import { Fit } from './fit.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const noShare = ppm(0n);
const mark = 100_000n;
/** Half the floor of class A below the mark: as far as an oracle price goes. */
const low = price(99_375n);

describe('what closes outside the book', () => {
  // 1,000 quanta at 100: a notional of 100,000 and a margin of 2,500. Closing all of a long at 99.375 loses 625.
  const one = market();
  const markets = marketsOf(one);
  const withEquity = (own: bigint, quantity: bigint): AccountView => {
    const account = accountWith(0n, [[one, quantity]]);
    return { ...account, cash: quote(account.cash + own - equity(account, markets)) };
  };
  const most = (own: bigint, held: bigint, side: Side, at: Price, wanted: bigint): bigint =>
    new Fit(withEquity(own, held), [], markets, { market: one, side, price: at }, noShare).most(wanted);

  const table: readonly (readonly [what: string, own: bigint, held: bigint, side: Side, at: Price, fits: bigint])[] = [
    ['a healthy long closes whole, at a loss too', 10_000n, 1_000n, 'sell', low, 1_000n],
    ['so does one under water, whose margin falls by more than it loses', 1_000n, 1_000n, 'sell', low, 1_000n],
    ['with 625 the loss is all it has, and closing leaves nothing', 625n, 1_000n, 'sell', low, 1_000n],
    ['with less, every part would worsen its health', 624n, 1_000n, 'sell', low, 0n],
    ['at mark it closes with whatever it has', 1n, 1_000n, 'sell', price(mark), 1_000n],
    ['a short closes at a price under the mark with a gain', 0n, -1_000n, 'buy', low, 1_000n],
    ['and over it at a loss, which the same limit bounds', 624n, -1_000n, 'buy', price(100_625n), 0n],
  ];
  for (const [what, own, held, side, at, fits] of table)
    test(what, () => assert.equal(most(own, held, side, at, 1_000n), fits));

  test('of a hedge, only so much as does not raise the margin of the rest', () => {
    const hedged = (id: number) =>
      market({ id, loading: loadingOf(1, [ppm(950_000n)]), depthUnit: quote(1n << 80n), stepSize: 1_000n });
    const [first, second] = [hedged(1), hedged(2)];
    const all = marketsOf(first, second);
    const held = accountWith(0n, [
      [first, 100_000n],
      [second, -100_000n],
    ]);
    const account = { ...held, cash: quote(held.cash + 200_000n - equity(held, all)) };
    const fit = new Fit(account, [], all, { market: first, side: 'sell', price: price(mark) }, noShare);
    const fits = fit.most(100_000n);
    const marginAfter = (quantity: bigint): bigint =>
      maintenanceMargin(
        accountWith(0n, [
          [first, 100_000n - quantity],
          [second, -100_000n],
        ]),
        all,
      );
    assert.ok(fits > 0n && fits < 100_000n, `${fits}`);
    assert.ok(marginAfter(fits) <= marginAfter(0n));
    assert.ok(marginAfter(fits + 1_000n) > marginAfter(0n));
  });

  test('INV-L1 what fits leaves nobody below zero or with worse health than before', () => {
    const drawn = fc.record({
      own: fc.bigInt({ min: 0n, max: 6_000n }),
      long: fc.boolean(),
      held: fc.bigInt({ min: 1n, max: 1_000n }),
      at: fc.bigInt({ min: 99_375n, max: 100_625n }),
      share: fc.bigInt({ min: 1n, max: 1_000n }),
    });
    fc.assert(
      fc.property(drawn, ({ own, long, held, at, share }) => {
        const account = withEquity(own, long ? held : -held);
        const side = long ? 'sell' : 'buy';
        const wanted = (held * share + 999n) / 1_000n;
        const fit = new Fit(account, [], markets, { market: one, side, price: price(at) }, noShare);
        const fits = fit.most(wanted);
        assert.ok(fits <= wanted);
        if (fits === 0n) return;
        // In cash: what is left of the position is worth what it was.
        const value = (quantity: bigint, rate: bigint): bigint =>
          side === 'sell' ? (quantity * rate) / 1_000n : -((quantity * rate + 999n) / 1_000n);
        const left = (long ? 1n : -1n) * (held - fits);
        const after: AccountView = {
          ...accountWith(0n, left === 0n ? [] : [[one, left]]),
          cash: quote(account.cash + value(fits, at)),
        };
        const [worth, margin] = [equity(after, markets), maintenanceMargin(after, markets)];
        assert.ok(worth >= 0n);
        const before = maintenanceMargin(account, markets);
        assert.ok(worth >= 2n * margin || worth * before >= own * margin, `${worth}/${margin} after ${own}/${before}`);
      }),
      { numRuns },
    );
  });
});
