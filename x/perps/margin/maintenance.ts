import { billion, cdiv } from '../../../runtime/math/integers.js';
import { quote, type AccountView, type Base, type MarketView, type Markets, type Quote } from '../types.js';
import { notional } from '../units/amounts.js';
import { concentration } from './concentration.js';

/** Maintenance margin of a quantity alone: linear part and concentration, rounded up. risk-model section 4.2. O(1). */
export function maintenanceMarginOf(market: MarketView, quantity: Base): Quote {
  const size = notional(market, quantity);
  return quote(cdiv(size * market.maintenanceRate, billion) + concentration(market, size));
}

/** Maintenance margin MM of an account: the sum over its positions; offsets between markets come with section 5. O(positions). */
export function maintenanceMargin(account: AccountView, markets: Markets): Quote {
  let sum = 0n;
  for (const { marketId, quantity } of account.positions) sum += maintenanceMarginOf(markets(marketId), quantity);
  return quote(sum);
}
