import type { Stores } from '../../../runtime/store/collection.js';
import { errors } from '../errors.js';
import type { PerpsKeeper } from '../keeper.js';
import { netReach, shareLimit, withinShare, type OrderExposures, type Reach } from '../margin/index.js';
import { clusterOf } from '../rates/view.js';
import {
  base,
  ppm,
  quote,
  type AccountView,
  type MarketId,
  type Markets,
  type MarketView,
  type Side,
} from '../types.js';
import { abs, fdiv, million, notional } from '../units/index.js';

/** What an account would open, and what else it may reach. */
export interface Opening {
  readonly market: MarketView;
  readonly side: Side;
  /** Position of the market with all that is open in it on this side, base quanta, positive. */
  readonly reach: bigint;
  readonly account: AccountView;
  /** Markets of the account's orders and bids. */
  readonly promisedIn: Iterable<MarketId>;
  readonly exposures: OrderExposures;
  readonly markets: Markets;
}

/**
 * One account opens no more than a share of a market's open-interest cap, and
 * is long or short in a cluster by no more than that share of its caps
 * together. The second follows from the first as long as no position is over
 * its own limit, so caps are summed only if one is. risk-model section 11.
 * O(markets of the account), O(markets) when one is over.
 * @param field what of the message asks for it
 * @throws perps/195
 */
export function requireShare(
  from: Stores,
  keeper: PerpsKeeper,
  field: string,
  { market, side, reach, account, promisedIn, exposures, markets }: Opening,
): void {
  const share = ppm(BigInt(keeper.params(from).accountSharePpm));
  const own: Reach = { market, quantity: reach };
  if (!withinShare(own, share))
    throw errors.shareTooLarge(
      `${field}: the position could reach ${notional(market, base(reach))}; at most ${shareLimit(market, share)}, ${share} ppm of the market's open-interest cap`,
    );
  const { cluster } = market.loading;
  const used = new Set<MarketId>([...account.positions.map(({ marketId }) => marketId), ...promisedIn]);
  used.delete(market.id);
  const others: Reach[] = [];
  for (const id of used) {
    const other = markets(id);
    if (other.loading.cluster === cluster) others.push({ market: other, quantity: exposures.reach(id, side) });
  }
  if (others.every((other) => withinShare(other, share))) return;
  let caps = 0n;
  for (const each of keeper.allMarkets(from)) if (clusterOf(each) === cluster) caps += markets(each.id).openInterestCap;
  const limit = quote(fdiv(caps * share, million));
  const net = netReach([own, ...others]);
  const held = account.positions.map(({ marketId, quantity }): Reach => ({ market: markets(marketId), quantity }));
  const now = netReach(held.filter((each) => each.market.loading.cluster === cluster));
  if (net > limit && net > abs(now))
    throw errors.shareTooLarge(
      `${field}: positions of cluster ${cluster} could reach ${net} on balance; at most ${limit}, ${share} ppm of its open-interest caps together`,
    );
}
