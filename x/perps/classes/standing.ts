import type { ClassStanding } from '../../../gen/plimsoll/perps/v1/rates.js';
import { SolvencyClass } from '../../../gen/plimsoll/perps/v1/types.js';
import type { MarketId } from '../types.js';

/** A market that is listed now. */
export const newStanding = (marketId: MarketId, listedMs: bigint): ClassStanding => ({
  marketId,
  listedMs,
  day: 0n,
  betterDays: 0,
  promotedMs: 0n,
  pending: SolvencyClass.SOLVENCY_CLASS_UNSPECIFIED,
  pendingMs: 0n,
});
