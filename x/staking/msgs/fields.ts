import type { Coin } from '../../../gen/cosmos/base/v1beta1/coin.js';
import type { Description } from '../../../gen/cosmos/staking/v1beta1/staking.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import { parseAmount } from '../../../runtime/baseapp/coins.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { decFromWire, type Dec } from '../../../runtime/baseapp/dec.js';
import { sdkErrors } from '../../../runtime/baseapp/errors.js';
import { operatorPrefix } from '../../../runtime/crypto/address.js';
import type { StakingKeeper } from '../keeper.js';

/** @throws AppError sdk/7 */
export const parseOperator = (text: string, field = 'validator_address'): Uint8Array =>
  parseAddress(text, field, operatorPrefix);

/** A positive amount of the bond denomination. @throws AppError sdk/10, sdk/18 */
export function parseStake(ctx: Context, k: StakingKeeper, coin: Coin | undefined, field: string): bigint {
  const denom = k.bondDenom(ctx);
  if (coin?.denom !== denom) {
    throw sdkErrors.invalidRequest(
      `invalid coin denomination: got ${JSON.stringify(coin?.denom.slice(0, 140) ?? '')}, expected ${denom} (${field})`,
    );
  }
  return parseAmount(coin.amount, field);
}

/** @throws AppError sdk/18 */
export function parseDec(text: string, field: string): Dec {
  try {
    return decFromWire(text, field);
  } catch (error) {
    throw sdkErrors.invalidRequest((error as Error).message);
  }
}

/** Bytes of each text, as the Cosmos SDK limits them. */
const limits = { moniker: 70, identity: 3_000, website: 140, securityContact: 140, details: 280 } as const;
const unchanged = '[do-not-modify]';

/** @throws AppError sdk/18 naming the text that is too long */
export function checkDescription(description: Description): Description {
  for (const [name, limit] of Object.entries(limits) as [keyof typeof limits, number][]) {
    const length = Buffer.byteLength(description[name], 'utf8');
    if (length > limit) throw sdkErrors.invalidRequest(`description.${name}: ${length} bytes; at most ${limit}`);
  }
  return description;
}

/** The old texts where the new ones say so. */
export function mergeDescription(old: Description, next: Description): Description {
  const pick = (name: keyof Description): string => (next[name] === unchanged ? old[name] : next[name]);
  return {
    moniker: pick('moniker'),
    identity: pick('identity'),
    website: pick('website'),
    securityContact: pick('securityContact'),
    details: pick('details'),
  };
}
