import type { EventLiquidationStarted } from '../../gen/plimsoll/perps/v1/events.js';
import type { AccountStanding } from '../../gen/plimsoll/perps/v1/standing.js';
import type { Trace, TraceMarket } from '../../gen/plimsoll/perps/v1/trace.js';

/** What the steps of a trace have in common. */
export interface Scene {
  readonly trace: Trace;
  readonly markets: ReadonlyMap<number, TraceMarket>;
  readonly started: EventLiquidationStarted | undefined;
}

/** @throws Error when the trace leaves a market out */
export function requireMarket({ markets }: Scene, id: number): TraceMarket {
  const market = markets.get(id);
  if (market === undefined) throw new Error(`the trace does not describe market ${id}`);
  return market;
}

/** One position, USDC only, no stress vectors: nothing but its size decides its margin. */
export const isPlain = ({ positions, collateralValue }: AccountStanding, { markets }: Scene): boolean =>
  positions.length === 1 && collateralValue === '0' && markets.get(positions[0]!.marketId)?.stressVectors === 0;
