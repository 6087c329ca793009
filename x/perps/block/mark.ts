import type { Context } from '../../../runtime/baseapp/context.js';
import type { BookSource } from '../book/book-index.js';
import type { MarketStateView } from '../codecs.js';
import type { Deps } from '../deps.js';
import { advanceMark, impactNotional, impactPrice, type BookLevel, type ImpactPrices } from '../mark/index.js';
import { dropMinute, keepMinute, markState, minutesOf, setMarkState } from '../mark/store.js';
import type { MarketView, Price, Side } from '../types.js';

/**
 * Impact prices of the book as the block before left it. O(price levels up
 * to the impact notional), `maxLevels` at most: a side that needs more counts as too thin.
 */
export function readImpact(
  from: BookSource,
  { keeper }: Pick<Deps, 'keeper'>,
  market: MarketView,
  maxLevels: number,
): ImpactPrices {
  const notional = impactNotional(market);
  function* levels(side: Side): Iterable<BookLevel> {
    let read = 0;
    for (const level of keeper.bookDepth(from, market.id, side)) {
      if (read++ === maxLevels) return;
      yield level;
    }
  }
  const impact = (side: Side): bigint | undefined => impactPrice(levels(side), notional, market.quoteDivisor);
  return { bid: impact('buy'), ask: impact('sell') };
}

/** Marks a market for this block, once its oracle price is in. */
export function markMarket(
  ctx: Context,
  market: MarketView,
  { oraclePrice, lastClearingPrice, markPrice: stood }: MarketStateView,
  impact: ImpactPrices,
  perpPrice: bigint,
): Price {
  const { id } = market;
  const { timeMs } = ctx.block;
  const { mark, state, ended, dropped } = advanceMark(market, markState(ctx, id), () => minutesOf(ctx, id), {
    timeMs,
    oraclePrice,
    perpPrice,
    impact,
    lastClearingPrice,
    stood,
  });
  if (ended !== undefined) keepMinute(ctx, id, ended);
  for (const stretch of dropped) dropMinute(ctx, id, stretch);
  setMarkState(ctx, state);
  return mark;
}
