import { BondStatus } from '../../gen/cosmos/staking/v1beta1/staking.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { bytes as bytesKey } from '../../runtime/store/key.js';
import { bondedPool, notBondedPool, queues, type StakingKeeper } from './keeper.js';
import { powerOfTokens } from './shares.js';
import { consensusAddressOf, isBonded, isUnbonding, operatorText, type Validator } from './types.js';

/**
 * A validator is unbonded, bonded (it votes) or unbonding (it left, and its
 * stake still answers for what it signed). Jail keeps it out whatever it has.
 */

/** Takes a validator's right to a place; it leaves the set at the end of the block. */
export function jailValidator(ctx: Context, k: StakingKeeper, validator: Validator): Validator {
  if (validator.jailed) throw new FatalError(`validator ${operatorText(validator.operator)} is jailed already`);
  const jailed = { ...validator, jailed: true };
  k.setValidator(ctx, jailed);
  return jailed;
}

export function unjailValidator(ctx: Context, k: StakingKeeper, validator: Validator): void {
  k.setValidator(ctx, { ...validator, jailed: false });
}

function bond(ctx: Context, k: StakingKeeper, validator: Validator): void {
  if (isUnbonding(validator)) queues.validators.delete(ctx, [validator.unbondingTimeMs, validator.operator]);
  k.setValidator(ctx, { ...validator, status: BondStatus.BOND_STATUS_BONDED });
  k.hooks.afterValidatorBonded(ctx, consensusAddressOf(validator), validator.operator);
}

function beginUnbonding(ctx: Context, k: StakingKeeper, validator: Validator): void {
  if (!isBonded(validator)) throw new FatalError(`validator ${operatorText(validator.operator)} is not bonded`);
  const unbondingTimeMs = ctx.block.timeMs + k.unbondingTimeMs(ctx);
  k.setValidator(ctx, {
    ...validator,
    status: BondStatus.BOND_STATUS_UNBONDING,
    unbondingTimeMs,
    unbondingHeight: ctx.block.height,
  });
  queues.validators.set(ctx, [unbondingTimeMs, validator.operator], true);
}

/**
 * Gives the places to those with the most power, moves tokens between the
 * pools accordingly, and asks for the engine's powers. Under authority stake
 * names nobody. O(max_validators).
 */
export function updateSet(ctx: Context, k: StakingKeeper): void {
  if (!k.valset.isByStake(ctx)) return;
  const { maxValidators } = k.params(ctx);
  const last = new Map<string, Uint8Array>();
  for (const [operator] of k.lastPowers(ctx)) last.set(bytesKey(operator), operator);
  let places = maxValidators;
  let toBonded = 0n;
  let toNotBonded = 0n;
  const chosen: Validator[] = [];
  for (const validator of k.candidates(ctx)) {
    if (places-- === 0) break;
    chosen.push(validator);
  }
  for (const validator of chosen) {
    const { operator, tokens } = validator;
    last.delete(bytesKey(operator));
    if (!isBonded(validator)) {
      bond(ctx, k, validator);
      toBonded += tokens;
    }
    const power = powerOfTokens(tokens);
    if (k.lastPower(ctx, operator) === power) continue;
    k.setLastPower(ctx, operator, power);
    k.valset.schedule(ctx, validator.pubKey, power);
  }
  // In order of operator address, as they were read.
  for (const operator of last.values()) {
    const validator = k.validator(ctx, operator);
    if (validator === undefined) throw new FatalError(`validator ${operatorText(operator)} left the set and is gone`);
    beginUnbonding(ctx, k, validator);
    toNotBonded += validator.tokens;
    k.setLastPower(ctx, operator, undefined);
    k.valset.schedule(ctx, validator.pubKey, 0n);
  }
  if (toBonded > toNotBonded) k.movePool(ctx, notBondedPool, bondedPool, toBonded - toNotBonded);
  else k.movePool(ctx, bondedPool, notBondedPool, toNotBonded - toBonded);
}
