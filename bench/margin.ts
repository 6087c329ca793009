import { integers } from '../test/replay-paths.js';
import { coversMaintenance, equity, loadingOf, maintenanceMargin } from '../x/perps/margin/index.js';
import { accountWith, market, marketsOf } from '../x/perps/testing/values.js';
import { ppm, price, type AccountView, type Markets } from '../x/perps/types.js';
import { notional } from '../x/perps/units/index.js';
import { best, measurement, quick, type Measurement, type Measurements } from './measure.js';

const accounts = quick ? 500 : 20_000;
const scenarios = 16;

/** Twenty markets in three clusters, loaded on two factors as majors and their followers are. */
const views = Array.from({ length: 20 }, (_, i) =>
  market({
    id: i + 1,
    markPrice: price(50_000n + BigInt(i) * 7_919n),
    loading: loadingOf(i % 3, [ppm(900_000n - BigInt(i % 5) * 50_000n), ppm(BigInt(i % 4) * 50_000n)]),
  }),
);
const markets = marketsOf(...views);

/** Accounts with longs and shorts in so many markets, from 100 % to 300 % of health. */
function population(positions: number): AccountView[] {
  const draw = integers(positions);
  return Array.from({ length: accounts }, () => {
    const first = draw(views.length);
    const held = Array.from(
      { length: positions },
      (_, i) => [views[(first + i) % views.length]!, BigInt(draw(2_000_000) - 1_000_000) * 1_000n + 1n] as const,
    );
    const bare = accountWith(0n, held);
    const margin = maintenanceMargin(bare, markets);
    return accountWith((margin * BigInt(101 + draw(200))) / 100n, held);
  });
}

/** The peer's method: the worst of a grid of scenarios, each a revaluation of all positions. */
function gridMargin(account: AccountView, lookup: Markets): bigint {
  let worst = 0n;
  for (let k = 0; k < scenarios; k++) {
    let loss = 0n;
    for (const { marketId, quantity } of account.positions) {
      const view = lookup(marketId);
      const size = notional(view, quantity);
      const move = view.maintenanceRate * BigInt(((k + marketId) % scenarios) - scenarios / 2);
      loss += quantity > 0n ? size * move : -size * move;
    }
    if (loss > worst) worst = loss;
  }
  return worst / 8_000_000_000n;
}

/** Margin checks per second of accounts with 1, 4 and 20 positions, beside a grid of 16 scenarios for the same accounts. */
export function marginBench(): Measurements {
  const found: Record<string, Measurement> = {};
  for (const positions of [1, 4, 20]) {
    const all = population(positions);
    const perSecond = (check: (account: AccountView) => boolean): number => {
      const work = (): void => {
        for (const account of all) if (!check(account)) throw new Error('an account starts under water');
      };
      work();
      return (accounts * 1_000) / best(3, work);
    };
    const elliptic = perSecond((account) => coversMaintenance(account, equity(account, markets), markets));
    const grid = perSecond((account) => equity(account, markets) + gridMargin(account, markets) > 0n);
    found[`margin.checks${positions}`] = measurement(elliptic, 'checks/s', grid);
  }
  return found;
}
