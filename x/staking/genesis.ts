import { GenesisState } from '../../gen/cosmos/staking/v1beta1/genesis.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { operatorPrefix, fromBech32 } from '../../runtime/crypto/address.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import {
  bondedPool,
  delegationFromProto,
  delegationToProto,
  notBondedPool,
  queues,
  type StakingKeeper,
} from './keeper.js';
import { defaultParams, validateParams } from './params.js';

import {
  consensusAddressOf,
  isBonded,
  isUnbonding,
  operatorText,
  redelegationFromProto,
  redelegationToProto,
  unbondingFromProto,
  unbondingToProto,
  validatorFromProto,
  validatorToProto,
  type Delegation,
  type Redelegation,
  type Unbonding,
  type Validator,
} from './types.js';

const typeName = 'cosmos.staking.v1beta1.GenesisState';

/** A genesis section with its values read and compared with each other. */
interface Read {
  readonly proto: GenesisState;
  readonly validators: readonly Validator[];
  readonly delegations: readonly Delegation[];
  readonly unbondings: readonly Unbonding[];
  readonly redelegations: readonly Redelegation[];
  readonly lastPowers: readonly (readonly [Uint8Array, bigint])[];
}

export const toJson = (registry: ProtoRegistry, state: GenesisState): JsonValue =>
  registry.toJson(typeName, GenesisState.encode(state).finish());

export function defaultGenesis(registry: ProtoRegistry): JsonValue {
  return toJson(
    registry,
    GenesisState.fromPartial({ params: defaultParams, lastTotalPower: Buffer.from('0', 'ascii') }),
  );
}

/** @throws Error naming the field at fault */
export function read(registry: ProtoRegistry, json: unknown): Read {
  const proto = GenesisState.decode(registry.fromJson(typeName, json as JsonValue));
  if (proto.params === undefined) throw new Error('staking.params: missing');
  validateParams(proto.params);
  const state: Read = {
    proto,
    validators: each('validators', proto.validators, validatorFromProto),
    delegations: each('delegations', proto.delegations, delegationFromProto),
    unbondings: each('unbonding_delegations', proto.unbondingDelegations, unbondingFromProto),
    redelegations: each('redelegations', proto.redelegations, redelegationFromProto),
    lastPowers: each('last_validator_powers', proto.lastValidatorPowers, ({ address, power }) => {
      if (power <= 0n) throw new Error(`power: ${power} is not positive`);
      return [fromBech32(address, operatorPrefix), power] as const;
    }),
  };
  checkBooks(state);
  return state;
}

function each<P, V>(name: string, list: readonly P[], map: (item: P) => V): V[] {
  return list.map((item, index) => {
    try {
      return map(item);
    } catch (error) {
      throw new Error(`staking.${name}[${index}].${(error as Error).message}`, { cause: error });
    }
  });
}

/** Every share belongs to somebody, and nobody is listed twice. */
function checkBooks({ validators, delegations }: Read): void {
  const shares = new Map<string, bigint>();
  const keys = new Set<string>();
  for (const [index, validator] of validators.entries()) {
    const operator = operatorText(validator.operator);
    if (shares.has(operator))
      throw new Error(`staking.validators[${index}].operator_address: ${operator} is listed twice`);
    shares.set(operator, 0n);
    const key = Buffer.from(validator.pubKey).toString('base64');
    if (keys.has(key)) throw new Error(`staking.validators[${index}].consensus_pubkey: ${key} is listed twice`);
    keys.add(key);
    if (validator.jailed && isBonded(validator))
      throw new Error(`staking.validators[${index}].jailed: a bonded validator cannot be jailed`);
  }
  const pairs = new Set<string>();
  for (const [index, { delegator, validator, shares: own }] of delegations.entries()) {
    const operator = operatorText(validator);
    const sum = shares.get(operator);
    if (sum === undefined) throw new Error(`staking.delegations[${index}].validator_address: no validator ${operator}`);
    if (own <= 0n) throw new Error(`staking.delegations[${index}].shares: ${own} is not positive`);
    const pair = `${Buffer.from(delegator).toString('hex')}/${operator}`;
    if (pairs.has(pair)) throw new Error(`staking.delegations[${index}]: is listed twice`);
    pairs.add(pair);
    shares.set(operator, sum + own);
  }
  for (const [index, { operator, shares: all }] of validators.entries()) {
    const sum = shares.get(operatorText(operator))!;
    if (sum !== all)
      throw new Error(`staking.validators[${index}].delegator_shares: ${all}; delegations sum to ${sum}`);
  }
}

/** @throws Error when the pools hold other sums than the books say */
export function initGenesis(ctx: Context, k: StakingKeeper, state: Read): void {
  const { proto, validators, delegations, unbondings, redelegations, lastPowers } = state;
  k.setParams(ctx, proto.params!);
  let bonded = 0n;
  let notBonded = 0n;
  for (const validator of validators) {
    k.setValidator(ctx, validator);
    if (!proto.exported) k.hooks.afterValidatorCreated(ctx, validator.operator);
    if (isUnbonding(validator)) queues.validators.set(ctx, [validator.unbondingTimeMs, validator.operator], true);
    if (isBonded(validator)) {
      bonded += validator.tokens;
      // Of an exported chain, others know it already.
      if (!proto.exported) k.hooks.afterValidatorBonded(ctx, consensusAddressOf(validator), validator.operator);
    } else notBonded += validator.tokens;
  }
  for (const delegation of delegations) {
    const { delegator, validator } = delegation;
    if (!proto.exported) k.hooks.beforeDelegationCreated(ctx, delegator, validator);
    k.setDelegation(ctx, delegation);
    if (!proto.exported) k.hooks.afterDelegationModified(ctx, delegator, validator);
  }
  for (const unbonding of unbondings) {
    k.setUnbonding(ctx, unbonding);
    for (const { completionMs, balance } of unbonding.entries) {
      queues.unbondings.set(ctx, [completionMs, [unbonding.delegator, unbonding.validator]], true);
      notBonded += balance;
    }
  }
  for (const redelegation of redelegations) {
    const { delegator, source, destination, entries } = redelegation;
    k.setRedelegation(ctx, redelegation);
    for (const { completionMs } of entries)
      queues.redelegations.set(ctx, [completionMs, [delegator, source, destination]], true);
  }
  if (proto.exported) {
    for (const [operator, power] of lastPowers) {
      k.setLastPower(ctx, operator, power);
      // What the engine was last told is what it must hear again.
      if (k.valset.isByStake(ctx)) k.valset.schedule(ctx, k.validator(ctx, operator)!.pubKey, power);
    }
  }
  for (const [pool, sum, held] of [
    [bondedPool, bonded, k.bondedTokens(ctx)],
    [notBondedPool, notBonded, k.notBondedTokens(ctx)],
  ] as const) {
    if (sum !== held)
      throw new Error(`staking: the books put ${sum} into ${pool}, its account holds ${held}${k.bondDenom(ctx)}`);
  }
}

export function exportGenesis(ctx: Context, k: StakingKeeper): GenesisState {
  const powers = [...k.lastPowers(ctx)];
  return {
    params: k.params(ctx),
    lastTotalPower: Buffer.from(powers.reduce((sum, [, power]) => sum + power, 0n).toString(), 'ascii'),
    lastValidatorPowers: powers.map(([operator, power]) => ({ address: operatorText(operator), power })),
    validators: [...k.validators(ctx)].map(validatorToProto),
    delegations: [...k.delegations(ctx)].map(delegationToProto),
    unbondingDelegations: [...k.unbondings(ctx)].map(unbondingToProto),
    redelegations: [...k.redelegations(ctx)].map(redelegationToProto),
    exported: true,
  };
}
