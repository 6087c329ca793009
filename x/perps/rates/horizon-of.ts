import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Stores } from '../../../runtime/store/collection.js';
import { max } from '../../../runtime/math/integers.js';
import { classRules } from '../classes/rules.js';
import { classFromProto } from '../codecs.js';
import { ratesStore } from './store.js';

/** H of a market, minutes: its class's, or more where closes were slow. risk-model sections 2 and 10.5. O(1). */
export function horizonOf(from: Stores, market: Market): bigint {
  const { horizonMinutes } = classRules[classFromProto(market.class)];
  return max(horizonMinutes, BigInt(ratesStore.horizon(from, market.id)?.minutes ?? 0));
}
