import type {
  MsgBeginRedelegate,
  MsgBeginRedelegateResponse,
  MsgCancelUnbondingDelegation,
  MsgCancelUnbondingDelegationResponse,
  MsgDelegate,
  MsgDelegateResponse,
  MsgUndelegate,
  MsgUndelegateResponse,
} from '../../../gen/cosmos/staking/v1beta1/tx.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { decToText } from '../../../runtime/baseapp/dec.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import { isoTime, protoTimeOf } from '../../../runtime/baseapp/time.js';
import { cancelUnbonding, delegate, redelegate, sharesForAmount, undelegate } from '../delegate.js';
import type { StakingKeeper } from '../keeper.js';
import { parseOperator, parseStake } from './fields.js';

export function delegateMsg(ctx: Context, k: StakingKeeper, msg: MsgDelegate): MsgDelegateResponse {
  const delegator = parseAddress(msg.delegatorAddress, 'delegator_address');
  const operator = parseOperator(msg.validatorAddress);
  const amount = parseStake(ctx, k, msg.amount, 'amount');
  const shares = delegate(ctx, k, delegator, operator, amount, 'account');
  ctx.events.emit('delegate', [
    ['validator', msg.validatorAddress],
    ['delegator', msg.delegatorAddress],
    ['amount', `${amount}${k.bondDenom(ctx)}`],
    ['new_shares', decToText(shares)],
  ]);
  return {};
}

export function beginRedelegate(ctx: Context, k: StakingKeeper, msg: MsgBeginRedelegate): MsgBeginRedelegateResponse {
  const delegator = parseAddress(msg.delegatorAddress, 'delegator_address');
  const source = parseOperator(msg.validatorSrcAddress, 'validator_src_address');
  const destination = parseOperator(msg.validatorDstAddress, 'validator_dst_address');
  const amount = parseStake(ctx, k, msg.amount, 'amount');
  const shares = sharesForAmount(ctx, k, delegator, source, amount);
  const { completionMs } = redelegate(ctx, k, delegator, source, destination, shares);
  ctx.events.emit('redelegate', [
    ['source_validator', msg.validatorSrcAddress],
    ['destination_validator', msg.validatorDstAddress],
    ['delegator', msg.delegatorAddress],
    ['amount', `${amount}${k.bondDenom(ctx)}`],
    ['completion_time', isoTime(completionMs)],
  ]);
  return { completionTime: protoTimeOf(completionMs) };
}

export function undelegateMsg(ctx: Context, k: StakingKeeper, msg: MsgUndelegate): MsgUndelegateResponse {
  const delegator = parseAddress(msg.delegatorAddress, 'delegator_address');
  const operator = parseOperator(msg.validatorAddress);
  const asked = parseStake(ctx, k, msg.amount, 'amount');
  const shares = sharesForAmount(ctx, k, delegator, operator, asked);
  const { completionMs, amount } = undelegate(ctx, k, delegator, operator, shares);
  const denom = k.bondDenom(ctx);
  ctx.events.emit('unbond', [
    ['validator', msg.validatorAddress],
    ['amount', `${amount}${denom}`],
    ['delegator', msg.delegatorAddress],
    ['completion_time', isoTime(completionMs)],
  ]);
  return { completionTime: protoTimeOf(completionMs), amount: { denom, amount: amount.toString() } };
}

export function cancelUnbondingMsg(
  ctx: Context,
  k: StakingKeeper,
  msg: MsgCancelUnbondingDelegation,
): MsgCancelUnbondingDelegationResponse {
  const delegator = parseAddress(msg.delegatorAddress, 'delegator_address');
  const operator = parseOperator(msg.validatorAddress);
  const amount = parseStake(ctx, k, msg.amount, 'amount');
  if (msg.creationHeight <= 0n)
    throw sdkErrors.invalidRequest(`creation_height: ${msg.creationHeight}; expected the height of an unbonding entry`);
  cancelUnbonding(ctx, k, delegator, operator, amount, msg.creationHeight);
  ctx.events.emit('cancel_unbonding_delegation', [
    ['amount', `${amount}${k.bondDenom(ctx)}`],
    ['validator', msg.validatorAddress],
    ['delegator', msg.delegatorAddress],
    ['creation_height', msg.creationHeight.toString()],
  ]);
  return {};
}
