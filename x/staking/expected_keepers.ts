import type { Context } from '../../runtime/baseapp/context.js';
import type { Stores } from '../../runtime/store/collection.js';
import type { KVStore } from '../../runtime/store/types.js';

/** What staking needs of x/bank. */
export interface BankKeeper {
  balance(from: Stores, address: Uint8Array, denom: string): bigint;
  moduleBalance(from: Stores, module: string, denom: string): bigint;
  /** @throws AppError sdk/5 when the balance is too small */
  sendToModule(ctx: Context, from: Uint8Array, module: string, denom: string, amount: bigint): void;
  sendFromModule(ctx: Context, module: string, to: Uint8Array, denom: string, amount: bigint): void;
  sendBetweenModules(ctx: Context, from: string, to: string, denom: string, amount: bigint): void;
  burn(ctx: Context, module: string, denom: string, amount: bigint): void;
}

/** What staking needs of x/valset: the set that it names. */
export interface ValsetKeeper {
  isByStake(from: Stores): boolean;
  schedule(to: Stores<KVStore>, pubKey: Uint8Array, power: bigint): void;
}
