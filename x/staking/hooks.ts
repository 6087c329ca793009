import type { Context } from '../../runtime/baseapp/context.js';
import type { Dec } from '../../runtime/baseapp/dec.js';

/** What other modules hear of. Called in the middle of the change: before or after its writes, as the name says. */
export interface StakingHooks {
  afterValidatorCreated(ctx: Context, operator: Uint8Array): void;
  afterValidatorRemoved(ctx: Context, consAddress: Uint8Array, operator: Uint8Array): void;
  afterValidatorBonded(ctx: Context, consAddress: Uint8Array, operator: Uint8Array): void;
  /** @param fraction of the validator's tokens */
  beforeValidatorSlashed(ctx: Context, operator: Uint8Array, fraction: Dec): void;
  beforeDelegationCreated(ctx: Context, delegator: Uint8Array, operator: Uint8Array): void;
  beforeDelegationSharesModified(ctx: Context, delegator: Uint8Array, operator: Uint8Array): void;
  afterDelegationModified(ctx: Context, delegator: Uint8Array, operator: Uint8Array): void;
}
