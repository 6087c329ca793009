import type { MsgEditValidator, MsgEditValidatorResponse } from '../../../gen/cosmos/staking/v1beta1/tx.js';
import { parseAmount } from '../../../runtime/baseapp/coins.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { decFromWire, decToText } from '../../../runtime/baseapp/dec.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import { checkNewRate } from '../commission.js';
import { requireValidator, selfDelegation } from '../delegate.js';
import { errors } from '../errors.js';
import type { StakingKeeper } from '../keeper.js';
import { checkDescription, mergeDescription, parseDec, parseOperator } from './fields.js';

/** Changes what the operator may change: description, commission within its promises, and a higher own stake. */
export function editValidator(ctx: Context, k: StakingKeeper, msg: MsgEditValidator): MsgEditValidatorResponse {
  const operator = parseOperator(msg.validatorAddress);
  let validator = requireValidator(ctx, k, operator);
  if (msg.description === undefined) throw sdkErrors.invalidRequest('description: missing');
  validator = { ...validator, description: checkDescription(mergeDescription(validator.description, msg.description)) };
  if (msg.commissionRate !== '') {
    const rate = parseDec(msg.commissionRate, 'commission_rate');
    const minimum = decFromWire(k.params(ctx).minCommissionRate, 'min_commission_rate');
    checkNewRate(validator.commission, rate, minimum, validator.commissionUpdateMs, ctx.block.timeMs);
    validator = {
      ...validator,
      commission: { ...validator.commission, rate },
      commissionUpdateMs: ctx.block.timeMs,
    };
  }
  if (msg.minSelfDelegation !== '') {
    const minSelfDelegation = parseAmount(msg.minSelfDelegation, 'min_self_delegation');
    if (minSelfDelegation <= validator.minSelfDelegation) {
      throw errors.minSelfDelegationDecreased(
        `min_self_delegation: ${minSelfDelegation}; it is ${validator.minSelfDelegation}`,
      );
    }
    const own = selfDelegation(ctx, k, validator);
    if (minSelfDelegation > own)
      throw errors.selfDelegationTooLow(`min_self_delegation: ${minSelfDelegation}; the own stake is ${own}`);
    validator = { ...validator, minSelfDelegation };
  }
  k.setValidator(ctx, validator);
  ctx.events.emit('edit_validator', [
    ['commission_rate', decToText(validator.commission.rate)],
    ['min_self_delegation', validator.minSelfDelegation.toString()],
  ]);
  return {};
}
