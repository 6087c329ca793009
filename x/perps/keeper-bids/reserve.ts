import type { Stores } from '../../../runtime/store/collection.js';
import { orderView, type PerpsKeeper } from '../keeper.js';
import {
  base,
  type Base,
  type MarketView,
  type Markets,
  type OrderView,
  type Quote,
  type SubaccountKey,
} from '../types.js';
import { fdiv } from '../units/index.js';
import { keeperBids, type Bid } from './store.js';

/** Whole steps that a notional is worth at mark, rounded down; 0 without a price. */
export function stepsWorth(market: MarketView, notional: Quote): Base {
  const { markPrice, quoteDivisor, stepSize } = market;
  if (markPrice === 0n) return base(0n);
  return base(fdiv(fdiv(notional * quoteDivisor, markPrice), stepSize) * stepSize);
}

/** A bid as margin sees it: an order for what it may take, at mark, which no fill of it is worse than. */
function bidView([{ marketId }, { side, remaining }]: Bid, markets: Markets): OrderView {
  const market = markets(marketId);
  return { marketId, side, price: market.markPrice, remaining: stepsWorth(market, remaining), reduceOnly: false };
}

/** What an account's bids keep free, as orders. */
export const bidViews = (from: Stores, key: SubaccountKey, markets: Markets): OrderView[] =>
  [...keeperBids.of(from, key)].map((bid) => bidView(bid, markets));

/**
 * Everything that an account has promised: its orders on the book and its
 * bids. Margin for it is kept free whenever something opens, changes or
 * leaves the account (risk-model section 4.5, ADR 0021).
 */
export const promises = (from: Stores, keeper: PerpsKeeper, key: SubaccountKey, markets: Markets): OrderView[] => [
  ...[...keeper.ordersOf(from, key)].map(orderView),
  ...bidViews(from, key, markets),
];
