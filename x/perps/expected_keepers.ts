import type { Context } from '../../runtime/baseapp/context.js';
import type { Stores } from '../../runtime/store/collection.js';

/** What perps needs of x/bank. Amounts are positive. */
export interface BankKeeper {
  sendToModule(ctx: Context, from: Uint8Array, module: string, denom: string, amount: bigint): void;
  sendFromModule(ctx: Context, module: string, to: Uint8Array, denom: string, amount: bigint): void;
  moduleBalance(from: Stores, module: string, denom: string): bigint;
}

/** What perps needs of x/oracle. */
export interface OracleKeeper {
  /** The newest accepted price of a pair. */
  price(
    from: Stores,
    pairId: number,
  ):
    | {
        readonly price: bigint;
        readonly height: bigint;
        readonly timeMs: bigint;
        /** Not zero while the price is held back from where the votes see it. */
        readonly clampedBlocks: number;
        /** Median of the pair's perpetuals elsewhere; zero when too few validators know it. */
        readonly perpPrice: bigint;
        /** How far the reports of its block lay apart: weighted median of distances. */
        readonly dispersionPpm: number;
      }
    | undefined;
  /** What prices add up to; undefined before the first. */
  statistics(
    from: Stores,
    pairId: number,
  ):
    | {
        /** USD within 1 % outside; zero when not known. */
        readonly depthP10Usd: bigint;
        /** Average over the last 30 whole minutes; zero before the first. */
        readonly twap: bigint;
        /** Hours that the statistics are made of, at most 30 days. */
        readonly hours: number;
        /** Median of how far reports lie apart. */
        readonly dispersionPpm: number;
        /** Places that prices come from; zero when not known. */
        readonly sourcesP10: number;
      }
    | undefined;
  pair(from: Stores, pairId: number): { readonly exponent: number } | undefined;
}

/** A market's tranche with its id, a class's with its number from 1 (A) to 3 (C), or the global one and 0. */
export interface TrancheName {
  readonly kind: 'market' | 'class' | 'global';
  readonly number: number;
}

/** What perps needs of x/insurance. */
export interface InsuranceKeeper {
  openTranche(ctx: Context, marketId: number): void;
  /** May a close of this market reach beyond the bankruptcy price? risk-model section 10.3. */
  insuresCloses(ctx: Context, marketId: number): boolean;
  totalBalance(from: Stores): bigint;
  /** What one deficit of the market could draw now, tranche by tranche in draw order; names as "market 1", "class A", "global". */
  cover(ctx: Context, marketId: number): { readonly name: string; readonly available: bigint }[];
  /** What a tranche has and should have; undefined before anything came in. */
  tranche(
    from: Stores,
    id: TrancheName,
  ): { readonly junior: bigint; readonly senior: bigint; readonly target: bigint } | undefined;
  /** Moves a tranche's target towards what stress tests ask for. */
  setTarget(ctx: Context, id: TrancheName, wanted: bigint): void;
  /** What a tranche paid in the last hours, and what it had before; undefined when there is none. Classes count from A as 1. */
  loss(
    from: Stores,
    id: { readonly kind: 'market' | 'class' | 'global'; readonly number: number },
    timeMs: bigint,
    hours: bigint,
  ): { readonly paid: bigint; readonly before: bigint } | undefined;
  /** Moves coins from a module's account into the tranche. */
  contribute(ctx: Context, marketId: number, fromModule: string, amount: bigint): void;
  /** Takes the tranches' part of a market's trading fees out of a module's account; returns how much. */
  contributeFees(ctx: Context, marketId: number, fromModule: string, fees: bigint): bigint;
  /** Pays up to `deficit` into a module's account; returns what the caps and the balance let out. */
  pay(ctx: Context, marketId: number, deficit: bigint, toModule: string): bigint;
}

/** What perps needs of those who decide. */
export interface Decisions {
  /**
   * Opens the vote on a message of the governance account, on behalf of the module.
   * @returns the proposal's number
   */
  propose(
    ctx: Context,
    proposal: {
      /** Full name of the message's type. */
      readonly typeName: string;
      readonly message: Uint8Array;
      readonly title: string;
      readonly summary: string;
    },
  ): bigint;
}

/** What perps needs of x/backstop: vaults are numbered as classes, A is 1. */
export interface BackstopKeeper {
  /** Does anybody own the vault? What nobody owns earns nothing. */
  isOwned(from: Stores, number: number): boolean;
  /** Health of accounts that vaults take positions of: from `least`, below `most`, ppm. */
  healthRange(from: Stores): { readonly least: bigint; readonly most: bigint };
  /** What the vault may take of a market now, ppm; undefined while it takes nothing. */
  limits(
    from: Stores,
    number: number,
    marketId: number,
  ):
    | {
        readonly interestPpm: bigint;
        readonly worthPpm: bigint;
        readonly marginPpm: bigint;
        readonly paymentPpm: bigint;
      }
    | undefined;
  /** Books a position that a vault took over, and what it was paid for it. */
  tookOver(ctx: Context, number: number, marketId: number, notional: bigint, payment: bigint): void;
  /** Books cash that a vault's position moved. */
  moved(ctx: Context, number: number, marketId: number, cash: bigint): void;
  /** Books a vault's share of a penalty. */
  earned(ctx: Context, number: number, amount: bigint): void;
  /** What the vaults' module account must hold. */
  payable(from: Stores): bigint;
}
