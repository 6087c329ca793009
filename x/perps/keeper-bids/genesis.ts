import type { KeeperBidGenesis } from '../../../gen/plimsoll/perps/v1/keeper_bids.js';
import type { SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { residualAges } from '../block/residual-ages.js';
import { subaccountId } from '../subaccount-key.js';
import type { SubaccountKey } from '../types.js';

type KeyOf = (id: SubaccountId | undefined, field: string) => SubaccountKey;

/** @param keyOf key of a subaccount that exists; throws Error naming the field */
export function checkKeeperBids(state: KeeperBidGenesis | undefined, keyOf: KeyOf): void {
  const seen = new Set<SubaccountKey>();
  for (const [index, { subaccount, blocks }] of (state?.residualAges ?? []).entries()) {
    const field = `perps.keeper_bids.residual_ages[${index}]`;
    const key = keyOf(subaccount, `${field}.subaccount`);
    if (seen.has(key)) throw new Error(`${field}.subaccount: listed twice`);
    seen.add(key);
    if (blocks === 0n) throw new Error(`${field}.blocks: must be positive`);
  }
}

export function importKeeperBids(ctx: Context, state: KeeperBidGenesis | undefined, keyOf: KeyOf): void {
  for (const { subaccount, blocks } of state?.residualAges ?? [])
    residualAges.set(ctx, keyOf(subaccount, 'subaccount'), blocks);
}

export function exportKeeperBids(ctx: Context): KeeperBidGenesis {
  return {
    residualAges: [...residualAges.all(ctx)].map(([key, blocks]) => ({ subaccount: subaccountId(key), blocks })),
  };
}
