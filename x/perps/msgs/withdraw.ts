import type { MsgWithdraw, MsgWithdrawResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { collateralDenom, moduleName, type Deps } from '../deps.js';
import { subaccountId } from '../subaccount-key.js';
import { requireCollateral, requireSubaccountKey, takeCollateral } from './common.js';

/** Moves free collateral back to the signer's bank balance. */
export function withdraw(ctx: Context, deps: Deps, msg: MsgWithdraw): MsgWithdrawResponse {
  deps.keeper.requireRunning(ctx);
  const key = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const collateral = requireCollateral(ctx, deps, msg.amount);
  const { asset, amount } = collateral;
  takeCollateral(ctx, deps, key, collateral);
  const to = parseAddress(msg.owner, 'owner');
  deps.bank.sendFromModule(ctx, moduleName, to, asset?.denom ?? collateralDenom, amount);
  const subaccount = subaccountId(key);
  if (asset === undefined) ctx.emit('plimsoll.perps.v1.EventWithdraw', { subaccount, amount: amount.toString() });
  else
    ctx.emit('plimsoll.perps.v1.EventCollateralWithdraw', {
      subaccount,
      assetId: asset.id,
      amount: amount.toString(),
    });
  return {};
}
