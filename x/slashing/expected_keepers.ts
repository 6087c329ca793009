import type { Context } from '../../runtime/baseapp/context.js';
import type { Dec } from '../../runtime/baseapp/dec.js';
import type { Stores } from '../../runtime/store/collection.js';

/** What slashing knows of a validator that has stake. */
export interface StakedValidator {
  readonly operator: Uint8Array;
  readonly pubKey: Uint8Array;
  readonly jailed: boolean;
  readonly minSelfDelegation: bigint;
}

/** What slashing needs of x/staking. Under authority it finds no validator in it that votes. */
export interface StakingKeeper<V extends StakedValidator = StakedValidator> {
  validator(from: Stores, operator: Uint8Array): V | undefined;
  validatorByConsensus(from: Stores, consAddress: Uint8Array): V | undefined;
  selfDelegation(ctx: Context, validator: V): bigint;
  slash(ctx: Context, consAddress: Uint8Array, infractionHeight: bigint, power: bigint, fraction: Dec): bigint;
  jail(ctx: Context, consAddress: Uint8Array): void;
  unjail(ctx: Context, validator: V): void;
}

/** What slashing needs of x/valset. */
export interface ValsetKeeper {
  isByStake(from: Stores): boolean;
  /** Zero for one that is not in the set. */
  power(from: Stores, consAddress: Uint8Array): bigint;
  /** Takes out whom governance named; does nothing under stake. */
  jail(ctx: Context, consAddress: Uint8Array): void;
}
