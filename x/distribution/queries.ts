import type { QueryDefinition } from '../../gen/cosmos/distribution/v1beta1/query.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { decToWire } from '../../runtime/baseapp/dec.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { Handlers } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import { operatorPrefix, toBech32 } from '../../runtime/crypto/address.js';
import { keyBytes, u64 } from '../../runtime/store/key.js';
import { addCoins, coinsToProto, noCoins, type DecCoins } from './dec-coins.js';
import { errors } from './errors.js';
import type { StakedValidator } from './expected_keepers.js';
import type { DistributionKeeper, Slashed } from './keeper.js';
import { earned, endPeriod } from './rewards.js';

export function queries(k: DistributionKeeper): Handlers<typeof QueryDefinition> {
  const operatorOf = (text: string): Uint8Array => parseAddress(text, 'validator_address', operatorPrefix);
  const delegatorOf = (text: string): Uint8Array => parseAddress(text, 'delegator_address');

  function validatorOf(ctx: Context, operator: Uint8Array): StakedValidator {
    const validator = k.staking.validator(ctx, operator);
    if (validator === undefined) throw errors.noValidator(toBech32(operator, operatorPrefix));
    return validator;
  }

  /** Ends the running period to look at it: what a query writes is thrown away. */
  function rewardsOf(ctx: Context, operator: Uint8Array, delegator: Uint8Array): DecCoins {
    const starting = k.starting(ctx, operator, delegator);
    if (starting === undefined) return noCoins;
    const validator = validatorOf(ctx, operator);
    return earned(ctx, k, validator, delegator, starting, endPeriod(ctx, k, validator));
  }

  return {
    params: (ctx) => ({ params: k.params(ctx) }),
    validatorDistributionInfo: (ctx, { validatorAddress }) => {
      const operator = operatorOf(validatorAddress);
      validatorOf(ctx, operator);
      return {
        operatorAddress: toBech32(operator),
        selfBondRewards: coinsToProto(rewardsOf(ctx, operator, operator)),
        commission: coinsToProto(k.commission(ctx, operator)),
      };
    },
    validatorOutstandingRewards: (ctx, { validatorAddress }) => {
      const { operator } = validatorOf(ctx, operatorOf(validatorAddress));
      return { rewards: { rewards: coinsToProto(k.outstanding(ctx, operator)) } };
    },
    validatorCommission: (ctx, { validatorAddress }) => {
      const { operator } = validatorOf(ctx, operatorOf(validatorAddress));
      return { commission: { commission: coinsToProto(k.commission(ctx, operator)) } };
    },
    validatorSlashes: (ctx, { validatorAddress, startingHeight, endingHeight, pagination }) => {
      if (endingHeight < startingHeight)
        throw sdkErrors.invalidRequest(`ending_height: ${endingHeight} is below starting_height ${startingHeight}`);
      const found = until(k.slashes(ctx, operatorOf(validatorAddress), startingHeight), endingHeight);
      const page = paginate(
        found,
        pagination,
        ({ height, period }) => keyBytes(u64(height) + u64(period)),
        ({ period, fraction }) => ({ validatorPeriod: period, fraction: decToWire(fraction) }),
      );
      return { slashes: page.items, pagination: page.pagination };
    },
    delegationRewards: (ctx, { delegatorAddress, validatorAddress }) => {
      const [delegator, operator] = [delegatorOf(delegatorAddress), operatorOf(validatorAddress)];
      validatorOf(ctx, operator);
      if (k.staking.delegation(ctx, delegator, operator) === undefined)
        throw sdkErrors.keyNotFound(`delegation of ${delegatorAddress} with ${validatorAddress} not found`);
      return { rewards: coinsToProto(rewardsOf(ctx, operator, delegator)) };
    },
    delegationTotalRewards: (ctx, { delegatorAddress }) => {
      const delegator = delegatorOf(delegatorAddress);
      let total = noCoins;
      const rewards = [...k.staking.delegationsOf(ctx, delegator)].map(({ validator }) => {
        const coins = rewardsOf(ctx, validator, delegator);
        total = addCoins(total, coins);
        return { validatorAddress: toBech32(validator, operatorPrefix), reward: coinsToProto(coins) };
      });
      return { rewards, total: coinsToProto(total) };
    },
    delegatorValidators: (ctx, { delegatorAddress }) => ({
      validators: [...k.staking.delegationsOf(ctx, delegatorOf(delegatorAddress))].map(({ validator }) =>
        toBech32(validator, operatorPrefix),
      ),
    }),
    delegatorWithdrawAddress: (ctx, { delegatorAddress }) => ({
      withdrawAddress: toBech32(k.withdrawAddress(ctx, delegatorOf(delegatorAddress))),
    }),
    communityPool: (ctx) => ({ pool: coinsToProto(k.communityPool(ctx)) }),
  };
}

function* until(slashes: Iterable<Slashed>, height: bigint): Iterable<Slashed> {
  for (const slashed of slashes) {
    if (slashed.height > height) return;
    yield slashed;
  }
}
