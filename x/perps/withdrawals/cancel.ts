import type { MsgCancelWithdrawal, MsgCancelWithdrawalResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { collateralDenom, type Deps } from '../deps.js';
import { errors } from '../errors.js';
import { giveCollateral, requireDenom, requireSubaccountKey } from '../msgs/common.js';
import { subaccountId } from '../subaccount-key.js';
import { withdrawalStore } from './store.js';
import { usdcId } from './types.js';

/**
 * Takes what waits of a withdrawal back into the subaccount: cash in, so it
 * is possible in every state of every market and while trading is halted.
 * @throws perps/2, perps/5, perps/185, perps/114 for an asset that a market in use does not accept
 */
export function cancelWithdrawal(ctx: Context, deps: Deps, msg: MsgCancelWithdrawal): MsgCancelWithdrawalResponse {
  const key = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const denom = msg.denom === '' ? collateralDenom : msg.denom;
  const asset = requireDenom(ctx, deps, denom, 'denom');
  const assetId = asset?.id ?? usdcId;
  const entry = withdrawalStore.queued(ctx, key, assetId);
  if (entry === undefined)
    throw errors.nothingQueued(`denom: no ${denom} of subaccount ${msg.subaccountNumber} waits to be paid`);
  const { amount } = entry;
  withdrawalStore.setQueued(ctx, { ...entry, amount: 0n, value: 0n });
  withdrawalStore.addPending(ctx, assetId, -amount);
  giveCollateral(ctx, deps, key, { asset, amount });
  ctx.emit('plimsoll.perps.v1.EventWithdrawalCancelled', {
    subaccount: subaccountId(key),
    assetId,
    amount: amount.toString(),
  });
  return { amount: { denom, amount: amount.toString() } };
}
