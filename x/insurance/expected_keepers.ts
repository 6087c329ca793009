import type { Context } from '../../runtime/baseapp/context.js';
import type { Stores } from '../../runtime/store/collection.js';
import type { SolvencyClass, TrancheId } from './types.js';

/** What insurance needs of x/bank. */
export interface BankKeeper {
  sendToModule(ctx: Context, from: Uint8Array, module: string, denom: string, amount: bigint): void;
  sendFromModule(ctx: Context, module: string, to: Uint8Array, denom: string, amount: bigint): void;
  sendBetweenModules(ctx: Context, from: string, to: string, denom: string, amount: bigint): void;
  moduleBalance(from: Stores, module: string, denom: string): bigint;
}

/** What insurance needs to know of markets. */
export interface MarketsKeeper {
  /** Undefined for a market that is not listed. */
  classOf(from: Stores, marketId: number): SolvencyClass | undefined;
  /** Is everything that the tranche stands behind trading normally? Nobody leaves it otherwise. */
  isCalm(from: Stores, tranche: TrancheId): boolean;
}
