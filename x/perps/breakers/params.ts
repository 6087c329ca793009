import type { BreakerParams } from '../../../gen/plimsoll/perps/v1/breakers.js';
import { errors } from '../errors.js';

/** Defaults of risk-model section 14. */
export const defaultBreakerParams: BreakerParams = {
  velocitySigmas: 8,
  velocityFloorAPpm: 30_000,
  velocityFloorBPpm: 50_000,
  velocityFloorCPpm: 80_000,
  velocityFloorDPpm: 120_000,
  velocityAuctionMs: 60_000n,
  basisMs: 30_000n,
  basisClearMs: 300_000n,
  lateMs: 5_000n,
  haltMs: 120_000n,
  settlementDueMs: 21_600_000n,
  freshPrices: 20,
  dispersionBlocks: 10,
  dispersionClearMs: 60_000n,
  openInterestExitPpm: 970_000,
  fundHourPpm: 300_000,
  fundDayPpm: 500_000,
  fundClassPpm: 200_000,
  fundGlobalPpm: 100_000,
  fundMs: 86_400_000n,
  cascadePpm: 50_000,
  cascadeAuctionMs: 30_000n,
  smallSlicesMs: 600_000n,
  depthPpm: 100_000,
  depthExitPpm: 250_000,
  depthMs: 30_000n,
  depthClearMs: 60_000n,
  depthMaxMs: 600_000n,
  haircutMs: 600_000n,
  outageMs: 300_000n,
  outageAuctionMs: 60_000n,
  graceMs: 30_000n,
  coverageWindows: 20,
  coverageExitPpm: 900_000,
  reopenAuctionMs: 60_000n,
  extensionMs: 30_000n,
  maxExtensions: 4,
  maxAuctionMs: 300_000n,
  unclearedMs: 300_000n,
  settledPerBlock: 1_000,
};

/** A least and a most that governance may choose. */
type Bounds<T> = readonly [low: T, high: T];

const minute = 60_000n;
const hour = 60n * minute;
const day = 24n * hour;

/** Hard bounds; an auction never lasts longer than five minutes (section 23). */
const bounds: { readonly [K in keyof BreakerParams]: Bounds<BreakerParams[K]> } = {
  velocitySigmas: [4, 16],
  velocityFloorAPpm: [10_000, 500_000],
  velocityFloorBPpm: [10_000, 500_000],
  velocityFloorCPpm: [10_000, 500_000],
  velocityFloorDPpm: [10_000, 500_000],
  velocityAuctionMs: [10_000n, 5n * minute],
  basisMs: [1_000n, hour],
  basisClearMs: [1_000n, day],
  lateMs: [1_000n, 10n * minute],
  haltMs: [1_000n, day],
  settlementDueMs: [hour, 30n * day],
  freshPrices: [1, 1_000],
  dispersionBlocks: [1, 1_000],
  dispersionClearMs: [1_000n, day],
  openInterestExitPpm: [500_000, 1_000_000],
  fundHourPpm: [10_000, 1_000_000],
  fundDayPpm: [10_000, 1_000_000],
  fundClassPpm: [10_000, 1_000_000],
  fundGlobalPpm: [10_000, 1_000_000],
  fundMs: [minute, 7n * day],
  cascadePpm: [1_000, 1_000_000],
  cascadeAuctionMs: [10_000n, 5n * minute],
  smallSlicesMs: [0n, day],
  depthPpm: [0, 1_000_000],
  depthExitPpm: [0, 1_000_000],
  depthMs: [1_000n, hour],
  depthClearMs: [1_000n, hour],
  depthMaxMs: [minute, day],
  haircutMs: [1_000n, day],
  outageMs: [30_000n, day],
  outageAuctionMs: [10_000n, 5n * minute],
  graceMs: [0n, 10n * minute],
  coverageWindows: [1, 1_000],
  coverageExitPpm: [500_000, 1_000_000],
  reopenAuctionMs: [10_000n, 5n * minute],
  extensionMs: [5_000n, 2n * minute],
  maxExtensions: [0, 10],
  maxAuctionMs: [10_000n, 5n * minute],
  unclearedMs: [1_000n, day],
  settledPerBlock: [1, 100_000],
};

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Undefined: a chain without breakers. @throws perps/25 naming the field */
export function validateBreakerParams(params: BreakerParams | undefined, staleMs: bigint): void {
  if (params === undefined) return;
  for (const field of Object.keys(bounds) as (keyof BreakerParams)[]) {
    const [low, high] = bounds[field];
    const value = params[field];
    if (value < low || value > high)
      throw errors.invalidParams(`breakers.${snake(field)}: ${value}; expected ${low} to ${high}`);
  }
  const ordered = (field: keyof BreakerParams, above: string, least: number | bigint): void => {
    if (params[field] < least)
      throw errors.invalidParams(`breakers.${snake(field)}: ${params[field]}; at least ${above}, which is ${least}`);
  };
  ordered('haltMs', 'stale_ms', staleMs);
  ordered('settlementDueMs', 'breakers.halt_ms', params.haltMs);
  ordered('depthExitPpm', 'breakers.depth_ppm', params.depthPpm);
}
