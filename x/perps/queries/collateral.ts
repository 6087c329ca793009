import type {
  CollateralAssetInfo,
  CollateralHoldingInfo,
  CollateralSaleInfo,
} from '../../../gen/plimsoll/perps/v1/collateral_accounts.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { conversionPrice } from '../collateral/conversion.js';
import { assetStateToProto, totalsToProto } from '../collateral/store.js';
import type { Deps } from '../deps.js';
import { assetRisk, assetValue, usdcEquity } from '../margin/index.js';
import { subaccountId } from '../subaccount-key.js';
import type { SubaccountKey } from '../types.js';
import { max } from '../units/index.js';

export function collateralAssets(ctx: Context, { keeper: { collateral } }: Deps): CollateralAssetInfo[] {
  return [...collateral.assets(ctx)].map((asset) => ({
    asset,
    state: assetStateToProto(collateral.state(ctx, asset.id)),
    totals: totalsToProto(collateral.totals(ctx, asset.id)),
  }));
}

/** An account's collateral as margin counts it. */
export function collateralOf(ctx: Context, { keeper }: Deps, key: SubaccountKey): CollateralHoldingInfo[] {
  const markets = keeper.markets(ctx);
  return keeper.collateralOf(ctx, key).map(({ assetId, amount }) => {
    const asset = markets.asset(assetId);
    return {
      assetId,
      denom: keeper.collateral.asset(ctx, assetId)!.denom,
      amount: amount.toString(),
      value: assetValue(asset, amount).toString(),
      risk: assetRisk(asset, amount).toString(),
    };
  });
}

/** What the next block would sell, at the prices of this one. */
export function collateralSales(ctx: Context, { keeper }: Deps): CollateralSaleInfo[] {
  const { collateral } = keeper;
  const params = keeper.params(ctx).collateral!;
  const markets = keeper.markets(ctx);
  const { timeMs } = ctx.block;
  const found: CollateralSaleInfo[] = [];
  let left = params.maxConversions;
  for (const [startMs, key] of collateral.conversions(ctx)) {
    if (left-- === 0) break;
    const account = keeper.account(ctx, key);
    const debt = max(0n, -usdcEquity(account, markets)).toString();
    for (const { assetId, amount } of account.collateral) {
      const price = conversionPrice(collateral.state(ctx, assetId), timeMs - startMs, params);
      found.push({ subaccount: subaccountId(key), assetId, amount: amount.toString(), price, debt });
    }
  }
  for (const { assetId, inventory, inventorySinceMs } of collateral.allTotals(ctx)) {
    if (inventory === 0n) continue;
    const price = conversionPrice(collateral.state(ctx, assetId), timeMs - inventorySinceMs, params);
    found.push({ subaccount: undefined, assetId, amount: inventory.toString(), price, debt: '0' });
  }
  return found;
}
