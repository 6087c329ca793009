import type { Context } from '../../runtime/baseapp/context.js';
import type { Dec } from '../../runtime/baseapp/dec.js';
import type { DistributionKeeper } from './keeper.js';
import { bookSlash, closeBooks, endPeriod, openBooks, startDelegation, withdraw } from './rewards.js';

/** What distribution does when stake changes; the app hands it to x/staking. */
export function stakingHooks(k: DistributionKeeper) {
  return {
    afterValidatorCreated: (ctx: Context, operator: Uint8Array): void => openBooks(ctx, k, operator),
    afterValidatorRemoved: (ctx: Context, _consAddress: Uint8Array, operator: Uint8Array): void =>
      closeBooks(ctx, k, operator),
    beforeValidatorSlashed: (ctx: Context, operator: Uint8Array, fraction: Dec): void =>
      bookSlash(ctx, k, operator, fraction),
    beforeDelegationCreated: (ctx: Context, _delegator: Uint8Array, operator: Uint8Array): void => {
      endPeriod(ctx, k, k.staking.validator(ctx, operator)!);
    },
    beforeDelegationSharesModified: (ctx: Context, delegator: Uint8Array, operator: Uint8Array): void => {
      withdraw(ctx, k, operator, delegator);
    },
    afterDelegationModified: (ctx: Context, delegator: Uint8Array, operator: Uint8Array): void =>
      startDelegation(ctx, k, operator, delegator),
  };
}
