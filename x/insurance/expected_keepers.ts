import type { Context } from '../../runtime/baseapp/context.js';
import type { Stores } from '../../runtime/store/collection.js';

/** What insurance needs of x/bank. */
export interface BankKeeper {
  sendToModule(ctx: Context, from: Uint8Array, module: string, denom: string, amount: bigint): void;
  sendBetweenModules(ctx: Context, from: string, to: string, denom: string, amount: bigint): void;
  moduleBalance(from: Stores, module: string, denom: string): bigint;
}
