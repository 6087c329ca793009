import type { AccountCache } from './block/account-cache.js';
import type { HealthIndex } from './block/health-index.js';
import type { BackstopKeeper, BankKeeper, Decisions, InsuranceKeeper, OracleKeeper } from './expected_keepers.js';
import type { LiquidationMap } from './stress/derived/liquidation-map.js';
import type { PerpsKeeper } from './keeper.js';
import type { TraceIndex } from './trace/trace-index.js';

/** What the module's messages, queries and block hooks work with. */
export interface Deps {
  readonly keeper: PerpsKeeper;
  readonly bank: BankKeeper;
  readonly oracle: OracleKeeper;
  readonly insurance: InsuranceKeeper;
  readonly backstop: BackstopKeeper;
  readonly decisions: Decisions;
  /** bech32 address that governance messages come from. */
  readonly authority: string;
  /** Tells which accounts a block must look at; without it a block looks at all, with the same result. */
  readonly health?: HealthIndex;
  /** Accounts in memory; without it a block reads them from the store, with the same result. */
  readonly accounts?: AccountCache;
  /** Where positions would be liquidated, for queries; without it they count from state. */
  readonly liquidations?: LiquidationMap;
  /** What the waterfall did in the newest blocks, for those who ask why; a node may keep none. */
  readonly traces?: TraceIndex;
}

/** Module account that holds all collateral, fees and clearing balances. */
export const moduleName = 'perps';
/** The one collateral: 1 uusdc is one quote quantum. */
export const collateralDenom = 'uusdc';
