import type { Context } from '../../runtime/baseapp/context.js';

/** What the bank needs of x/auth. */
export interface AccountKeeper {
  /** Makes the account of an address that receives coins for the first time. */
  ensure(ctx: Context, address: Uint8Array): unknown;
}
