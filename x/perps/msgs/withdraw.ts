import type { MsgWithdraw, MsgWithdrawResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { subaccountId } from '../subaccount-key.js';
import { requestWithdrawal } from '../withdrawals/request.js';
import { usdcId } from '../withdrawals/types.js';
import { requireCollateral, requireSubaccountKey, takeCollateral } from './common.js';

/**
 * Moves free collateral back to the signer's bank balance. It leaves the
 * account at once, so that margin sees it, and reaches the balance when the
 * block has paid its losses: at its end, or as buckets allow.
 */
export function withdraw(ctx: Context, deps: Deps, msg: MsgWithdraw): MsgWithdrawResponse {
  deps.keeper.requireRunning(ctx);
  const key = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const collateral = requireCollateral(ctx, deps, msg.amount);
  const { asset, amount } = collateral;
  takeCollateral(ctx, deps, key, collateral);
  const subaccount = subaccountId(key);
  if (asset === undefined) ctx.emit('plimsoll.perps.v1.EventWithdraw', { subaccount, amount: amount.toString() });
  else
    ctx.emit('plimsoll.perps.v1.EventCollateralWithdraw', {
      subaccount,
      assetId: asset.id,
      amount: amount.toString(),
    });
  return requestWithdrawal(ctx, deps, key, asset?.id ?? usdcId, amount);
}
