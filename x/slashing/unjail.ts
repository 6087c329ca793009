import type { MsgUnjail, MsgUnjailResponse } from '../../gen/cosmos/slashing/v1beta1/tx.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { isoTime } from '../../runtime/baseapp/time.js';
import { consensusAddress, operatorPrefix } from '../../runtime/crypto/address.js';
import { errors } from './errors.js';
import type { SlashingKeeper } from './keeper.js';

/** A validator whose time is over comes back, if it keeps its promise of own stake. */
export function unjail(ctx: Context, k: SlashingKeeper, { validatorAddr }: MsgUnjail): MsgUnjailResponse {
  const operator = parseAddress(validatorAddr, 'validator_addr', operatorPrefix);
  const validator = k.staking.validator(ctx, operator);
  if (validator === undefined) throw errors.noValidator(`validator_addr: ${validatorAddr}`);
  const own = k.staking.selfDelegation(ctx, validator);
  if (own === 0n) throw errors.missingSelfDelegation(`validator_addr: ${validatorAddr}`);
  if (own < validator.minSelfDelegation)
    throw errors.selfDelegationTooLow(`own stake: ${own}; min_self_delegation is ${validator.minSelfDelegation}`);
  if (!validator.jailed) throw errors.notJailed(`validator_addr: ${validatorAddr}`);
  const info = k.info(ctx, consensusAddress(validator.pubKey));
  if (info?.tombstoned === true) throw errors.validatorJailed('it signed two blocks of one height, and stays out');
  if (info !== undefined && ctx.block.timeMs < info.jailedUntilMs)
    throw errors.validatorJailed(`jailed until ${isoTime(info.jailedUntilMs)}`);
  k.staking.unjail(ctx, validator);
  return {};
}
