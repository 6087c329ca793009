import type { Context } from '../../runtime/baseapp/context.js';

/** What fees need of x/bank. */
export interface BankKeeper {
  /** @throws AppError sdk/5 when the balance is too small */
  sendToModule(ctx: Context, from: Uint8Array, module: string, denom: string, amount: bigint): void;
}
