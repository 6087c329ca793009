import { GenesisState } from '../../gen/cosmos/distribution/v1beta1/genesis.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { decFromWire, decOne, decToText, decToWire } from '../../runtime/baseapp/dec.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { fromBech32, moduleAddress, operatorPrefix, toBech32 } from '../../runtime/crypto/address.js';
import { addCoins, coinsFromProto, coinsOf, coinsToProto } from './dec-coins.js';
import { moduleName, type DistributionKeeper } from './keeper.js';
import { defaultParams, validateParams } from './params.js';

const typeName = 'cosmos.distribution.v1beta1.GenesisState';

export const toJson = (registry: ProtoRegistry, state: GenesisState): JsonValue =>
  registry.toJson(typeName, GenesisState.encode(state).finish());

export const defaultGenesis = (registry: ProtoRegistry): JsonValue =>
  toJson(registry, GenesisState.fromPartial({ params: defaultParams, feePool: { communityPool: [] } }));

const operatorOf = (text: string): Uint8Array => fromBech32(text, operatorPrefix);
const operatorText = (operator: Uint8Array): string => toBech32(operator, operatorPrefix);

/** @throws Error naming the field at fault */
export function read(registry: ProtoRegistry, json: unknown): GenesisState {
  const state = GenesisState.decode(registry.fromJson(typeName, json as JsonValue));
  if (state.params === undefined) throw new Error('distribution.params: missing');
  validateParams(state.params);
  coinsFromProto(state.feePool?.communityPool ?? [], 'distribution.fee_pool.community_pool');
  for (const [name, list] of [
    ['outstanding_rewards', state.outstandingRewards],
    ['validator_accumulated_commissions', state.validatorAccumulatedCommissions],
    ['validator_historical_rewards', state.validatorHistoricalRewards],
    ['validator_current_rewards', state.validatorCurrentRewards],
    ['delegator_starting_infos', state.delegatorStartingInfos],
    ['validator_slash_events', state.validatorSlashEvents],
  ] as const) {
    for (const [index, { validatorAddress }] of list.entries()) {
      try {
        operatorOf(validatorAddress);
      } catch (error) {
        throw new Error(`distribution.${name}[${index}].validator_address: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }
  for (const [index, { validatorSlashEvent }] of state.validatorSlashEvents.entries()) {
    const fraction = decFromWire(validatorSlashEvent?.fraction ?? '', `distribution.validator_slash_events[${index}]`);
    if (fraction < 0n || fraction > decOne)
      throw new Error(`distribution.validator_slash_events[${index}].fraction: ${fraction}; expected 0 to ${decOne}`);
  }
  return state;
}

/** @throws Error when the account holds another sum than the books say */
export function initGenesis(ctx: Context, k: DistributionKeeper, state: GenesisState): void {
  k.setParams(ctx, state.params!);
  let sum = coinsFromProto(state.feePool?.communityPool ?? [], 'distribution.fee_pool.community_pool');
  k.setCommunityPool(ctx, sum);
  for (const { delegatorAddress, withdrawAddress } of state.delegatorWithdrawInfos)
    k.setWithdrawAddress(ctx, fromBech32(delegatorAddress), fromBech32(withdrawAddress));
  for (const [index, { validatorAddress, outstandingRewards }] of state.outstandingRewards.entries()) {
    const coins = coinsFromProto(outstandingRewards, `distribution.outstanding_rewards[${index}]`);
    k.setOutstanding(ctx, operatorOf(validatorAddress), coins);
    sum = addCoins(sum, coins);
  }
  for (const [index, { validatorAddress, accumulated }] of state.validatorAccumulatedCommissions.entries()) {
    const field = `distribution.validator_accumulated_commissions[${index}]`;
    k.setCommission(ctx, operatorOf(validatorAddress), coinsFromProto(accumulated?.commission ?? [], field));
  }
  for (const [index, { validatorAddress, period, rewards }] of state.validatorHistoricalRewards.entries()) {
    const field = `distribution.validator_historical_rewards[${index}]`;
    k.setHistorical(ctx, operatorOf(validatorAddress), period, {
      ratio: coinsFromProto(rewards?.cumulativeRewardRatio ?? [], field),
      references: rewards?.referenceCount ?? 0,
    });
  }
  for (const [index, { validatorAddress, rewards }] of state.validatorCurrentRewards.entries()) {
    const field = `distribution.validator_current_rewards[${index}]`;
    k.setCurrent(ctx, operatorOf(validatorAddress), {
      rewards: coinsFromProto(rewards?.rewards ?? [], field),
      period: rewards?.period ?? 1n,
    });
  }
  for (const [index, { delegatorAddress, validatorAddress, startingInfo }] of state.delegatorStartingInfos.entries()) {
    const { previousPeriod = 0n, stake = '0', height = 0n } = startingInfo ?? {};
    k.setStarting(ctx, operatorOf(validatorAddress), fromBech32(delegatorAddress), {
      previousPeriod,
      stake: decFromWire(stake, `distribution.delegator_starting_infos[${index}].stake`),
      height,
    });
  }
  for (const { validatorAddress, height, period, validatorSlashEvent } of state.validatorSlashEvents) {
    const fraction = decFromWire(validatorSlashEvent!.fraction, 'fraction');
    k.addSlash(ctx, operatorOf(validatorAddress), { height, period, fraction });
  }
  const held = coinsOf(
    [...k.bank.balancesOf(ctx, moduleAddress(moduleName))].map(([[, denom], amount]) => [denom, amount] as const),
  );
  const text = (coins: typeof held): string => coins.map(([denom, amount]) => `${decToText(amount)}${denom}`).join(',');
  if (text(sum) !== text(held))
    throw new Error(`distribution: the books sum to ${text(sum) || '0'}, the account holds ${text(held) || '0'}`);
}

export function exportGenesis(ctx: Context, k: DistributionKeeper): GenesisState {
  return {
    params: k.params(ctx),
    feePool: { communityPool: coinsToProto(k.communityPool(ctx)) },
    delegatorWithdrawInfos: [...k.withdrawAddresses(ctx)].map(([delegator, address]) => ({
      delegatorAddress: toBech32(delegator),
      withdrawAddress: toBech32(address),
    })),
    previousProposer: '',
    outstandingRewards: [...k.allOutstanding(ctx)].map(([operator, coins]) => ({
      validatorAddress: operatorText(operator),
      outstandingRewards: coinsToProto(coins),
    })),
    validatorAccumulatedCommissions: [...k.commissions(ctx)].map(([operator, coins]) => ({
      validatorAddress: operatorText(operator),
      accumulated: { commission: coinsToProto(coins) },
    })),
    validatorHistoricalRewards: [...k.historicals(ctx)].map(([[operator, period], { ratio, references }]) => ({
      validatorAddress: operatorText(operator),
      period,
      rewards: { cumulativeRewardRatio: coinsToProto(ratio), referenceCount: references },
    })),
    validatorCurrentRewards: [...k.currents(ctx)].map(([operator, { rewards, period }]) => ({
      validatorAddress: operatorText(operator),
      rewards: { rewards: coinsToProto(rewards), period },
    })),
    delegatorStartingInfos: [...k.startings(ctx)].map(([[operator, delegator], starting]) => ({
      validatorAddress: operatorText(operator),
      delegatorAddress: toBech32(delegator),
      startingInfo: {
        previousPeriod: starting.previousPeriod,
        stake: decToWire(starting.stake),
        height: starting.height,
      },
    })),
    validatorSlashEvents: [...k.allSlashes(ctx)].map(([[operator, height, period], validatorSlashEvent]) => ({
      validatorAddress: operatorText(operator),
      height,
      period,
      validatorSlashEvent,
    })),
  };
}
