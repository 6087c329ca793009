import type { TraceMarket } from '../../gen/plimsoll/perps/v1/trace.js';
import { billion, max, million, up } from './integers.js';

/** What rates and depth a position's margin is made of. */
export interface Rates {
  readonly maintenanceRatePpb: bigint;
  readonly depthUnit: string;
}

export const divisorOf = ({ baseExponent, priceExponent }: TraceMarket): bigint =>
  10n ** BigInt(-(baseExponent + priceExponent + 6));

/** Add-on of a large position: marginal rates of 1, 3 and 8 % above 0.5, 2 and 8 D. risk-model section 4.2. */
export function concentration(notional: bigint, depth: bigint): bigint {
  const above = (halves: bigint): bigint => max(0n, 2n * notional - halves * depth);
  // Differences of the marginal rates at each bracket, ppm.
  return up(10_000n * above(1n) + 20_000n * above(4n) + 50_000n * above(16n), 2n * million);
}

export const marginOf = (notional: bigint, { maintenanceRatePpb, depthUnit }: Rates): bigint =>
  up(notional * maintenanceRatePpb, billion) + concentration(notional, BigInt(depthUnit));
