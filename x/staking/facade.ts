import type { Context } from '../../runtime/baseapp/context.js';
import { decMulInt, decQuoTruncate, decZero, type Dec } from '../../runtime/baseapp/dec.js';
import type { Stores } from '../../runtime/store/collection.js';
import { selfDelegation } from './delegate.js';
import type { StakingKeeper } from './keeper.js';
import { jail, slash } from './slash.js';
import { isBonded, type Delegation, type Validator } from './types.js';
import { unjailValidator } from './validator-state.js';

/** What other modules may ask of staking, and do to it. */
export class Staking {
  constructor(readonly keeper: StakingKeeper) {}

  validator(from: Stores, operator: Uint8Array): Validator | undefined {
    return this.keeper.validator(from, operator);
  }

  validatorByConsensus(from: Stores, consAddress: Uint8Array): Validator | undefined {
    return this.keeper.validatorByConsensus(from, consAddress);
  }

  validators(from: Stores): Iterable<Validator> {
    return this.keeper.validators(from);
  }

  /** Those that vote in consensus now, in order of operator. */
  *bondedValidators(from: Stores): Iterable<Validator> {
    for (const validator of this.keeper.validators(from)) if (isBonded(validator)) yield validator;
  }

  delegation(from: Stores, delegator: Uint8Array, operator: Uint8Array): Delegation | undefined {
    return this.keeper.delegation(from, delegator, operator);
  }

  /** Those of one delegator, in order of validator. */
  delegationsOf(from: Stores, delegator: Uint8Array): Iterable<Delegation> {
    return this.keeper.delegations(from, delegator);
  }

  /** What shares are worth, cut to 18 places. */
  tokensOf({ tokens, shares: all }: Validator, shares: Dec): Dec {
    return all === 0n ? decZero : decQuoTruncate(decMulInt(shares, tokens), all);
  }

  bondedTokens(from: Stores): bigint {
    return this.keeper.bondedTokens(from);
  }

  /** What the operator staked of its own, in tokens. */
  selfDelegation(ctx: Context, validator: Validator): bigint {
    return selfDelegation(ctx, this.keeper, validator);
  }

  /** See `slash` in slash.ts. @returns tokens burned */
  slash(ctx: Context, consAddress: Uint8Array, infractionHeight: bigint, power: bigint, fraction: Dec): bigint {
    return slash(ctx, this.keeper, consAddress, infractionHeight, power, fraction);
  }

  jail(ctx: Context, consAddress: Uint8Array): void {
    jail(ctx, this.keeper, consAddress);
  }

  /** @param validator jailed */
  unjail(ctx: Context, validator: Validator): void {
    unjailValidator(ctx, this.keeper, validator);
  }
}
