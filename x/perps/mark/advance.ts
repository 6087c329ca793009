import { ppb, type MarketId, type MarketView, type Ppb, type Price } from '../types.js';
import type { ImpactPrices } from './impact.js';
import { bookPrice, markBand, markPrice, stepBasis } from './mark-price.js';
import {
  addStanding,
  averagePrice,
  dropOldest,
  emptyAverage,
  isSurplus,
  type Stretch,
  type TimeAverage,
} from './time-average.js';

const msPerSecond = 1_000n;

/** What a market's mark is made of besides the block's prices. */
export interface MarkStateView {
  readonly marketId: MarketId;
  readonly basis: Ppb;
  readonly basisTimeMs: bigint;
  /** Undefined while the market has no price of its own. */
  readonly bookPrice: bigint | undefined;
  /** TWAP30; undefined before the first mark. */
  readonly averagePrice: Price | undefined;
  readonly average: TimeAverage;
}

/** What a block knows of a market when it marks it. */
export interface MarkInputs {
  readonly timeMs: bigint;
  readonly oraclePrice: Price;
  /** Zero when validators do not know it. */
  readonly perpPrice: bigint;
  readonly impact: ImpactPrices;
  /** Zero before the first trade. */
  readonly lastClearingPrice: bigint;
  /** The mark that stood until now; zero before the first. */
  readonly stood: Price;
}

export interface Marked {
  readonly mark: Price;
  readonly state: MarkStateView;
  /** A minute that ended, to be kept, and kept ones that the window no longer counts. */
  readonly ended: Stretch | undefined;
  readonly dropped: readonly Stretch[];
}

/**
 * A market's next mark: counts the time for which the mark before stood,
 * moves the basis on by whole seconds, and takes the median. risk-model
 * sections 7.2 and 7.3. O(1), and O(30) when a minute ends after an outage.
 * @param kept the finished minutes of the window, oldest first; read when a minute ends
 */
export function advanceMark(
  market: Pick<MarketView, 'id' | 'floorRate'>,
  before: MarkStateView | undefined,
  kept: () => Iterable<Stretch>,
  { timeMs, oraclePrice, perpPrice, impact, lastClearingPrice, stood }: MarkInputs,
): Marked {
  const basisTimeMs = before?.basisTimeMs ?? timeMs;
  const seconds = timeMs > basisTimeMs ? (timeMs - basisTimeMs) / msPerSecond : 0n;
  const beta = markBand(market);
  const book = bookPrice(impact, lastClearingPrice);
  const basis = stepBasis(before?.basis ?? ppb(0n), book, oraclePrice, beta, seconds);
  const mark = markPrice({ oraclePrice, basis, book, perpPrice, beta });
  const { average: grown, ended } = addStanding(before?.average ?? emptyAverage, stood, timeMs);
  let average = grown;
  const dropped: Stretch[] = [];
  if (ended !== undefined) {
    for (const oldest of kept()) {
      if (!isSurplus(average, oldest)) break;
      average = dropOldest(average, oldest);
      dropped.push(oldest);
    }
  }
  const state: MarkStateView = {
    marketId: market.id,
    basis,
    basisTimeMs: basisTimeMs + seconds * msPerSecond,
    bookPrice: book,
    averagePrice: averagePrice(average) ?? mark,
    average,
  };
  return { mark, state, ended, dropped };
}
