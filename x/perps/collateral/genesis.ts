import type { CollateralGenesis } from '../../../gen/plimsoll/perps/v1/collateral_accounts.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { subaccountId } from '../subaccount-key.js';
import type { SubaccountKey } from '../types.js';
import { validateAsset } from './params.js';
import { addAsset } from './registry.js';
import { assetStateFromProto, assetStateToProto, totalsFromProto, totalsToProto } from './store.js';

export const emptyCollateral: CollateralGenesis = { assets: [], states: [], totals: [], balances: [], conversions: [] };

/** @param keyOf the subaccount's key; throws Error naming the field when the id is not valid or unknown */
export function validateCollateralGenesis(
  state: CollateralGenesis,
  keyOf: (id: CollateralGenesis['balances'][number]['subaccount'], field: string) => SubaccountKey,
): void {
  const ids = new Set<number>();
  for (const [index, asset] of state.assets.entries()) {
    validateAsset(asset);
    if (ids.has(asset.id)) throw new Error(`perps.collateral.assets[${index}].id: ${asset.id} is listed twice`);
    ids.add(asset.id);
  }
  const requireKnown = (field: string, id: number): void => {
    if (!ids.has(id)) throw new Error(`${field}.asset_id: ${id} is not a collateral asset`);
  };
  for (const [index, each] of state.states.entries()) requireKnown(`perps.collateral.states[${index}]`, each.assetId);
  for (const [index, each] of state.totals.entries()) requireKnown(`perps.collateral.totals[${index}]`, each.assetId);
  const seen = new Set<string>();
  for (const [index, { subaccount, assetId, amount }] of state.balances.entries()) {
    const field = `perps.collateral.balances[${index}]`;
    requireKnown(field, assetId);
    const key = `${keyOf(subaccount, `${field}.subaccount`)}/${assetId}`;
    if (seen.has(key)) throw new Error(`${field}: the account has this asset twice`);
    seen.add(key);
    if (!/^[1-9][0-9]{0,37}$/.test(amount)) throw new Error(`${field}.amount: ${amount}; expected a positive integer`);
  }
  for (const [index, { subaccount }] of state.conversions.entries())
    keyOf(subaccount, `perps.collateral.conversions[${index}].subaccount`);
}

/** After markets and accounts. Totals of the accounts are counted anew; the audit compares them with the bank. */
export function initCollateral(
  ctx: Context,
  deps: Deps,
  state: CollateralGenesis,
  keyOf: (id: CollateralGenesis['balances'][number]['subaccount'], field: string) => SubaccountKey,
): void {
  const { collateral } = deps.keeper;
  for (const asset of state.assets) addAsset(ctx, deps, asset);
  for (const each of state.states) collateral.setState(ctx, assetStateFromProto(each));
  for (const each of state.totals) collateral.setTotals(ctx, { ...totalsFromProto(each), held: 0n });
  for (const { subaccount, assetId, amount } of state.balances)
    collateral.setBalance(ctx, keyOf(subaccount, 'subaccount'), assetId, BigInt(amount));
  for (const { subaccount, startMs } of state.conversions)
    collateral.startConversion(ctx, keyOf(subaccount, 'subaccount'), startMs);
}

export function exportCollateral(ctx: Context, { keeper: { collateral } }: Deps): CollateralGenesis {
  return {
    assets: [...collateral.assets(ctx)],
    states: [...collateral.states(ctx)].map(assetStateToProto),
    totals: [...collateral.allTotals(ctx)].map(totalsToProto),
    balances: [...collateral.balances(ctx)].map(([key, assetId, amount]) => ({
      subaccount: subaccountId(key),
      assetId,
      amount: amount.toString(),
    })),
    conversions: [...collateral.conversions(ctx)].map(([startMs, key]) => ({ subaccount: subaccountId(key), startMs })),
  };
}
