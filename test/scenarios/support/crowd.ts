import type { GenesisMarket } from '../../../cmd/plimsolld/node/init.js';
import { Randomness } from '../../../cmd/plimsolld/replay/random.js';
import { marketOfClass, type ClassName } from '../../../x/perps/params.js';
import { keylessOwner, type SeededAccount, type SeededPosition } from '../../support/seeded.js';
import { scaled } from './stage.js';

/** A market by its ticker: class, and price in USD with at most six decimals. */
export type Listing = readonly [ticker: string, className: ClassName, price: string];

/** Sizes of 10^-8, prices of 10^-6 USD, ticks of a ten-thousandth of the price or less; market ids count from 1. */
export function listed(listings: readonly Listing[], tranche: bigint): GenesisMarket[] {
  return listings.map(([ticker, className, price], index) => {
    let tick = 1n;
    while (tick * 100_000n <= scaled(price, -6)) tick *= 10n;
    const market = marketOfClass(className, {
      id: index + 1,
      ticker,
      baseExponent: -8,
      priceExponent: -6,
      tickSize: tick,
      stepSize: 1_000n,
      oraclePairId: index + 1,
    });
    return { market, tranche };
  });
}

export const pricesOf = (listings: readonly Listing[]): Record<string, string> =>
  Object.fromEntries(listings.map(([ticker, , price]) => [ticker, price]));

export interface CrowdOptions {
  readonly listings: readonly Listing[];
  readonly pairs: number;
  readonly seed: string;
  /** Notional of a position, USDC. */
  readonly notional?: readonly [least: number, most: number];
  /** Equity beyond maintenance margin, ppm of notional. */
  readonly sparePpm?: readonly [least: number, most: number];
}

/**
 * Pairs of a long and a short of the same size, spread over the markets; every
 * fourth pair of class A and B holds a second market the other way round.
 */
export function randomPairs({
  listings,
  pairs,
  seed,
  notional = [500, 50_000],
  sparePpm = [1_000, 400_000],
}: CrowdOptions): SeededAccount[] {
  const random = new Randomness(seed);
  const markets = listed(listings, 0n).map(({ market }) => market);
  const priceAt = (id: number): bigint => scaled(listings[id - 1]![2], -6);
  const shared = markets.filter((_, index) => ['A', 'B'].includes(listings[index]![1])).map(({ id }) => id);
  const between = (draws: ReturnType<Randomness['at']>, [least, most]: readonly [number, number]): number =>
    least + draws.below(most - least + 1);
  const sizeOf = (id: number, usdc: number): bigint => {
    const quanta = (BigInt(usdc) * 10n ** 14n) / priceAt(id);
    return quanta - (quanta % 1_000n);
  };
  return Array.from({ length: pairs }, (_, pair) => {
    const draws = random.at(0, pair);
    const first = (pair % markets.length) + 1;
    const held = [{ id: first, size: sizeOf(first, between(draws, notional)) }];
    const others = shared.filter((id) => id !== first);
    if (shared.includes(first) && others.length > 0 && draws.below(4) === 0) {
      const second = others[draws.below(others.length)]!;
      held.push({ id: second, size: -sizeOf(second, between(draws, notional)) });
    }
    return [1n, -1n].map((sign, at): SeededAccount => {
      const positions = held.map(({ id, size }): SeededPosition => ({ market: id, quantity: sign * size }));
      const equity = positions.reduce((sum, { market, quantity }) => {
        const worth = ((quantity < 0n ? -quantity : quantity) * priceAt(market)) / 10n ** 8n;
        return sum + (worth * BigInt(markets[market - 1]!.maintenanceRatePpm + between(draws, sparePpm))) / 1_000_000n;
      }, 0n);
      return { owner: keylessOwner(2 * pair + at), equity, positions };
    });
  }).flat();
}
