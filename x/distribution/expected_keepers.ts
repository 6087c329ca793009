import type { Context } from '../../runtime/baseapp/context.js';
import type { Dec } from '../../runtime/baseapp/dec.js';
import type { Stores } from '../../runtime/store/collection.js';

/** What distribution needs of x/bank. */
export interface BankKeeper {
  isBlocked(address: Uint8Array): boolean;
  balancesOf(
    from: Stores,
    address: Uint8Array,
  ): Iterable<readonly [key: readonly [Uint8Array, denom: string], amount: bigint]>;
  /** @throws AppError sdk/5 when the balance is too small */
  sendToModule(ctx: Context, from: Uint8Array, module: string, denom: string, amount: bigint): void;
  sendFromModule(ctx: Context, module: string, to: Uint8Array, denom: string, amount: bigint): void;
  sendBetweenModules(ctx: Context, from: string, to: string, denom: string, amount: bigint): void;
}

/** A validator as far as its rewards depend on it. */
export interface StakedValidator {
  readonly operator: Uint8Array;
  readonly tokens: bigint;
  readonly shares: Dec;
  readonly commission: { readonly rate: Dec };
}

export interface StakedDelegation {
  readonly delegator: Uint8Array;
  readonly validator: Uint8Array;
  readonly shares: Dec;
}

/** What distribution needs of x/staking. */
export interface StakingKeeper<V extends StakedValidator = StakedValidator> {
  validator(from: Stores, operator: Uint8Array): V | undefined;
  validatorByConsensus(from: Stores, consAddress: Uint8Array): V | undefined;
  delegation(from: Stores, delegator: Uint8Array, operator: Uint8Array): StakedDelegation | undefined;
  delegationsOf(from: Stores, delegator: Uint8Array): Iterable<StakedDelegation>;
  /** What shares of a validator are worth, cut to 18 places. */
  tokensOf(validator: V, shares: Dec): Dec;
}

/** What distribution needs of x/valset: under authority nobody's stake earns. */
export interface ValsetKeeper {
  isByStake(from: Stores): boolean;
}

/** Scales a validator's part of a block's rewards: what it loses goes to the community pool. */
export interface RewardWeight {
  /** @returns 0 (nothing) to 1,000,000 (all of it) */
  rewardWeight(ctx: Context, consAddress: Uint8Array): bigint;
}
