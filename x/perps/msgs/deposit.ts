import type { MsgDeposit, MsgDepositResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { collateralDenom, moduleName, type Deps } from '../deps.js';
import { subaccountId } from '../subaccount-key.js';
import { changeCash, requireCollateral, requireSubaccountKey } from './common.js';

/** Moves USDC from the signer's bank balance into one of its subaccounts. Always possible, also while trading is halted. */
export function deposit(ctx: Context, deps: Deps, msg: MsgDeposit): MsgDepositResponse {
  const key = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const amount = requireCollateral(msg.amount);
  deps.bank.sendToModule(ctx, parseAddress(msg.owner, 'owner'), moduleName, collateralDenom, amount);
  changeCash(ctx, deps, key, amount);
  ctx.emit('plimsoll.perps.v1.EventDeposit', { subaccount: subaccountId(key), amount: amount.toString() });
  return {};
}
