import type { Context } from '../../../runtime/baseapp/context.js';
import type { MarketStateView } from '../codecs.js';
import type { Deps } from '../deps.js';
import {
  addStanding,
  averagePrice,
  bookPrice,
  dropOldest,
  emptyAverage,
  impactNotional,
  impactPrice,
  isSurplus,
  markBand,
  markPrice,
  stepBasis,
  type BookLevel,
  type ImpactPrices,
  type TimeAverage,
} from '../mark/index.js';
import { dropMinute, keepMinute, markState, minutesOf, setMarkState } from '../mark/store.js';
import { ppb, type MarketId, type MarketView, type Price, type Side } from '../types.js';

const msPerSecond = 1_000n;

/**
 * Impact prices of the book as the block before left it. O(orders up to the
 * impact notional), `maxOrders` at most: a side that needs more counts as too thin.
 */
export function readImpact(ctx: Context, { keeper }: Deps, market: MarketView, maxOrders: number): ImpactPrices {
  const notional = impactNotional(market);
  function* levels(side: Side): Iterable<BookLevel> {
    let read = 0;
    for (const level of keeper.bookDepth(ctx, market.id, side)) {
      if (read++ === maxOrders) return;
      yield level;
    }
  }
  const impact = (side: Side): bigint | undefined => impactPrice(levels(side), notional, market.quoteDivisor);
  return { bid: impact('buy'), ask: impact('sell') };
}

/**
 * Marks a market for this block, once its oracle price is in: counts the
 * time for which the mark before stood, moves the basis on, and takes the
 * median. risk-model sections 7.2 and 7.3. O(1) beside the impact prices.
 */
export function markMarket(
  ctx: Context,
  market: MarketView,
  state: MarketStateView,
  impact: ImpactPrices,
  perpPrice: bigint,
): Price {
  const { timeMs } = ctx.block;
  const before = markState(ctx, market.id);
  const basisTimeMs = before?.basisTimeMs ?? timeMs;
  const seconds = timeMs > basisTimeMs ? (timeMs - basisTimeMs) / msPerSecond : 0n;
  const { oraclePrice } = state;
  const beta = markBand(market);
  const book = bookPrice(impact, state.lastClearingPrice);
  const basis = stepBasis(before?.basis ?? ppb(0n), book, oraclePrice, beta, seconds);
  const average = averaged(ctx, market.id, before?.average ?? emptyAverage, state.markPrice);
  const mark = markPrice({ oraclePrice, basis, book, perpPrice, beta });
  setMarkState(ctx, {
    marketId: market.id,
    basis,
    basisTimeMs: basisTimeMs + seconds * msPerSecond,
    bookPrice: book,
    averagePrice: averagePrice(average) ?? mark,
    average,
  });
  return mark;
}

/** The average with the time counted for which the mark stood. A minute ends once, and drops what fell out of the window. */
function averaged(ctx: Context, id: MarketId, before: TimeAverage, stood: Price): TimeAverage {
  const { average, ended } = addStanding(before, stood, ctx.block.timeMs);
  if (ended === undefined) return average;
  keepMinute(ctx, id, ended);
  let kept = average;
  for (const oldest of [...minutesOf(ctx, id)]) {
    if (!isSurplus(kept, oldest)) break;
    kept = dropOldest(kept, oldest);
    dropMinute(ctx, id, oldest);
  }
  return kept;
}
