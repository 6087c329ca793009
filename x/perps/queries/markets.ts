import type { MarketInfo, PriceLevel } from '../../../gen/plimsoll/perps/v1/query.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { marketStateToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { marketViewOf } from '../keeper.js';
import { markState, markStateToProto } from '../mark/store.js';
import type { MarketId, Side } from '../types.js';

export const defaultDepth = 50;
export const maxDepth = 1_000;

export function marketInfo(ctx: Context, { keeper }: Deps, market: Market): MarketInfo {
  const state = keeper.marketState(ctx, market.id);
  const mark = markState(ctx, market.id);
  return {
    market,
    state: marketStateToProto(state),
    openInterest: marketViewOf(market, state, keeper.ratesView(ctx, market)).openInterest.toString(),
    mark: mark === undefined ? undefined : markStateToProto(mark),
  };
}

/** One side of the book as it shows itself, orders of one price added up, best first. O(orders shown). */
export function bookLevels(ctx: Context, { keeper }: Deps, market: MarketId, side: Side, depth: number): PriceLevel[] {
  const levels: PriceLevel[] = [];
  for (const level of keeper.book(ctx).levels(market, side)) {
    if (levels.length === depth) break;
    const list = level.orders();
    let hidden = 0n;
    for (const order of list) hidden += order.hidden;
    levels.push({ price: level.price, quantity: level.total - hidden, orders: list.length });
  }
  return levels;
}
