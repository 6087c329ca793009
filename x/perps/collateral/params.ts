import {
  CollateralKind,
  type CollateralAsset,
  type CollateralParams,
} from '../../../gen/plimsoll/perps/v1/collateral.js';
import { collateralDenom } from '../deps.js';
import { errors } from '../errors.js';

/** risk-model sections 4.1 (notice) and 6. */
export const defaultCollateralParams: CollateralParams = {
  noticeMs: 600_000n,
  conversionMs: 300_000n,
  debtAllowance: '1000000000',
  debtAllowancePpm: 20_000,
  maxConversions: 200,
};

/** Assets that may be collateral: each is priced in every block. */
export const maxAssets = 32;

const amount = /^(0|[1-9][0-9]{0,30})$/;

/** @throws perps/25 naming the field */
export function validateCollateralParams(value: CollateralParams | undefined): void {
  if (value === undefined) throw errors.invalidParams('collateral: missing');
  const within = (field: string, actual: number | bigint, low: number | bigint, high: number | bigint): void => {
    if (actual < low || actual > high)
      throw errors.invalidParams(`collateral.${field}: ${actual}; expected ${low} to ${high}`);
  };
  within('notice_ms', value.noticeMs, 300_000n, 86_400_000n);
  within('conversion_ms', value.conversionMs, 10_000n, 3_600_000n);
  if (!amount.test(value.debtAllowance))
    throw errors.invalidParams(
      `collateral.debt_allowance: ${JSON.stringify(value.debtAllowance.slice(0, 40))} is not an amount in quote quanta`,
    );
  within('debt_allowance_ppm', value.debtAllowancePpm, 0, 100_000);
  within('max_conversions', value.maxConversions, 1, 10_000);
}

/** @throws perps/111 naming the field */
export function validateAsset(asset: CollateralAsset): void {
  const refuse = (field: string, detail: string): never => {
    throw errors.invalidAsset(`${field}: ${detail}`);
  };
  const within = (field: string, value: number, low: number, high: number): void => {
    if (value < low || value > high) refuse(field, `${value}; expected ${low} to ${high}`);
  };
  if (asset.id === 0) refuse('id', 'must be positive');
  if (!/^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/.test(asset.denom))
    refuse('denom', `${JSON.stringify(asset.denom.slice(0, 140))} is not a bank denomination`);
  if (asset.denom === collateralDenom) refuse('denom', `${collateralDenom} is the cash of every account already`);
  if (asset.kind !== CollateralKind.COLLATERAL_KIND_VOLATILE && asset.kind !== CollateralKind.COLLATERAL_KIND_STABLE)
    refuse('kind', 'expected VOLATILE or STABLE');
  const scale = -(asset.baseExponent + asset.priceExponent + 6);
  if (scale < 0 || scale > 40)
    refuse('base_exponent', `with price_exponent and 6 it makes ${-scale}; expected -40 to 0`);
  if (asset.priceExponent > 0 || asset.priceExponent < -24)
    refuse('price_exponent', `${asset.priceExponent}; expected -24 to 0`);
  within('discount_ppm', asset.discountPpm, 5_000, 30_000);
  within('risk_rate_ppm', asset.riskRatePpm, 20_000, 1_000_000);
  within('total_share_ppm', asset.totalSharePpm, 0, 100_000);
  within('cover_share_ppm', asset.coverSharePpm, 0, 500_000);
  if (asset.barredMarketIds.length > 100) refuse('barred_market_ids', `${asset.barredMarketIds.length}; at most 100`);
}
