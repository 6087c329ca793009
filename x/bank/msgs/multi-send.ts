import type { MsgMultiSend, MsgMultiSendResponse } from '../../../gen/cosmos/bank/v1beta1/tx.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import { parseCoins } from '../../../runtime/baseapp/coins.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import type { BankKeeper } from '../keeper.js';

/** Sends coins from one account to several; what goes in must come out. */
export function multiSend(ctx: Context, keeper: BankKeeper, msg: MsgMultiSend): MsgMultiSendResponse {
  const [input, ...more] = msg.inputs;
  if (input === undefined || more.length > 0) {
    throw sdkErrors.invalidRequest(`inputs: exactly one is allowed, not ${msg.inputs.length}`);
  }
  if (msg.outputs.length === 0) throw sdkErrors.invalidRequest('outputs: at least one is needed');
  const from = parseAddress(input.address, 'inputs[0].address');
  const left = new Map(parseCoins(input.coins, 'inputs[0].coins'));
  const outputs = msg.outputs.map(({ address, coins }, index) => {
    const to = parseAddress(address, `outputs[${index}].address`);
    if (keeper.isBlocked(to))
      throw sdkErrors.unauthorized(`outputs[${index}].address: ${address} is not allowed to receive funds`);
    const parsed = parseCoins(coins, `outputs[${index}].coins`);
    for (const [denom, amount] of parsed) left.set(denom, (left.get(denom) ?? 0n) - amount);
    return { to, coins: parsed };
  });
  for (const { denom } of input.coins) {
    if (left.get(denom) !== 0n)
      throw sdkErrors.invalidRequest(`outputs: their sum of ${denom} differs from the input by ${left.get(denom)}`);
    left.delete(denom);
  }
  if (left.size > 0) throw sdkErrors.invalidRequest('outputs: name a denomination that the input does not have');
  for (const { to, coins } of outputs) for (const [denom, amount] of coins) keeper.send(ctx, from, to, denom, amount);
  return {};
}
