/**
 * The values that perps rules work on. Units are types: arithmetic gives a
 * plain bigint, and the constructor that gives it back its unit is where
 * the reader checks it.
 */

/** 10^-6 USDC. */
export type Quote = bigint & { readonly unit: 'quote quantum' };
/** 10^base_exponent of the base asset; negative for shorts and sells. */
export type Base = bigint & { readonly unit: 'base quantum' };
/** 10^price_exponent USD for one whole base unit. */
export type Price = bigint & { readonly unit: 'price' };
/** Parts per million. */
export type Ppm = bigint & { readonly unit: 'ppm' };
/** Parts per billion. */
export type Ppb = bigint & { readonly unit: 'ppb' };

export const quote = (value: bigint): Quote => value as Quote;
export const base = (value: bigint): Base => value as Base;
export const price = (value: bigint): Price => value as Price;
export const ppm = (value: bigint): Ppm => value as Ppm;
export const ppb = (value: bigint): Ppb => value as Ppb;

export type MarketId = number;

/** Owner address (20 bytes) and number (4 bytes, big-endian) as a binary string: sorts as the store does. */
export type SubaccountKey = string;

export type SolvencyClass = 'A' | 'B' | 'C' | 'D';
export type Side = 'buy' | 'sell';

/**
 * How a market moves with the others: the part that factors explain and the
 * part that is its own. risk-model section 5. Made by `loadingOf`, which keeps
 * the squares of all of them together at 1 or just below.
 */
export interface Loading {
  /** Markets of one cluster are taken to move as one when it matters; no offset is granted between clusters. */
  readonly cluster: number;
  /** Share of the move that each factor explains, signed; missing ones are zero. */
  readonly rho: readonly Ppm[];
  /** q of section 5: what no factor explains. */
  readonly idiosyncratic: Ppm;
}

/** A market at one instant: all that margin, matching and liquidation need of it. */
export interface MarketView {
  readonly id: MarketId;
  readonly class: SolvencyClass;
  /** Quote quanta = base quanta * price / quoteDivisor. 10^-(base_exponent + price_exponent + 6), at least 1. */
  readonly quoteDivisor: bigint;
  readonly markPrice: Price;
  readonly oraclePrice: Price;
  /** The lower and the higher of mark price and its 30-minute average: what longs and shorts count for when value leaves or opens (section 7.3). */
  readonly lowPrice: Price;
  readonly highPrice: Price;
  readonly tickSize: bigint;
  readonly stepSize: bigint;
  /** m_floor of risk-model section 2: below it no maintenance rate goes, and half of it bounds how far the mark leaves the oracle price. */
  readonly floorRate: Ppb;
  /** m_maint and m_open of risk-model section 4. */
  readonly maintenanceRate: Ppb;
  readonly openingRate: Ppb;
  /** Offsets against other markets; class C and D get none whatever it says. */
  readonly loading: Loading;
  /** Price move in each stress vector of M_str (section 5), at most 16; vectors beyond the last leave the market as it is. */
  readonly shocks: readonly Ppm[];
  /** D of section 4.2. */
  readonly depthUnit: Quote;
  /** Long side at mark price, rounded up. */
  readonly openInterest: Quote;
  readonly openInterestCap: Quote;
  /** Price units times 10^-12 for one base quantum. */
  readonly fundingIndex: bigint;
  readonly makerFee: Ppm;
  readonly takerFee: Ppm;
  /** What a breaker multiplies initial margin by, at least 1; absent while none does. risk-model section 14. */
  readonly initialFactor?: Ppm;
  /** What a late oracle price adds to the initial margin rate; absent while it is not late. Breaker B3a. */
  readonly initialAddOn?: Ppb;
  /** Liquidation slices are half as large for a while. Breaker B6. */
  readonly smallSlices?: boolean;
}

/** Looks a market up; throws FatalError for an unknown id (a position in an unlisted market is a bug). */
export interface Markets {
  (id: MarketId): MarketView;
  /** Collateral assets at the same instant; throws FatalError for an unknown id. */
  readonly asset: (id: AssetId) => AssetView;
}

export interface PositionView {
  readonly marketId: MarketId;
  /** Never zero. */
  readonly quantity: Base;
  /** Value at entry, same sign as quantity. */
  readonly entryValue: Quote;
  readonly fundingIndex: bigint;
  /** Funding settled since the position was opened, positive when received. For people: no rule reads it. */
  readonly settledFunding?: Quote;
}

/**
 * How an account is margined. portfolio: positions that hedge each other
 * need less (section 5). cross: the plain sum, which no change of loadings
 * can raise. isolated: one market, alone with the account's cash.
 */
export type MarginMode = 'portfolio' | 'cross' | 'isolated';

/** The most leverage that an account wants to use in a market, at least 1. */
export interface ChosenLeverage {
  readonly marketId: MarketId;
  readonly leverage: bigint;
}

/** What an owner chose for a subaccount. */
export interface MarginSettings {
  readonly mode: MarginMode;
  /** In market order; markets that are not named allow their own leverage. */
  readonly leverages: readonly ChosenLeverage[];
}

export type AssetId = number;

/** A collateral asset other than USDC at one instant. risk-model section 6. */
export interface AssetView {
  readonly id: AssetId;
  /** Quote quanta = amount * price / quoteDivisor. 10^-(base_exponent + price exponent + 6), at least 1. */
  readonly quoteDivisor: bigint;
  /** p_c: the lower of index and 30-minute average, of a stable-coin at most 1 USD. Zero before the first price. */
  readonly price: Price;
  /** l_c: what a forced sale may cost. */
  readonly discount: Ppm;
  /** h_c: margin rate of the asset as a long spot position. */
  readonly riskRate: Ppm;
  /** Share of an account's initial margin that it may cover. */
  readonly coverShare: Ppm;
  /** How it moves with the markets, and in stress vectors: as the market that trades it. */
  readonly loading: Loading;
  readonly shocks: MarketView['shocks'];
  /** The price is too old to liquidate by. */
  readonly stale: boolean;
  /** False while the price is stale or held back: then it carries no new risk. */
  readonly carriesNewRisk: boolean;
}

/** What an account holds of an asset, in the asset's smallest unit; positive. */
export interface Holding {
  readonly assetId: AssetId;
  readonly amount: bigint;
}

/** A subaccount with its positions in market order and its collateral in asset order. */
export interface AccountView {
  readonly key: SubaccountKey;
  /** USDC. */
  readonly cash: Quote;
  readonly positions: readonly PositionView[];
  /** Collateral other than USDC: none for almost everybody. */
  readonly collateral: readonly Holding[];
  /** Undefined: the owner chose nothing. */
  readonly settings?: MarginSettings | undefined;
}

/** A subaccount as the store has it: everything of it that the end of a block reads. */
export interface StoredAccount extends AccountView {
  readonly settings: MarginSettings | undefined;
  /** Block that last found it under maintenance margin, 0 when healthy. */
  readonly underwaterHeight: bigint;
}

/** An open order as margin sees it. */
export interface OrderView {
  readonly marketId: MarketId;
  readonly side: Side;
  readonly price: Price;
  readonly remaining: Base;
  readonly reduceOnly: boolean;
}

/** Module parameters as rules use them; defaults and meaning in plimsoll.perps.v1.Params. */
export interface RiskParams {
  readonly targetHealth: Ppm;
  readonly graceHealth: Ppm;
  readonly sliceHealth: Ppm;
  readonly sliceShare: Ppm;
  readonly sliceNotional: Quote;
  readonly penaltyMin: Ppm;
  readonly penaltyMax: Ppm;
  readonly penaltyInsuranceShare: Ppm;
  readonly penaltyBackstopShare: Ppm;
  readonly minLiquidationAB: Quote;
  readonly minLiquidationCD: Quote;
}
