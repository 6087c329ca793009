import type { Context } from '../../../../runtime/baseapp/context.js';
import { fdiv, max, million, min } from '../../../../runtime/math/integers.js';
import type { Market } from '../../../../gen/plimsoll/perps/v1/types.js';
import type { Deps } from '../../deps.js';
import { equity, lookup, maintenanceMargin } from '../../margin/index.js';
import { horizonOf } from '../../rates/horizon-of.js';
import { ratesStore } from '../../rates/store.js';
import {
  ppb,
  quote,
  type AccountView,
  type MarketId,
  type Markets,
  type MarketView,
  type Ppb,
  type Quote,
} from '../../types.js';
import { notional } from '../../units/index.js';
import { forecast, sigmaOf } from '../../volatility/index.js';
import { farthestDistance, liquidationDistance } from '../rules/distance.js';

const minutesPerDay = 1_440n;
/** So deep that no size costs anything. */
const bottomless = quote(1n << 120n);

/** Where an account stands (risk-model section 19.2). */
export interface AccountRiskView {
  readonly equity: Quote;
  readonly maintenanceMargin: Quote;
  /** Of its nearest market, ppm; a million when none is near. */
  readonly distance: bigint;
  readonly nearest: MarketId | undefined;
  /** Slack in standard deviations of a day, ppm of one; undefined when nothing moves it. */
  readonly sigmas: bigint | undefined;
  readonly valueAtRisk: Quote;
}

/** Markets as they are, and as if their margin rates were what moves over a horizon are: offsets apply, closing costs do not. */
export interface RiskMarkets {
  readonly now: Markets;
  /** Rates kappa * sigma over each market's horizon, and sigma of a day. */
  readonly worst: Markets;
  readonly day: Markets;
}

export function riskMarkets(ctx: Context, { keeper }: Deps): RiskMarkets {
  const now = keeper.markets(ctx);
  const listed = new Map<MarketId, Market>();
  for (const market of keeper.allMarkets(ctx)) listed.set(market.id, market);
  const with_ = (rateOf: (id: MarketId) => Ppb): Markets => {
    const views = new Map<MarketId, MarketView>();
    const market = (id: MarketId): MarketView => {
      let view = views.get(id);
      if (view === undefined) {
        view = { ...now(id), maintenanceRate: rateOf(id), depthUnit: bottomless, shocks: [] };
        views.set(id, view);
      }
      return view;
    };
    return lookup(market, now.asset);
  };
  const volatility = (id: MarketId) => ratesStore.volatility(ctx, id);
  return {
    now,
    worst: with_((id) => forecast(volatility(id), horizonOf(ctx, listed.get(id)!))),
    day: with_((id) => ppb(sigmaOf(volatility(id), minutesPerDay))),
  };
}

/** O(positions). */
export function accountRisk(account: AccountView, markets: RiskMarkets): AccountRiskView {
  const worth = equity(account, markets.now);
  const needed = maintenanceMargin(account, markets.now);
  const slack = worth - needed;
  let distance: bigint = farthestDistance;
  let nearest: MarketId | undefined;
  for (const { marketId, quantity } of account.positions) {
    const market = markets.now(marketId);
    const each = liquidationDistance(slack, notional(market, quantity), market, quantity > 0n);
    if (nearest === undefined || each < distance) [distance, nearest] = [min(distance, each), marketId];
  }
  const day = maintenanceMargin(account, markets.day);
  return {
    equity: worth,
    maintenanceMargin: needed,
    distance,
    nearest,
    sigmas: day === 0n ? undefined : fdiv(max(0n, slack) * million, day),
    valueAtRisk: maintenanceMargin(account, markets.worst),
  };
}
