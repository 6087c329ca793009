import type {
  MsgSetValidators,
  MsgSetValidatorsResponse,
  MsgUpdateParams,
  MsgUpdateParamsResponse,
} from '../../gen/plimsoll/valset/v1/tx.js';
import { Mode } from '../../gen/plimsoll/valset/v1/valset.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { consensusAddress } from '../../runtime/crypto/address.js';
import { maxTotalPower, planChanges, type KeyPower } from './changes.js';
import { errors } from './errors.js';
import type { StakedPower } from './expected_keepers.js';
import type { ValsetKeeper } from './keeper.js';

/** Validators that one message may name. */
export const maxNamed = 500;

/** Under authority: powers as governance names them, from two blocks later. */
export function setValidators(
  ctx: Context,
  keeper: ValsetKeeper,
  authority: string,
  msg: MsgSetValidators,
): MsgSetValidatorsResponse {
  if (msg.authority !== authority) throw errors.unauthorized(`authority: ${msg.authority}; expected ${authority}`);
  if (keeper.isByStake(ctx)) throw errors.byStake('mode: MODE_STAKE; governance named validators until the handover');
  const named = parseValidators(msg);
  const plan = planChanges(keeper.validators(ctx), [...keeper.pending(ctx), ...named].reverse().filter(isFirst()));
  if (plan.refused !== undefined) throw errors.invalidValidator(`validators: ${plan.refused}`);
  for (const { pubKey, power } of named) keeper.schedule(ctx, pubKey, power);
  return {};
}

function parseValidators({ validators }: MsgSetValidators): KeyPower[] {
  if (validators.length === 0 || validators.length > maxNamed) {
    throw errors.invalidValidator(`validators: ${validators.length} are named; expected 1 to ${maxNamed}`);
  }
  const isNew = isFirst();
  return validators.map(({ pubKey, power }, index) => {
    const field = `validators[${index}]`;
    if (pubKey.length !== 32) throw errors.invalidValidator(`${field}.pub_key: ${pubKey.length} bytes; expected 32`);
    if (power < 0n || power > maxTotalPower)
      throw errors.invalidValidator(`${field}.power: ${power}; expected 0 to ${maxTotalPower}`);
    const address = consensusAddress(pubKey);
    if (!isNew({ address })) throw errors.invalidValidator(`${field}.pub_key: is named twice`);
    return { address, pubKey, power };
  });
}

/** True for each address that it sees for the first time. */
function isFirst(): (item: { readonly address: Uint8Array }) => boolean {
  const seen = new Set<string>();
  return ({ address }) => {
    const id = Buffer.from(address).toString('hex');
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  };
}

/** Handover: at the end of this block stake names the set, and whoever has none leaves. There is no way back. */
export function updateParams(
  ctx: Context,
  keeper: ValsetKeeper,
  stake: StakedPower,
  authority: string,
  msg: MsgUpdateParams,
): MsgUpdateParamsResponse {
  if (msg.authority !== authority) throw errors.unauthorized(`authority: ${msg.authority}; expected ${authority}`);
  const mode = msg.params?.mode ?? Mode.MODE_UNSPECIFIED;
  if (mode === keeper.params(ctx).mode) return {};
  if (mode !== Mode.MODE_STAKE) {
    throw errors.invalidParams(`params.mode: ${mode}; only the step from MODE_AUTHORITY to MODE_STAKE is possible`);
  }
  if (!stake.hasPower(ctx)) {
    throw errors.invalidParams('params.mode: MODE_STAKE; no validator has enough stake for a vote yet');
  }
  for (const { pubKey, power } of keeper.validators(ctx)) if (power > 0n) keeper.schedule(ctx, pubKey, 0n);
  keeper.setParams(ctx, { mode });
  return {};
}
