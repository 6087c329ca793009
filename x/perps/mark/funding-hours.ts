import { FundingHour } from '../../../gen/plimsoll/perps/v1/mark.js';
import { Collection, protoCodec, type Stores } from '../../../runtime/store/collection.js';
import { readU32, readU64, u32, u64 } from '../../../runtime/store/key.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { storeName } from '../keys.js';
import type { MarketId } from '../types.js';

/** Seven days. */
export const keptHours = 168n;

/** 42 market hour → FundingHour. */
const hours = new Collection<readonly [MarketId, bigint], FundingHour>(
  storeName,
  0x42,
  { encode: ([market, hour]) => u32(market) + u64(hour), decode: (key) => [readU32(key, 0), readU64(key, 4)] },
  protoCodec<FundingHour>(FundingHour),
);

/** Keeps an hour and forgets those older than seven days. O(1) in the long run: each is dropped once. */
export function keepFundingHour(to: Stores<KVStore>, hour: FundingHour): void {
  const { marketId } = hour;
  const outdated: bigint[] = [];
  for (const old of fundingHours(to, marketId)) {
    if (old.hour + keptHours > hour.hour) break;
    outdated.push(old.hour);
  }
  for (const old of outdated) hours.delete(to, [marketId, old]);
  hours.set(to, [marketId, hour.hour], hour);
}

/** Oldest first. */
export const fundingHours = (from: Stores, id: MarketId): Iterable<FundingHour> => hours.values(from, u32(id));

export const allFundingHours = (from: Stores): Iterable<FundingHour> => hours.values(from);

export const importFundingHour = (to: Stores<KVStore>, hour: FundingHour): void =>
  hours.set(to, [hour.marketId, hour.hour], hour);
