import { MarketStatus, SolvencyClass, type Market, type Params } from '../../gen/plimsoll/perps/v1/types.js';
import { defaultBreakerParams, validateBreakerParams } from './breakers/params.js';
import { defaultCollateralParams, validateCollateralParams } from './collateral/params.js';
import { errors } from './errors.js';
import { defaultKeeperBidParams, validateKeeperBidParams } from './keeper-bids/params.js';
import { defaultMarkParams, validateMarkParams } from './mark/params.js';
import { defaultRecoveryParams, validateRecoveryParams } from './recovery/params.js';
import { defaultRatesParams, validateRatesParams } from './rates/params.js';
import { defaultStressParams, validateStressParams } from './stress/chain/params.js';
import { defaultOrderParams, validateOrderParams } from './msgs/order-params.js';
import { defaultWithdrawalParams, validateWithdrawalParams } from './withdrawals/params.js';

const usdc = 1_000_000n;

/** Defaults of the risk model: sections 8, 10 and 14. */
export const defaultParams: Params = {
  targetHealthPpm: 1_150_000,
  graceHealthPpm: 800_000,
  sliceHealthPpm: 670_000,
  sliceSharePpm: 250_000,
  sliceNotional: (20_000n * usdc).toString(),
  penaltyMinPpm: 1_000,
  penaltyMaxPpm: 15_000,
  // 60 % tranche, 20 % backstop vault, 20 % fees.
  penaltyInsuranceSharePpm: 600_000,
  penaltyBackstopSharePpm: 200_000,
  minLiquidationAb: (2_000n * usdc).toString(),
  minLiquidationCd: (500n * usdc).toString(),
  maxOpenOrders: 200,
  maxMarkets: 20,
  maxSolverAccounts: 2_000,
  maxSlippagePpm: 100_000,
  fundingInterestPpb: 100_000n,
  staleMs: 30_000n,
  maxLimitDistancePpm: 200_000,
  mark: defaultMarkParams,
  breakers: defaultBreakerParams,
  rates: defaultRatesParams,
  collateral: defaultCollateralParams,
  orders: defaultOrderParams,
  stress: defaultStressParams,
  keeperBids: defaultKeeperBidParams,
  recovery: defaultRecoveryParams,
  withdrawals: defaultWithdrawalParams,
  // Section 11: 20 % of the open-interest cap.
  accountSharePpm: 200_000,
};

export type ClassName = 'A' | 'B' | 'C' | 'D';

/** What a class fixes about a market. Rates begin at twice the floor of section 2 and move from there. */
export const classDefaults: Readonly<
  Record<
    ClassName,
    Pick<Market, 'class' | 'maintenanceRatePpm' | 'openingRatePpm' | 'fundingCapPpm' | 'depthUnit' | 'openInterestCap'>
  >
> = {
  A: marketClass(SolvencyClass.SOLVENCY_CLASS_A, 25_000, 1_000, 50_000_000n, 2_000_000_000n),
  B: marketClass(SolvencyClass.SOLVENCY_CLASS_B, 50_000, 2_500, 5_000_000n, 200_000_000n),
  C: marketClass(SolvencyClass.SOLVENCY_CLASS_C, 100_000, 5_000, 250_000n, 20_000_000n),
  D: marketClass(SolvencyClass.SOLVENCY_CLASS_D, 200_000, 10_000, 250_000n, 10_000_000n),
};

function marketClass(value: SolvencyClass, ratePpm: number, fundingCapPpm: number, depthUsdc: bigint, capUsdc: bigint) {
  return {
    class: value,
    maintenanceRatePpm: ratePpm,
    openingRatePpm: ratePpm,
    fundingCapPpm,
    depthUnit: (depthUsdc * usdc).toString(),
    openInterestCap: (capUsdc * usdc).toString(),
  };
}

/** A market of a class with the usual fees; the rest names what trades and in which units. */
export function marketOfClass(
  name: ClassName,
  listing: Pick<Market, 'id' | 'ticker' | 'baseExponent' | 'priceExponent' | 'tickSize' | 'stepSize' | 'oraclePairId'>,
): Market {
  return {
    ...classDefaults[name],
    ...listing,
    makerFeePpm: 100,
    takerFeePpm: 400,
    minOrderNotional: (5n * usdc).toString(),
    status: MarketStatus.MARKET_STATUS_NORMAL,
    stressShocksPpm: [],
    fixedRates: false,
    floorRatePpm: 0,
    marketCapUsd: 0n,
    cluster: 0,
  };
}

/** Stress vectors of M_str. risk-model section 5. */
const maxStressVectors = 16;

const amount = /^(0|[1-9][0-9]{0,30})$/;

function requireRange(field: string, value: number | bigint, low: number | bigint, high: number | bigint): void {
  if (value < low || value > high) throw errors.invalidParams(`${field}: ${value}; expected ${low} to ${high}`);
}

function requireAmount(field: string, value: string): void {
  if (!amount.test(value))
    throw errors.invalidParams(`${field}: ${JSON.stringify(value.slice(0, 40))} is not an amount in quote quanta`);
}

/** Bounds of risk-model section 23. @throws perps/25 naming the field */
export function validateParams(value: Params): void {
  requireRange('target_health_ppm', value.targetHealthPpm, 1_050_000, 1_500_000);
  requireRange('grace_health_ppm', value.graceHealthPpm, 500_000, 1_000_000);
  requireRange('slice_health_ppm', value.sliceHealthPpm, 0, 1_000_000);
  requireRange('slice_share_ppm', value.sliceSharePpm, 10_000, 1_000_000);
  requireAmount('slice_notional', value.sliceNotional);
  requireRange('penalty_max_ppm', value.penaltyMaxPpm, 0, 50_000);
  requireRange('penalty_min_ppm', value.penaltyMinPpm, 0, value.penaltyMaxPpm);
  requireRange('penalty_insurance_share_ppm', value.penaltyInsuranceSharePpm, 0, 1_000_000);
  requireRange(
    'penalty_backstop_share_ppm',
    value.penaltyBackstopSharePpm,
    0,
    1_000_000 - value.penaltyInsuranceSharePpm,
  );
  requireAmount('min_liquidation_ab', value.minLiquidationAb);
  requireAmount('min_liquidation_cd', value.minLiquidationCd);
  requireRange('max_open_orders', value.maxOpenOrders, 1, 10_000);
  requireRange('max_markets', value.maxMarkets, 1, 100);
  requireRange('max_solver_accounts', value.maxSolverAccounts, 1, 100_000);
  requireRange('max_slippage_ppm', value.maxSlippagePpm, 1, 500_000);
  requireRange('funding_interest_ppb', value.fundingInterestPpb, -10_000_000n, 10_000_000n);
  requireRange('stale_ms', value.staleMs, 1_000n, 600_000n);
  requireRange('max_limit_distance_ppm', value.maxLimitDistancePpm, 1_000, 900_000);
  validateMarkParams(value.mark);
  validateBreakerParams(value.breakers, value.staleMs);
  validateRatesParams(value.rates);
  validateCollateralParams(value.collateral);
  validateOrderParams(value.orders);
  validateStressParams(value.stress);
  validateKeeperBidParams(value.keeperBids);
  validateRecoveryParams(value.recovery);
  validateWithdrawalParams(value.withdrawals);
  if (value.accountSharePpm !== 0) requireRange('account_share_ppm', value.accountSharePpm, 10_000, 1_000_000);
}

/** @throws perps/24 naming the field */
export function validateMarket(market: Market): void {
  const refuse = (field: string, detail: string): never => {
    throw errors.invalidMarket(`${field}: ${detail}`);
  };
  const between = (field: string, value: number, low: number, high: number): void => {
    if (value < low || value > high) refuse(field, `${value}; expected ${low} to ${high}`);
  };
  if (market.id === 0) refuse('id', 'must be positive');
  if (!/^[A-Z0-9]{1,16}-[A-Z0-9]{1,16}$/.test(market.ticker))
    refuse('ticker', `${JSON.stringify(market.ticker.slice(0, 40))}; expected a form like BTC-USD`);
  if (market.class === SolvencyClass.SOLVENCY_CLASS_UNSPECIFIED) refuse('class', 'expected A, B, C or D');
  if (market.status === MarketStatus.MARKET_STATUS_UNSPECIFIED)
    refuse('status', 'expected NORMAL, REDUCE_ONLY or HALTED');
  const scale = -(market.baseExponent + market.priceExponent + 6);
  if (scale < 0 || scale > 40)
    refuse('price_exponent', `base_exponent + price_exponent + 6 is ${-scale}; expected -40 to 0`);
  if (market.tickSize === 0n || market.tickSize >= 1n << 62n) refuse('tick_size', 'must be positive and below 2^62');
  if (market.stepSize === 0n || market.stepSize >= 1n << 62n) refuse('step_size', 'must be positive and below 2^62');
  between('maintenance_rate_ppm', market.maintenanceRatePpm, 5_000, 500_000);
  between('opening_rate_ppm', market.openingRatePpm, market.maintenanceRatePpm, 500_000);
  if (market.floorRatePpm !== 0) between('floor_rate_ppm', market.floorRatePpm, 5_000, 500_000);
  between('funding_cap_ppm', market.fundingCapPpm, 0, 10_000);
  between('taker_fee_ppm', market.takerFeePpm, 0, 10_000);
  between('maker_fee_ppm', market.makerFeePpm, 0, market.takerFeePpm);
  for (const [field, value] of [
    ['depth_unit', market.depthUnit],
    ['open_interest_cap', market.openInterestCap],
    ['min_order_notional', market.minOrderNotional],
  ] as const) {
    if (!amount.test(value)) refuse(field, `${JSON.stringify(value.slice(0, 40))} is not an amount in quote quanta`);
  }
  if (market.depthUnit === '0') refuse('depth_unit', 'must be positive');
  if (market.stressShocksPpm.length > maxStressVectors)
    refuse('stress_shocks_ppm', `${market.stressShocksPpm.length} vectors; at most ${maxStressVectors}`);
  for (const shock of market.stressShocksPpm) between('stress_shocks_ppm', shock, -1_000_000, 1_000_000);
}
