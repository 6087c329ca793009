import { billion, clamp, min } from '../../../runtime/math/integers.js';
import { ppb, price, type MarketView, type Ppb, type Price } from '../types.js';
import type { ImpactPrices } from './impact.js';

/** Part of the distance that the basis goes in a second, 2^-32: a time constant of 150 s. */
const basisStep = 28_537_883n;
const basisScale = 1n << 32n;
/** Steps after a long time without blocks: by then 98 % of the distance is gone. */
const maxBasisSteps = 600n;

/** beta: how far the mark may be from the oracle price, half the floor of the maintenance rate. risk-model section 7.2. */
export const markBand = ({ floorRate }: Pick<MarketView, 'floorRate'>): Ppb => ppb(floorRate / 2n);

/** A price brought into oracle price ± beta; the band is rounded down. */
export function intoBand(value: bigint, oraclePrice: bigint, beta: Ppb): bigint {
  const reach = (oraclePrice * beta) / billion;
  return clamp(value, oraclePrice - reach, oraclePrice + reach);
}

/**
 * B: what the market itself says, the median of its impact prices and its
 * newest clearing price. Undefined while a side of the book is too thin or
 * nothing has traded yet: a market without a price of its own follows the oracle.
 */
export function bookPrice({ bid, ask }: ImpactPrices, lastClearingPrice: bigint): bigint | undefined {
  if (bid === undefined || ask === undefined || lastClearingPrice === 0n) return undefined;
  return median([bid, ask, lastClearingPrice]);
}

/**
 * e: the average distance of the book from the oracle price after some
 * seconds more, ppb. Without a book price it goes back to zero. O(seconds),
 * 600 at most.
 */
export function stepBasis(basis: Ppb, book: bigint | undefined, oraclePrice: bigint, beta: Ppb, seconds: bigint): Ppb {
  const target = book === undefined ? 0n : clamp(((book - oraclePrice) * billion) / oraclePrice, -beta, beta);
  let stepped: bigint = clamp(basis, -beta, beta);
  for (let left = min(seconds, maxBasisSteps); left > 0n; left--) {
    stepped += ((target - stepped) * basisStep) / basisScale;
  }
  return ppb(stepped);
}

/**
 * The mark: median of the oracle price moved by the basis, the book price,
 * and the perpetuals of other exchanges, the latter two within ± beta of the
 * oracle price; with two of them the oracle price is the third, alone the
 * first decides. So |mark - oracle| <= beta * oracle (INV-Q1) and no book
 * alone moves the mark further than its own average did. risk-model section 7.2.
 * @param perpPrice zero when validators do not know it
 */
export function markPrice(input: {
  readonly oraclePrice: Price;
  readonly basis: Ppb;
  readonly book: bigint | undefined;
  readonly perpPrice: bigint;
  readonly beta: Ppb;
}): Price {
  const { oraclePrice, basis, book, perpPrice, beta } = input;
  const smoothed = oraclePrice + (oraclePrice * basis) / billion;
  const others: bigint[] = [];
  if (book !== undefined) others.push(intoBand(book, oraclePrice, beta));
  if (perpPrice !== 0n) others.push(intoBand(perpPrice, oraclePrice, beta));
  const [first, second] = others;
  if (first === undefined) return price(smoothed);
  return price(median([smoothed, first, second ?? oraclePrice]));
}

function median([a, b, c]: readonly [bigint, bigint, bigint]): bigint {
  const [low, high] = a < b ? [a, b] : [b, a];
  return clamp(c, low, high);
}
