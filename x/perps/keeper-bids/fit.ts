import { settle } from '../funding/index.js';
import {
  depthLimitExceeded,
  equity,
  initialMargin,
  isRiskReducing,
  maintenanceMargin,
  spareEquity,
  usableEquity,
  withinShare,
} from '../margin/index.js';
import { applyFill } from '../matching/index.js';
import {
  quote,
  type AccountView,
  type MarketView,
  type Markets,
  type OrderView,
  type Ppm,
  type Side,
} from '../types.js';
import { abs, notional } from '../units/index.js';
import { base } from '../types.js';

/**
 * How much of a takeover an account can carry: the largest quantity in whole
 * steps, up to `wanted`, after which it stands by the rule of risk-model
 * section 4.5 at a fill at mark, which is the worst that a bid can get. Its
 * positions and orders come first; other bids wait for what is left. When
 * not all fits, halving finds a quantity that does: of a bid that first
 * closes and then opens, not always the largest. O(log(steps) * positions).
 */
export function fitting(
  account: AccountView,
  orders: readonly OrderView[],
  markets: Markets,
  market: MarketView,
  side: Side,
  wanted: bigint,
  share: Ppm,
): bigint {
  const before = { equity: equity(account, markets), maintenanceMargin: maintenanceMargin(account, markets) };
  const fits = (quantity: bigint): boolean => {
    const after = filledAtMark(account, market, side, quantity);
    const held = after.positions.find(({ marketId }) => marketId === market.id)?.quantity ?? 0n;
    const had = account.positions.find(({ marketId }) => marketId === market.id)?.quantity ?? 0n;
    if (abs(held) > abs(had)) {
      if (depthLimitExceeded(market, notional(market, base(held)))) return false;
      if (!withinShare({ market, quantity: abs(held) }, share)) return false;
    }
    const required = initialMargin(after, orders, markets);
    if (spareEquity(after, markets, usableEquity(after, markets), required) >= 0n) return true;
    return isRiskReducing(before, {
      equity: equity(after, markets),
      maintenanceMargin: maintenanceMargin(after, markets),
    });
  };
  const { stepSize } = market;
  const all = wanted / stepSize;
  if (all === 0n || fits(all * stepSize)) return all * stepSize;
  let low = 0n;
  let high = all;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (fits(middle * stepSize)) low = middle;
    else high = middle;
  }
  return low * stepSize;
}

function filledAtMark(account: AccountView, market: MarketView, side: Side, quantity: bigint): AccountView {
  const held = account.positions.find(({ marketId }) => marketId === market.id);
  const settled = held === undefined ? undefined : settle(market, held);
  const { position, cash } = applyFill(market, settled?.position, side, quantity, market.markPrice);
  const others = account.positions.filter(({ marketId }) => marketId !== market.id);
  return {
    ...account,
    cash: quote(account.cash + (settled?.cash ?? 0n) + cash),
    positions: position === undefined ? others : [...others, position].sort((a, b) => a.marketId - b.marketId),
  };
}
