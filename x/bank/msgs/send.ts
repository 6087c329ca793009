import type { MsgSend, MsgSendResponse } from '../../../gen/cosmos/bank/v1beta1/tx.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import { parseCoins } from '../../../runtime/baseapp/coins.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { BankKeeper } from '../keeper.js';

/** Sends coins from the signer to another account; module accounts take coins only through their own messages. */
export function send(ctx: Context, keeper: BankKeeper, msg: MsgSend): MsgSendResponse {
  const from = parseAddress(msg.fromAddress, 'from_address');
  const to = parseAddress(msg.toAddress, 'to_address');
  const coins = parseCoins(msg.amount, 'amount');
  if (keeper.isBlocked(to))
    throw sdkErrors.unauthorized(`to_address: ${msg.toAddress} is not allowed to receive funds`);
  for (const [denom, amount] of coins) keeper.send(ctx, from, to, denom, amount);
  return {};
}
