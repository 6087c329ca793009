import type { Context } from '../../runtime/baseapp/context.js';
import type { Stores } from '../../runtime/store/collection.js';

/** What the backstop needs of x/bank. */
export interface BankKeeper {
  sendFromModule(ctx: Context, module: string, to: Uint8Array, denom: string, amount: bigint): void;
  moduleBalance(from: Stores, module: string, denom: string): bigint;
}

/** A position of a vault. */
export interface VaultPosition {
  readonly marketId: number;
  /** Signed, base quanta. */
  readonly quantity: bigint;
  /** Size at mark, rounded up. */
  readonly notional: bigint;
  /** Value at mark with funding that is not settled, signed, rounded down. */
  readonly value: bigint;
  /** Block time since which it is held. */
  readonly heldSinceMs: bigint;
  /** It hedges the others. */
  readonly hedge: boolean;
}

/** How a vault's trading account stands. */
export interface VaultStanding {
  /** Equity at mark. */
  readonly worth: bigint;
  readonly maintenanceMargin: bigint;
  /** What could leave now without taking it under initial margin: no gain of this block. */
  readonly free: bigint;
  /** False while a position has no fresh price. */
  readonly priced: boolean;
  /** In market order. */
  readonly positions: readonly VaultPosition[];
}

/** What the backstop needs of x/perps: subaccounts that only it may touch. */
export interface VaultAccounts {
  /** Address that owns them; they are numbered as their classes. */
  readonly owner: Uint8Array;
  /** Equity at mark. */
  worth(from: Stores, number: number): bigint;
  standing(ctx: Context, number: number): VaultStanding;
  /** Largest position that a vault of such worth may have in a market, quote quanta, rounded down. */
  inventoryLimit(
    from: Stores,
    marketId: number,
    worth: bigint,
    limits: { readonly interestPpm: bigint; readonly worthPpm: bigint },
  ): bigint;
  /** Moves coins of an account into a vault. @throws AppError sdk/5 */
  credit(ctx: Context, number: number, from: Uint8Array, amount: bigint): void;
  /** Moves coins of a vault into a module's account. */
  debit(ctx: Context, number: number, toModule: string, amount: bigint): void;
  /** Do all markets of the class trade normally? */
  isCalm(from: Stores, number: number): boolean;
}
