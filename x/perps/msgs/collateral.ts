import type {
  MsgAddCollateral,
  MsgAddCollateralResponse,
  MsgUpdateCollateral,
  MsgUpdateCollateralResponse,
} from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { addAsset, updateAsset } from '../collateral/registry.js';
import { rampToProto } from '../collateral/store.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { requireAuthority } from './common.js';

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
