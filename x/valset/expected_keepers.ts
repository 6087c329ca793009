import type { Context } from '../../runtime/baseapp/context.js';

/** What a handover needs of x/staking. */
export interface StakedPower {
  /** Is there a validator with enough stake for a vote? */
  hasPower(ctx: Context): boolean;
}
