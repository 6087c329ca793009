import type { Context } from '../../runtime/baseapp/context.js';

/** What the oracle needs of whoever keeps the validators. */
export interface ValidatorPenalties {
  /** Takes a share of the validator's stake. */
  slash(ctx: Context, address: Uint8Array, fractionPpm: number, reason: string): void;
  /** Takes the validator out of the set until it asks to come back. */
  jail(ctx: Context, address: Uint8Array, reason: string): void;
}
