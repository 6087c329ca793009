import type { BreakersGenesis } from '../../../gen/plimsoll/perps/v1/breakers.js';
import type { SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Stores } from '../../../runtime/store/collection.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { heldCancels } from './held-cancels.js';
import { breakerStore } from './store.js';

export function exportBreakers(from: Stores): BreakersGenesis {
  return {
    markets: [...breakerStore.allMarkets(from)],
    measures: [...breakerStore.allMeasures(from)],
    history: [...breakerStore.history(from)],
    lastBlockMs: breakerStore.lastBlockMs(from),
    heldCancels: [...heldCancels.all(from)].map(({ account, marketId, clientId }) => ({
      ...subaccountId(account),
      marketId,
      clientId,
    })),
  };
}

export function importBreakers(
  to: Stores<KVStore>,
  genesis: BreakersGenesis | undefined,
  keyOf: (id: SubaccountId, field: string) => SubaccountKey,
): void {
  if (genesis === undefined) return;
  for (const each of genesis.markets) breakerStore.setMarket(to, each);
  for (const each of genesis.measures) breakerStore.setMeasures(to, each);
  for (const each of genesis.history) breakerStore.importRecord(to, each);
  if (genesis.lastBlockMs > 0n) breakerStore.setLastBlockMs(to, genesis.lastBlockMs);
  for (const { owner, number, marketId, clientId } of genesis.heldCancels)
    heldCancels.add(to, { account: keyOf({ owner, number }, 'breakers.held_cancels'), marketId, clientId });
}

/** @throws Error naming the field at fault */
export function validateBreakers(genesis: BreakersGenesis | undefined, markets: ReadonlySet<MarketId>): void {
  for (const list of ['markets', 'measures', 'heldCancels'] as const) {
    for (const [index, { marketId }] of (genesis?.[list] ?? []).entries()) {
      if (!markets.has(marketId))
        throw new Error(`perps.breakers.${list}[${index}].market_id: ${marketId} is not a market`);
    }
  }
  let last = -1n;
  for (const [index, { sequence }] of (genesis?.history ?? []).entries()) {
    if (sequence <= last) throw new Error(`perps.breakers.history[${index}].sequence: ${sequence} is out of order`);
    last = sequence;
  }
}
