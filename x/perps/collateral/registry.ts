import { Peg, type CollateralAsset } from '../../../gen/plimsoll/perps/v1/collateral.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { price } from '../types.js';
import { maxAssets, validateAsset } from './params.js';
import { rampTo, rateAt, still } from './ramp.js';
import { rampToProto, type AssetState } from './store.js';

/** Accepts an asset as collateral; it counts from its first price on. @throws perps/111 */
export function addAsset(ctx: Context, deps: Deps, asset: CollateralAsset): void {
  const { collateral } = deps.keeper;
  validateAsset(asset);
  const listed = [...collateral.assets(ctx)];
  if (listed.length >= maxAssets) throw errors.invalidAsset(`id: ${listed.length} assets exist; at most ${maxAssets}`);
  for (const other of listed) {
    if (other.id === asset.id) throw errors.invalidAsset(`id: ${asset.id} is ${other.denom}`);
    if (other.denom === asset.denom) throw errors.invalidAsset(`denom: ${asset.denom} is asset ${other.id}`);
  }
  requirePair(ctx, deps, asset);
  requireMarkets(ctx, deps, asset);
  const state: AssetState = {
    assetId: asset.id,
    price: price(0n),
    oraclePrice: price(0n),
    oracleTimeMs: 0n,
    stale: true,
    carriesNewRisk: false,
    discount: still(BigInt(asset.discountPpm)),
    riskRate: still(BigInt(asset.riskRatePpm)),
    discountNow: BigInt(asset.discountPpm),
    riskRateNow: BigInt(asset.riskRatePpm),
    peg: Peg.PEG_HELD,
  };
  store(ctx, deps, asset, state);
}

/**
 * Changes an asset. What balances are counted in stays; limits hold at once;
 * rates go up after a notice and slowly, and down slowly (INV-K3).
 * @throws perps/110, perps/111
 */
export function updateAsset(ctx: Context, deps: Deps, asset: CollateralAsset): AssetState {
  const { keeper } = deps;
  validateAsset(asset);
  const listed = keeper.collateral.asset(ctx, asset.id);
  if (listed === undefined) throw errors.assetNotFound(`asset.id: ${asset.id}`);
  const fixed = ['denom', 'kind', 'baseExponent', 'priceExponent', 'oraclePairId'] as const;
  for (const field of fixed) {
    if (asset[field] !== listed[field])
      throw errors.invalidAsset(`${field}: ${asset[field]}; it stays ${listed[field]} for ever`);
  }
  requireMarkets(ctx, deps, asset);
  const { noticeMs } = keeper.params(ctx).collateral!;
  const { timeMs } = ctx.block;
  const before = keeper.collateral.state(ctx, asset.id);
  const state: AssetState = {
    ...before,
    discount:
      asset.discountPpm === listed.discountPpm
        ? before.discount
        : rampTo(rateAt(before.discount, timeMs), BigInt(asset.discountPpm), timeMs, noticeMs),
    // While the peg is lost its ramp holds; the way back leads to the new rate.
    riskRate:
      asset.riskRatePpm === listed.riskRatePpm || before.peg === Peg.PEG_LOST
        ? before.riskRate
        : rampTo(rateAt(before.riskRate, timeMs), BigInt(asset.riskRatePpm), timeMs, noticeMs),
  };
  store(ctx, deps, asset, state);
  return state;
}

function store(ctx: Context, { keeper }: Deps, asset: CollateralAsset, state: AssetState): void {
  keeper.collateral.setAsset(ctx, asset);
  keeper.collateral.setState(ctx, state);
  ctx.emit('plimsoll.perps.v1.EventCollateralAsset', {
    asset,
    discount: rampToProto(state.discount),
    riskRate: rampToProto(state.riskRate),
  });
}

function requirePair(ctx: Context, { oracle }: Deps, asset: CollateralAsset): void {
  const pair = oracle.pair(ctx, asset.oraclePairId);
  if (pair === undefined) throw errors.invalidAsset(`oracle_pair_id: pair ${asset.oraclePairId} does not exist`);
  if (pair.exponent !== asset.priceExponent)
    throw errors.invalidAsset(`price_exponent: ${asset.priceExponent}; the oracle pair's exponent is ${pair.exponent}`);
}

/** An asset moves as a market only when the same pair prices both. */
function requireMarkets(ctx: Context, { keeper }: Deps, asset: CollateralAsset): void {
  if (asset.marketId === 0) return;
  const market = keeper.market(ctx, asset.marketId);
  if (market === undefined) throw errors.invalidAsset(`market_id: market ${asset.marketId} is not listed`);
  if (market.oraclePairId !== asset.oraclePairId)
    throw errors.invalidAsset(
      `market_id: ${market.ticker} is priced by pair ${market.oraclePairId}, the asset by pair ${asset.oraclePairId}`,
    );
}
