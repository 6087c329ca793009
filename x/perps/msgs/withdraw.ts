import type { MsgWithdraw, MsgWithdrawResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { collateralDenom, moduleName, type Deps } from '../deps.js';
import { subaccountId } from '../subaccount-key.js';
import { requireCollateral, requireSubaccountKey, takeCollateral } from './common.js';

/** Moves free USDC back to the signer's bank balance. */
export function withdraw(ctx: Context, deps: Deps, msg: MsgWithdraw): MsgWithdrawResponse {
  deps.keeper.requireRunning(ctx);
  const key = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const amount = requireCollateral(msg.amount);
  takeCollateral(ctx, deps, key, amount);
  deps.bank.sendFromModule(ctx, moduleName, parseAddress(msg.owner, 'owner'), collateralDenom, amount);
  ctx.emit('plimsoll.perps.v1.EventWithdraw', { subaccount: subaccountId(key), amount: amount.toString() });
  return {};
}
