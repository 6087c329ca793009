import type { Context } from '../../runtime/baseapp/context.js';
import type { Dec } from '../../runtime/baseapp/dec.js';
import type { Stores } from '../../runtime/store/collection.js';

/** What governance needs of x/bank. Amounts are positive. */
export interface BankKeeper {
  sendToModule(ctx: Context, from: Uint8Array, module: string, denom: string, amount: bigint): void;
  sendFromModule(ctx: Context, module: string, to: Uint8Array, denom: string, amount: bigint): void;
  burn(ctx: Context, module: string, denom: string, amount: bigint): void;
  isBlocked(address: Uint8Array): boolean;
}

export interface StakedValidator {
  readonly operator: Uint8Array;
  readonly tokens: bigint;
  readonly shares: Dec;
}

/** What governance needs of x/staking. */
export interface StakingKeeper {
  /** Validators that vote in consensus now, in order of operator. */
  bondedValidators(from: Stores): Iterable<StakedValidator>;
  delegationsOf(
    from: Stores,
    delegator: Uint8Array,
  ): Iterable<{ readonly validator: Uint8Array; readonly shares: Dec }>;
}

/** What governance needs of x/valset. */
export interface ValsetKeeper {
  /** Does stake say who votes? */
  isByStake(from: Stores): boolean;
}

/** What governance needs of x/charter. */
export interface CharterKeeper {
  council(from: Stores): readonly { readonly address: Uint8Array; readonly weight: bigint }[];
  /** @returns when the proposal's messages run, milliseconds */
  hold(ctx: Context, proposalId: bigint): bigint;
  takeDue(ctx: Context): bigint | undefined;
}

/** Runs messages as the chain does. */
export interface MessageRouter {
  /** @throws AppError sdk/6 when no module handles the type */
  decode(typeName: string, bytes: Uint8Array): unknown;
  signersOf(typeName: string, message: unknown): string[];
  /** @throws AppError of the module */
  execute(ctx: Context, typeName: string, message: unknown): unknown;
}
