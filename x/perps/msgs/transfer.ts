import type { MsgTransfer, MsgTransferResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { subaccountId } from '../subaccount-key.js';
import { requireHeldAlike } from '../withdrawals/conditions.js';
import { giveCollateral, requireCollateral, requireSubaccountKey, takeCollateral } from './common.js';

/**
 * Moves free collateral between two subaccounts of the signer. Not to other owners,
 * by design: what touches an account then comes from one signer, whose
 * sequence fixes its order, and a proposer cannot change what is accepted.
 */
export function transfer(ctx: Context, deps: Deps, msg: MsgTransfer): MsgTransferResponse {
  deps.keeper.requireRunning(ctx);
  const from = requireSubaccountKey(msg.owner, msg.fromSubaccountNumber, 'from_subaccount_number');
  const to = requireSubaccountKey(msg.owner, msg.toSubaccountNumber, 'to_subaccount_number');
  if (from === to) throw errors.invalidSubaccount(`to_subaccount_number: ${msg.toSubaccountNumber} is also the source`);
  const collateral = requireCollateral(ctx, deps, msg.amount);
  requireHeldAlike(ctx, deps, from, to);
  takeCollateral(ctx, deps, from, collateral);
  giveCollateral(ctx, deps, to, collateral);
  const moved = { from: subaccountId(from), to: subaccountId(to), amount: collateral.amount.toString() };
  const assetId = collateral.asset?.id;
  if (assetId === undefined) ctx.emit('plimsoll.perps.v1.EventTransfer', moved);
  else ctx.emit('plimsoll.perps.v1.EventCollateralTransfer', { ...moved, assetId });
  return {};
}
