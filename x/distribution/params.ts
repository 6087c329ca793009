import type { Params } from '../../gen/cosmos/distribution/v1beta1/distribution.js';
import { decFromText, decFromWire, decOne, decToWire } from '../../runtime/baseapp/dec.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';

/** 2 % of all rewards to the community pool. */
export const defaultParams: Params = {
  communityTax: decToWire(decFromText('0.02')),
  baseProposerReward: '0',
  bonusProposerReward: '0',
  withdrawAddrEnabled: true,
};

/** @throws AppError sdk/18 naming the parameter at fault */
export function validateParams(params: Params): void {
  const fault = (text: string): Error => sdkErrors.invalidRequest(`params.${text}`);
  for (const [field, text, largest] of [
    ['community_tax', params.communityTax, decOne],
    // A proposer has no bonus: whoever proposes could leave others' votes out for it.
    ['base_proposer_reward', params.baseProposerReward || '0', 0n],
    ['bonus_proposer_reward', params.bonusProposerReward || '0', 0n],
  ] as const) {
    let value: bigint;
    try {
      value = decFromWire(text, field);
    } catch (error) {
      throw fault((error as Error).message);
    }
    if (value < 0n || value > largest) throw fault(`${field}: ${value}; expected 0 to ${largest}`);
  }
}
