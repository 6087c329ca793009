import { Freshness } from '../../gen/plimsoll/oracle/v1/oracle.js';

/** Ages in milliseconds from which a price belongs to a level. */
export interface FreshnessLevels {
  readonly lateMs: bigint;
  readonly staleMs: bigint;
  readonly deadMs: bigint;
}

/** The level of a price of so many milliseconds; an age of exactly a threshold is still of the younger level. risk-model section 14.2, B3a. */
export function freshnessOf(ageMs: bigint, { lateMs, staleMs, deadMs }: FreshnessLevels): Freshness {
  if (ageMs > deadMs) return Freshness.FRESHNESS_DEAD;
  if (ageMs > staleMs) return Freshness.FRESHNESS_STALE;
  return ageMs > lateMs ? Freshness.FRESHNESS_LATE : Freshness.FRESHNESS_FRESH;
}
