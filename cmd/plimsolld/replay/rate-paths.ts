import { openInterestScaledRate } from '../../../x/perps/margin/index.js';
import type { MarketView } from '../../../x/perps/types.js';

/** A market's rates after one block, ppm. */
export interface RatePoint {
  readonly market: number;
  readonly maintenance: number;
  readonly opening: number;
  /** What a position without size add-on needs to be opened, open-interest scaling included. */
  readonly initial: number;
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** How a market's margin rates went, ppm. */
export interface RatePath {
  readonly maintenancePpm: Spread;
  readonly openingPpm: Spread;
  /** Blocks at even distances, 128 at most. */
  readonly series: readonly { readonly block: number; readonly maintenancePpm: number; readonly openingPpm: number }[];
}

const maxPoints = 128;
const ppbPerPpm = 1_000n;

export const ratePoint = (market: MarketView): RatePoint => ({
  market: market.id,
  maintenance: Number(market.maintenanceRate / ppbPerPpm),
  opening: Number(market.openingRate / ppbPerPpm),
  initial: Number(openInterestScaledRate(market) / ppbPerPpm),
});

/** Gathers one market's rates block by block, in memory that does not grow with their number. */
class Path {
  readonly #maintenance = new Map<number, number>();
  readonly #opening = new Map<number, number>();
  #series: { block: number; maintenancePpm: number; openingPpm: number }[] = [];
  #step = 1;

  add(block: number, { maintenance, opening }: RatePoint): void {
    count(this.#maintenance, maintenance);
    count(this.#opening, opening);
    if (block % this.#step !== 0) return;
    this.#series.push({ block, maintenancePpm: maintenance, openingPpm: opening });
    if (this.#series.length <= maxPoints) return;
    this.#step *= 2;
    this.#series = this.#series.filter((each) => each.block % this.#step === 0);
  }

  path(): RatePath {
    return { maintenancePpm: spread(this.#maintenance), openingPpm: spread(this.#opening), series: this.#series };
  }
}

/** The rates of all markets over a replay, and the leverage that they allowed. */
export class RatePaths {
  readonly #paths = new Map<number, Path>();
  #leverage = 0;
  #points = 0;

  add(block: number, points: readonly RatePoint[]): void {
    for (const point of points) {
      let path = this.#paths.get(point.market);
      if (path === undefined) this.#paths.set(point.market, (path = new Path()));
      path.add(block, point);
      this.#leverage += 1_000_000 / point.initial;
      this.#points++;
    }
  }

  /** Mean over blocks and markets of one over the initial margin rate; zero before the first price. */
  get averageAllowedLeverage(): number {
    return this.#points === 0 ? 0 : Number((this.#leverage / this.#points).toFixed(2));
  }

  /** By market id. */
  paths(): ReadonlyMap<number, RatePath> {
    return new Map([...this.#paths].map(([market, path]) => [market, path.path()]));
  }
}

const count = (counts: Map<number, number>, value: number): void =>
  void counts.set(value, (counts.get(value) ?? 0) + 1);

function spread(counts: ReadonlyMap<number, number>): Spread {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const half = sorted.reduce((sum, [, times]) => sum + times, 0) / 2;
  let seen = 0;
  let median = 0;
  for (const [value, times] of sorted) {
    median = value;
    seen += times;
    if (seen >= half) break;
  }
  return { min: sorted[0]?.[0] ?? 0, median, max: sorted.at(-1)?.[0] ?? 0 };
}
