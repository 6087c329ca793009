import type {
  MsgAddCollateral,
  MsgAddCollateralResponse,
  MsgBuyCollateral,
  MsgBuyCollateralResponse,
  MsgUpdateCollateral,
  MsgUpdateCollateralResponse,
} from '../../../gen/plimsoll/perps/v1/tx.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { bytes } from '../../../runtime/store/key.js';
import { floorPrice, payment } from '../collateral/conversion.js';
import { addAsset, updateAsset } from '../collateral/registry.js';
import { rampToProto } from '../collateral/store.js';
import { collateralDenom, moduleName, type Deps } from '../deps.js';
import { errors } from '../errors.js';
import { quoteDivisorOf } from '../keeper.js';
import { requireAuthority, requireCollateral } from './common.js';

/** A purchase in part rounds up each time: one quantum for every account that may be for sale. */
const roundingReserve = (accounts: number): bigint => BigInt(accounts) + 1n;

/**
 * Bids in this block for collateral that is for sale. The most that it can
 * cost is set aside; the block's end takes what was bought and gives the rest
 * back. Prices and parts are the same whatever the order of bids.
 */
export function buyCollateral(ctx: Context, deps: Deps, msg: MsgBuyCollateral): MsgBuyCollateralResponse {
  const { keeper, bank } = deps;
  keeper.requireRunning(ctx);
  const buyer = parseAddress(msg.buyer, 'buyer');
  const { asset, amount } = requireCollateral(ctx, deps, msg.amount);
  if (asset === undefined) throw errors.invalidDenom(`amount: ${collateralDenom} is what collateral is sold for`);
  const state = keeper.collateral.state(ctx, asset.id);
  if (state.stale) throw errors.stalePrice(`amount: ${asset.denom} has no current price`);
  const floor = floorPrice(state);
  if (msg.maxPrice < floor || msg.maxPrice >= 1n << 62n)
    throw errors.bidTooLow(`max_price: ${msg.maxPrice}; ${asset.denom} sells for ${floor} at least`);
  const { maxConversions } = keeper.params(ctx).collateral!;
  const escrow = payment(amount, msg.maxPrice, quoteDivisorOf(asset)) + roundingReserve(maxConversions);
  bank.sendToModule(ctx, buyer, moduleName, collateralDenom, escrow);
  keeper.collateral.addBid(ctx, { assetId: asset.id, buyer: bytes(buyer), price: msg.maxPrice }, { amount, escrow });
  return { escrow: escrow.toString() };
}

export function addCollateral(ctx: Context, deps: Deps, msg: MsgAddCollateral): MsgAddCollateralResponse {
  requireAuthority(deps, msg.authority);
  if (msg.asset === undefined) throw errors.invalidAsset('asset: missing');
  addAsset(ctx, deps, msg.asset);
  return {};
}

export function updateCollateral(ctx: Context, deps: Deps, msg: MsgUpdateCollateral): MsgUpdateCollateralResponse {
  requireAuthority(deps, msg.authority);
  if (msg.asset === undefined) throw errors.invalidAsset('asset: missing');
  const { discount, riskRate } = updateAsset(ctx, deps, msg.asset);
  return { discount: rampToProto(discount), riskRate: rampToProto(riskRate) };
}
