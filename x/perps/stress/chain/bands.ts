import type { StressReport } from '../../../../gen/plimsoll/perps/v1/stress.js';
import type { Stores } from '../../../../runtime/store/collection.js';
import type { MarketId, Side } from '../../types.js';
import { stressStore } from './store.js';

/**
 * Notional of a side whose accounts a move of this market alone would
 * liquidate, as the last stress test counted it, quote quanta: state, so
 * every node answers the same. Distances between bands (2, 5 and 10 %) are
 * those of the next band; beyond the last they are of the last. Zero before
 * the first test.
 * @param side of the positions: 'buy' are longs, which falls liquidate
 */
export function liquidationNotionalWithin(from: Stores, id: MarketId, side: Side, ppm: bigint): bigint {
  const bands = stressStore.report(from)?.markets.find(({ marketId }) => marketId === id)?.bands ?? [];
  const band = bands.find(({ distancePpm }) => BigInt(distancePpm) >= ppm) ?? bands.at(-1);
  if (band === undefined) return 0n;
  return BigInt(side === 'buy' ? band.longs : band.shorts);
}

/** What a report says of a tranche. */
export const trancheOf = (report: StressReport | undefined, kind: number, number: number) =>
  report?.tranches.find((each) => each.kind === kind && each.number === number);
