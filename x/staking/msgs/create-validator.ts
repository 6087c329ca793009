import { PubKey } from '../../../gen/cosmos/crypto/ed25519/keys.js';
import { BondStatus } from '../../../gen/cosmos/staking/v1beta1/staking.js';
import type { MsgCreateValidator, MsgCreateValidatorResponse } from '../../../gen/cosmos/staking/v1beta1/tx.js';
import { parseAmount } from '../../../runtime/baseapp/coins.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { decFromWire, decZero } from '../../../runtime/baseapp/dec.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import { consensusAddress } from '../../../runtime/crypto/address.js';
import { checkRates } from '../commission.js';
import { delegate } from '../delegate.js';
import { errors } from '../errors.js';
import type { StakingKeeper } from '../keeper.js';
import { ed25519TypeUrl, type CommissionRates } from '../types.js';
import { checkDescription, parseDec, parseOperator, parseStake } from './fields.js';

/** The operator's own stake makes the validator; it waits for a place at the end of the block. */
export function createValidator(ctx: Context, k: StakingKeeper, msg: MsgCreateValidator): MsgCreateValidatorResponse {
  const operator = parseOperator(msg.validatorAddress);
  if (k.validator(ctx, operator) !== undefined) throw errors.ownerExists(`validator_address: ${msg.validatorAddress}`);
  const pubKey = parsePubKey(msg.pubkey);
  const consAddress = consensusAddress(pubKey);
  if (k.validatorByConsensus(ctx, consAddress) !== undefined)
    throw errors.pubKeyExists(`pubkey: ${Buffer.from(pubKey).toString('base64')}`);
  const amount = parseStake(ctx, k, msg.value, 'value');
  if (msg.description === undefined || msg.description.moniker === '')
    throw sdkErrors.invalidRequest('description.moniker: empty; a validator needs a name');
  const description = checkDescription(msg.description);
  const commission = parseRates(msg.commission);
  checkRates(commission);
  const minimum = decFromWire(k.params(ctx).minCommissionRate, 'min_commission_rate');
  if (commission.rate < minimum)
    throw errors.commissionBelowMin(`commission.rate: ${commission.rate}; at least ${minimum}`);
  const minSelfDelegation = parseAmount(msg.minSelfDelegation, 'min_self_delegation');
  if (amount < minSelfDelegation)
    throw errors.selfDelegationTooLow(`value: ${amount}; min_self_delegation is ${minSelfDelegation}`);

  k.setValidator(ctx, {
    operator,
    pubKey,
    jailed: false,
    status: BondStatus.BOND_STATUS_UNBONDED,
    tokens: 0n,
    shares: decZero,
    description,
    unbondingHeight: 0n,
    unbondingTimeMs: 0n,
    commission,
    commissionUpdateMs: ctx.block.timeMs,
    minSelfDelegation,
  });
  k.hooks.afterValidatorCreated(ctx, operator);
  delegate(ctx, k, operator, operator, amount, 'account');
  ctx.events.emit('create_validator', [
    ['validator', msg.validatorAddress],
    ['amount', `${amount}${k.bondDenom(ctx)}`],
  ]);
  return {};
}

function parsePubKey(any: MsgCreateValidator['pubkey']): Uint8Array {
  if (any === undefined) throw errors.noPubKey('pubkey: missing');
  if (any.typeUrl !== ed25519TypeUrl) throw errors.pubKeyType(`pubkey: ${any.typeUrl}; expected ${ed25519TypeUrl}`);
  const { key } = PubKey.decode(any.value);
  if (key.length !== 32) throw errors.pubKeyType(`pubkey: ${key.length} bytes; expected 32`);
  return key;
}

function parseRates(rates: MsgCreateValidator['commission']): CommissionRates {
  if (rates === undefined) throw sdkErrors.invalidRequest('commission: missing');
  return {
    rate: parseDec(rates.rate, 'commission.rate'),
    maxRate: parseDec(rates.maxRate, 'commission.max_rate'),
    maxChangeRate: parseDec(rates.maxChangeRate, 'commission.max_change_rate'),
  };
}
