import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { million } from '../../../runtime/math/integers.js';
import { equity, loadingOf, maintenanceMargin } from '../margin/index.js';
import { accountWith, market, marketsOf } from '../testing/values.js';
import { ppb, ppm, price, quote, type AccountView, type Markets } from '../types.js';
import { reachOf, stepOf } from './reach.js';

const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? '300');

test('INV-S3 hedges change nothing: an account stays at or above margin while its markets stay within its reach, even when they move apart', () => {
  const start = 60_000_000_000n;
  const position = fc.record({
    quantity: fc.bigInt({ min: -20_000_000_000n, max: 20_000_000_000n }).filter((size) => size !== 0n),
    rho: fc.integer({ min: -19, max: 19 }),
    cluster: fc.integer({ min: 0, max: 1 }),
    rate: fc.bigInt({ min: 12_500_000n, max: 100_000_000n }),
    depth: fc.constantFrom(1n << 80n, 1n << 40n),
    shock: fc.option(fc.integer({ min: -400_000, max: 400_000 }), { freq: 5, nil: undefined }),
    moves: fc.array(fc.integer({ min: -60_000, max: 60_000 }), { minLength: 6, maxLength: 6 }),
  });
  let held = 0;
  fc.assert(
    fc.property(
      fc.array(position, { minLength: 2, maxLength: 4 }),
      fc.bigInt({ min: 0n, max: 200_000n }),
      (drawn, slackPpm) => {
        const views = (step: number): Markets => {
          const all = drawn.map(({ moves, rho, cluster, rate, depth, shock }, index) => {
            let mark = start;
            for (const move of moves.slice(0, step)) mark += (mark * BigInt(move)) / 1_000_000n;
            return market({
              id: index + 1,
              markPrice: price(mark),
              maintenanceRate: ppb(rate),
              depthUnit: quote(depth),
              loading: loadingOf(cluster, [ppm(BigInt(rho) * 50_000n)]),
              shocks: shock === undefined ? [] : [ppm(BigInt(shock))],
            });
          });
          return marketsOf(...all);
        };
        const first = views(0);
        const bare = accountWith(
          0n,
          drawn.map(({ quantity }, index) => [first(index + 1), quantity] as const),
        );
        const margin = maintenanceMargin(bare, first);
        const slack = (margin * slackPpm) / 100_000n;
        const cash = quote(bare.cash + margin + slack - equity(bare, first));
        const account: AccountView = { ...bare, cash };
        const reach = reachOf(account, [{ level: ppm(million), amount: slack }], first);
        let way = 0n;
        for (let step = 1; step <= 6; step++) {
          const [before, after] = [views(step - 1), views(step)];
          way += account.positions.reduce((most, { marketId }) => {
            const each = stepOf(before(marketId), after(marketId));
            return each > most ? each : most;
          }, 0n);
          if (way > reach) break;
          held++;
          assert.ok(equity(account, after) >= maintenanceMargin(account, after), `way ${way} of ${reach}`);
        }
      },
    ),
    { numRuns: runs * 5 },
  );
  assert.ok(held > runs / 10, `only ${held} steps were within reach`);
});
