import { billion, fdiv, max } from '../../../runtime/math/integers.js';
import { quote, type MarketView, type Quote } from '../types.js';

/** The impact notional is what this much margin carries. */
const impactMargin = 500_000_000n;
/** Or this part of the depth unit D, whichever is more. */
const depthPart = 10n;

export interface BookLevel {
  readonly price: bigint;
  readonly quantity: bigint;
}

/** What a block's resting book pays and asks for the impact notional; undefined for a side that does not hold it. */
export interface ImpactPrices {
  readonly bid: bigint | undefined;
  readonly ask: bigint | undefined;
}

export const noImpact: ImpactPrices = { bid: undefined, ask: undefined };

/** NI: the notional that an impact price averages over, max(500 USDC / IM rate, D / 10). risk-model section 7.2. */
export function impactNotional({ openingRate, depthUnit }: Pick<MarketView, 'openingRate' | 'depthUnit'>): Quote {
  return quote(max((impactMargin * billion) / (2n * openingRate), depthUnit / depthPart));
}

/**
 * Average price of trading `notional` against levels, best first, rounded
 * down; undefined when the levels do not hold that much. risk-model section
 * 7.2. O(levels touched).
 */
export function impactPrice(levels: Iterable<BookLevel>, notional: bigint, quoteDivisor: bigint): bigint | undefined {
  let left = notional * quoteDivisor;
  let value = 0n;
  let quantity = 0n;
  for (const level of levels) {
    const worth = level.price * level.quantity;
    if (worth >= left) {
      const part = max(1n, left / level.price);
      return fdiv(value + part * level.price, quantity + part);
    }
    value += worth;
    quantity += level.quantity;
    left -= worth;
  }
  return undefined;
}
