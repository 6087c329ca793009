import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { accountWith, market, marketsOf, signed } from '../testing/values.js';
import { ppb, price, quote, type AccountView, type MarketView } from '../types.js';
import { equity } from './equity.js';
import { liquidationPrice } from './liquidation-price.js';
import { maintenanceMargin } from './maintenance.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 200);

const isHealthy = (account: AccountView, ...views: readonly MarketView[]): boolean =>
  equity(account, marketsOf(...views)) >= maintenanceMargin(account, marketsOf(...views));
const at = (view: MarketView, mark: bigint): MarketView => ({ ...view, markPrice: price(mark) });

describe('liquidation price', () => {
  // 1 BTC at 60,000.000000 USD with margin of 1/40 of that and a maintenance rate of 2.5 %:
  // 60,000 * (1 - 1/L) / (1 - m), section 21.1.
  const view = market({ quoteDivisor: 100_000_000n, markPrice: price(60_000_000_000n) });
  const btc = 100_000_000n;
  test('a single long: p * (1 - 1/L) / (1 - m) to the unit', () => {
    for (const [leverage, expected] of [
      [10n, (60_000_000_000n * 900n) / 975n],
      [20n, (60_000_000_000n * 950n) / 975n],
      [25n, (60_000_000_000n * 960n) / 975n],
    ] as const) {
      const account = accountWith(60_000_000_000n / leverage, [[view, btc]]);
      assert.equal(liquidationPrice(account, 1, marketsOf(view)), expected, `${leverage}x`);
    }
  });
  test('a single short: p * (1 + 1/L) / (1 + m), rounded up', () => {
    const account = accountWith(6_000_000_000n, [[view, -btc]]);
    assert.equal(liquidationPrice(account, 1, marketsOf(view)), (60_000_000_000n * 1_100n) / 1_025n + 1n);
  });
  test('a long that owns more than it is worth has none, a short always has one', () => {
    assert.equal(liquidationPrice(accountWith(70_000_000_000n, [[view, btc]]), 1, marketsOf(view)), undefined);
    assert.ok(liquidationPrice(accountWith(10n ** 15n, [[view, -btc]]), 1, marketsOf(view))! > 10n ** 14n);
  });
  test('a market without a position has none', () => {
    assert.equal(liquidationPrice(accountWith(1n, []), 1, marketsOf(view)), undefined);
  });

  test('it is the boundary: unhealthy at it, healthy one unit beyond, other markets standing still', () => {
    const rate = fc.bigInt({ min: 5_000_000n, max: 500_000_000n });
    const size = signed(1n << 40n).filter((quantity) => quantity !== 0n);
    fc.assert(
      fc.property(
        fc.array(fc.record({ size, rate, mark: fc.bigInt({ min: 1_024n, max: 1n << 40n }), depth: rate }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.bigInt({ min: -(1n << 50n), max: 1n << 60n }),
        (drawn, cash) => {
          const views = drawn.map((each, id) =>
            market({
              id,
              markPrice: price(each.mark),
              maintenanceRate: ppb(each.rate),
              depthUnit: quote(each.depth * 1_000_000n),
            }),
          );
          const account = accountWith(
            cash,
            views.map((each, id) => [each, drawn[id]!.size]),
          );
          for (const [id, each] of views.entries()) {
            const found = liquidationPrice(account, id, marketsOf(...views));
            const others = views.filter((other) => other.id !== id);
            if (found === undefined) {
              const end = drawn[id]!.size > 0n ? 1n : (1n << 62n) - 1n;
              assert.ok(isHealthy(account, at(each, end), ...others));
              continue;
            }
            assert.ok(!isHealthy(account, at(each, found), ...others));
            const beyond = found + (drawn[id]!.size > 0n ? 1n : -1n);
            if (beyond > 0n && beyond < 1n << 62n) assert.ok(isHealthy(account, at(each, beyond), ...others));
          }
        },
      ),
      { numRuns },
    );
  });
});
