import type { MsgDeposit, MsgDepositResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { requireRoom } from '../collateral/move.js';
import { collateralDenom, moduleName, type Deps } from '../deps.js';
import { subaccountId } from '../subaccount-key.js';
import { giveCollateral, requireCollateral, requireSubaccountKey } from './common.js';

/**
 * Moves USDC or another collateral from the signer's bank balance into one of
 * its subaccounts. USDC always, also while trading is halted; other
 * collateral while its caps, its price and its peg allow.
 */
export function deposit(ctx: Context, deps: Deps, msg: MsgDeposit): MsgDepositResponse {
  const key = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const collateral = requireCollateral(ctx, deps, msg.amount);
  const { asset, amount } = collateral;
  const from = parseAddress(msg.owner, 'owner');
  if (asset === undefined) {
    deps.bank.sendToModule(ctx, from, moduleName, collateralDenom, amount);
    giveCollateral(ctx, deps, key, collateral);
    ctx.emit('plimsoll.perps.v1.EventDeposit', { subaccount: subaccountId(key), amount: amount.toString() });
    return {};
  }
  requireRoom(ctx, deps, asset, amount);
  deps.bank.sendToModule(ctx, from, moduleName, asset.denom, amount);
  giveCollateral(ctx, deps, key, collateral);
  ctx.emit('plimsoll.perps.v1.EventCollateralDeposit', {
    subaccount: subaccountId(key),
    assetId: asset.id,
    amount: amount.toString(),
  });
  return {};
}
