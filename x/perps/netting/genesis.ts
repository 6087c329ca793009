import type { NettingGenesis } from '../../../gen/plimsoll/perps/v1/netting.js';
import type { SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Stores } from '../../../runtime/store/collection.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { sideFromProto } from '../codecs.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { nettings, nettingToProto, termsFromProto } from './store.js';

type KeyOf = (id: SubaccountId | undefined, field: string) => SubaccountKey;

/** @param keyOf key of a subaccount that exists; throws Error naming the field */
export function checkNettings(state: NettingGenesis | undefined, markets: ReadonlySet<MarketId>, keyOf: KeyOf): void {
  const names = new Set<string>();
  for (const [index, { subaccount, marketId, side }] of (state?.requests ?? []).entries()) {
    const field = `perps.netting.requests[${index}]`;
    const key = keyOf(subaccount, `${field}.subaccount`);
    if (!markets.has(marketId)) throw new Error(`${field}.market_id: ${marketId} is not a market`);
    const name = `${key}/${marketId}`;
    if (names.has(name)) throw new Error(`${field}.market_id: ${marketId} is listed twice for the subaccount`);
    names.add(name);
    if (sideFromProto(side) === undefined) throw new Error(`${field}.side: expected SIDE_BUY or SIDE_SELL`);
  }
}

export function importNettings(to: Stores<KVStore>, state: NettingGenesis | undefined, keyOf: KeyOf): void {
  for (const request of state?.requests ?? []) {
    const account = keyOf(request.subaccount, 'subaccount');
    nettings.set(to, { account, marketId: request.marketId, ...termsFromProto(request) });
  }
}

export const exportNettings = (from: Stores): NettingGenesis => ({
  requests: Array.from(nettings.of(from, ''), nettingToProto),
});
