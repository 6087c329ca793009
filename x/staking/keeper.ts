import {
  Delegation as DelegationProto,
  Params,
  Redelegation as RedelegationProto,
  UnbondingDelegation as UnbondingProto,
  Validator as ValidatorProto,
} from '../../gen/cosmos/staking/v1beta1/staking.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { decFromWire, decToWire } from '../../runtime/baseapp/dec.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { msOfProtoTime } from '../../runtime/baseapp/time.js';
import { fromBech32, operatorPrefix, toBech32 } from '../../runtime/crypto/address.js';
import { marker, rawBytes, unsigned64, viewCodec } from '../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { bytes as bytesKey, keyBytes, readU64, u64, u64Descending } from '../../runtime/store/key.js';
import type { Key, KVStore } from '../../runtime/store/types.js';
import type { BankKeeper, ValsetKeeper } from './expected_keepers.js';
import type { StakingHooks } from './hooks.js';
import { powerOfTokens } from './shares.js';
import {
  consensusAddressOf,
  isBonded,
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

export const storeName = 'staking';
/** Module account of the tokens of validators that vote. */
export const bondedPool = 'bonded_tokens_pool';
/** Module account of all other tokens: of validators that do not vote, and on their way out. */
export const notBondedPool = 'not_bonded_tokens_pool';

const size = 20;
const part = (key: Key, index: number): Uint8Array => keyBytes(key.slice(index * size, (index + 1) * size));

const one = { encode: bytesKey, decode: keyBytes };
type Pair = readonly [Uint8Array, Uint8Array];
const pair = {
  encode: ([a, b]: Pair): Key => bytesKey(a) + bytesKey(b),
  decode: (key: Key): Pair => [part(key, 0), part(key, 1)],
};
type Triple = readonly [Uint8Array, Uint8Array, Uint8Array];
const triple = {
  encode: ([a, b, c]: Triple): Key => bytesKey(a) + bytesKey(b) + bytesKey(c),
  decode: (key: Key): Triple => [part(key, 0), part(key, 1), part(key, 2)],
};
/** Position in a queue: milliseconds, then who. */
const timed = <T>(inner: { encode(value: T): Key; decode(key: Key): T }) => ({
  encode: ([ms, value]: readonly [bigint, T]): Key => u64(ms) + inner.encode(value),
  decode: (key: Key): readonly [bigint, T] => [readU64(key, 0), inner.decode(key.slice(8))],
});

export const delegationToProto = ({ delegator, validator, shares }: Delegation): DelegationProto => ({
  delegatorAddress: toBech32(delegator),
  validatorAddress: operatorText(validator),
  shares: decToWire(shares),
});
export const delegationFromProto = (proto: DelegationProto): Delegation => ({
  delegator: fromBech32(proto.delegatorAddress),
  validator: fromBech32(proto.validatorAddress, operatorPrefix),
  shares: decFromWire(proto.shares, 'shares'),
});

const params = new Item(storeName, 1, protoCodec<Params>(Params));
const validators = new Collection<Uint8Array, Validator>(
  storeName,
  2,
  one,
  viewCodec(ValidatorProto, validatorToProto, validatorFromProto),
);
const byConsensus = new Collection<Uint8Array, Uint8Array>(storeName, 3, one, rawBytes);
/** (power, operator), largest power first, then smallest operator: who is in front when places are few. */
const byPower = new Collection<readonly [bigint, Uint8Array], true>(
  storeName,
  4,
  {
    encode: ([power, operator]) => u64Descending(power) + bytesKey(operator),
    decode: (key) => [0n, keyBytes(key.slice(8))],
  },
  marker,
);
/** Power of each validator in the set, as the engine was last told. */
const lastPowers = new Collection<Uint8Array, bigint>(storeName, 5, one, unsigned64);
const delegations = new Collection<Pair, Delegation>(
  storeName,
  6,
  pair,
  viewCodec(DelegationProto, delegationToProto, delegationFromProto),
);
const delegationsByValidator = new Collection<Pair, true>(storeName, 7, pair, marker);
const unbondings = new Collection<Pair, Unbonding>(
  storeName,
  8,
  pair,
  viewCodec(UnbondingProto, unbondingToProto, unbondingFromProto),
);
const unbondingsByValidator = new Collection<Pair, true>(storeName, 9, pair, marker);
const redelegations = new Collection<Triple, Redelegation>(
  storeName,
  10,
  triple,
  viewCodec(RedelegationProto, redelegationToProto, redelegationFromProto),
);
/** (source, delegator, destination). */
const redelegationsBySource = new Collection<Triple, true>(storeName, 11, triple, marker);
/** (destination, delegator, source). */
const redelegationsByDestination = new Collection<Triple, true>(storeName, 12, triple, marker);

/** What completes when its time has come, in order of time. */
export const queues = {
  unbondings: new Collection<readonly [bigint, Pair], true>(storeName, 13, timed(pair), marker),
  redelegations: new Collection<readonly [bigint, Triple], true>(storeName, 14, timed(triple), marker),
  validators: new Collection<readonly [bigint, Uint8Array], true>(storeName, 15, timed(one), marker),
} as const;

/** The only code that touches staking's store. What the entries mean is in the files of operations beside it. */
export class StakingKeeper {
  readonly #hooks: Partial<StakingHooks>[] = [];

  constructor(
    readonly bank: BankKeeper,
    readonly valset: ValsetKeeper,
  ) {}

  /** Calls `hooks` after those added before. */
  addHooks(hooks: Partial<StakingHooks>): void {
    this.#hooks.push(hooks);
  }

  get hooks(): StakingHooks {
    const all = this.#hooks;
    return {
      afterValidatorCreated: (...args) => all.forEach((hooks) => hooks.afterValidatorCreated?.(...args)),
      afterValidatorRemoved: (...args) => all.forEach((hooks) => hooks.afterValidatorRemoved?.(...args)),
      afterValidatorBonded: (...args) => all.forEach((hooks) => hooks.afterValidatorBonded?.(...args)),
      beforeValidatorSlashed: (...args) => all.forEach((hooks) => hooks.beforeValidatorSlashed?.(...args)),
      beforeDelegationCreated: (...args) => all.forEach((hooks) => hooks.beforeDelegationCreated?.(...args)),
      beforeDelegationSharesModified: (...args) =>
        all.forEach((hooks) => hooks.beforeDelegationSharesModified?.(...args)),
      afterDelegationModified: (...args) => all.forEach((hooks) => hooks.afterDelegationModified?.(...args)),
    };
  }

  // ---- parameters --------------------------------------------------------

  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('staking has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  bondDenom(from: Stores): string {
    return this.params(from).bondDenom;
  }

  unbondingTimeMs(from: Stores): bigint {
    return msOfProtoTime(this.params(from).unbondingTime);
  }

  // ---- validators --------------------------------------------------------

  validator(from: Stores, operator: Uint8Array): Validator | undefined {
    return validators.get(from, operator);
  }

  validatorByConsensus(from: Stores, consAddress: Uint8Array): Validator | undefined {
    const operator = byConsensus.get(from, consAddress);
    return operator === undefined ? undefined : this.validator(from, operator);
  }

  /** In order of operator address. */
  validators(from: Stores): Iterable<Validator> {
    return validators.values(from);
  }

  /** Writes a validator and keeps the indexes: those that are not jailed and have power wait for a place by power. */
  setValidator(to: Stores<KVStore>, validator: Validator): void {
    const { operator } = validator;
    const before = rank(this.validator(to, operator));
    const after = rank(validator);
    if (before !== after) {
      if (before !== undefined) byPower.delete(to, [before, operator]);
      if (after !== undefined) byPower.set(to, [after, operator], true);
    }
    validators.set(to, operator, validator);
    byConsensus.set(to, consensusAddressOf(validator), operator);
  }

  removeValidator(ctx: Context, validator: Validator): void {
    const { operator } = validator;
    const ranked = rank(validator);
    if (ranked !== undefined) byPower.delete(ctx, [ranked, operator]);
    validators.delete(ctx, operator);
    byConsensus.delete(ctx, consensusAddressOf(validator));
    this.hooks.afterValidatorRemoved(ctx, consensusAddressOf(validator), operator);
  }

  /** Operators of those that may vote, most power first. */
  *candidates(from: Stores): Iterable<Validator> {
    for (const [[, operator]] of byPower.entries(from)) yield this.validator(from, operator)!;
  }

  /** Could stake name a set? What a handover from authority asks. */
  hasPower(from: Stores): boolean {
    for (const _ of this.candidates(from)) return true;
    return false;
  }

  lastPower(from: Stores, operator: Uint8Array): bigint | undefined {
    return lastPowers.get(from, operator);
  }

  /** The set as the engine was last told, in order of operator address. */
  lastPowers(from: Stores): Iterable<readonly [Uint8Array, bigint]> {
    return lastPowers.entries(from);
  }

  setLastPower(to: Stores<KVStore>, operator: Uint8Array, power: bigint | undefined): void {
    if (power === undefined) lastPowers.delete(to, operator);
    else lastPowers.set(to, operator, power);
  }

  // ---- delegations -------------------------------------------------------

  delegation(from: Stores, delegator: Uint8Array, operator: Uint8Array): Delegation | undefined {
    return delegations.get(from, [delegator, operator]);
  }

  /** All, or those of one delegator. */
  *delegations(from: Stores, delegator?: Uint8Array): Iterable<Delegation> {
    yield* delegations.values(from, delegator === undefined ? '' : bytesKey(delegator));
  }

  *delegationsTo(from: Stores, operator: Uint8Array): Iterable<Delegation> {
    for (const [[, delegator]] of delegationsByValidator.entries(from, bytesKey(operator))) {
      yield this.delegation(from, delegator, operator)!;
    }
  }

  setDelegation(to: Stores<KVStore>, delegation: Delegation): void {
    const { delegator, validator } = delegation;
    delegations.set(to, [delegator, validator], delegation);
    delegationsByValidator.set(to, [validator, delegator], true);
  }

  removeDelegation(to: Stores<KVStore>, delegator: Uint8Array, operator: Uint8Array): void {
    delegations.delete(to, [delegator, operator]);
    delegationsByValidator.delete(to, [operator, delegator]);
  }

  // ---- unbonding ---------------------------------------------------------

  unbonding(from: Stores, delegator: Uint8Array, operator: Uint8Array): Unbonding | undefined {
    return unbondings.get(from, [delegator, operator]);
  }

  /** All, or those of one delegator. */
  *unbondings(from: Stores, delegator?: Uint8Array): Iterable<Unbonding> {
    yield* unbondings.values(from, delegator === undefined ? '' : bytesKey(delegator));
  }

  *unbondingsFrom(from: Stores, operator: Uint8Array): Iterable<Unbonding> {
    for (const [[, delegator]] of unbondingsByValidator.entries(from, bytesKey(operator))) {
      yield this.unbonding(from, delegator, operator)!;
    }
  }

  /** Without entries it is removed. */
  setUnbonding(to: Stores<KVStore>, unbonding: Unbonding): void {
    const { delegator, validator, entries } = unbonding;
    if (entries.length === 0) {
      unbondings.delete(to, [delegator, validator]);
      unbondingsByValidator.delete(to, [validator, delegator]);
      return;
    }
    unbondings.set(to, [delegator, validator], unbonding);
    unbondingsByValidator.set(to, [validator, delegator], true);
  }

  // ---- redelegation ------------------------------------------------------

  redelegation(from: Stores, key: Triple): Redelegation | undefined {
    return redelegations.get(from, key);
  }

  /** All, or those of one delegator. */
  *redelegations(from: Stores, delegator?: Uint8Array): Iterable<Redelegation> {
    yield* redelegations.values(from, delegator === undefined ? '' : bytesKey(delegator));
  }

  *redelegationsFrom(from: Stores, source: Uint8Array): Iterable<Redelegation> {
    for (const [[, delegator, destination]] of redelegationsBySource.entries(from, bytesKey(source))) {
      yield this.redelegation(from, [delegator, source, destination])!;
    }
  }

  /** Does stake of this delegator at this validator still answer for another one? */
  isReceiving(from: Stores, delegator: Uint8Array, destination: Uint8Array): boolean {
    for (const _ of redelegationsByDestination.entries(from, bytesKey(destination) + bytesKey(delegator))) return true;
    return false;
  }

  /** Without entries it is removed. */
  setRedelegation(to: Stores<KVStore>, value: Redelegation): void {
    const { delegator, source, destination, entries } = value;
    if (entries.length === 0) {
      redelegations.delete(to, [delegator, source, destination]);
      redelegationsBySource.delete(to, [source, delegator, destination]);
      redelegationsByDestination.delete(to, [destination, delegator, source]);
      return;
    }
    redelegations.set(to, [delegator, source, destination], value);
    redelegationsBySource.set(to, [source, delegator, destination], true);
    redelegationsByDestination.set(to, [destination, delegator, source], true);
  }

  // ---- pools -------------------------------------------------------------

  poolOf(validator: Validator): string {
    return isBonded(validator) ? bondedPool : notBondedPool;
  }

  bondedTokens(from: Stores): bigint {
    return this.bank.moduleBalance(from, bondedPool, this.bondDenom(from));
  }

  notBondedTokens(from: Stores): bigint {
    return this.bank.moduleBalance(from, notBondedPool, this.bondDenom(from));
  }

  movePool(ctx: Context, from: string, to: string, amount: bigint): void {
    if (from !== to && amount > 0n) this.bank.sendBetweenModules(ctx, from, to, this.bondDenom(ctx), amount);
  }

  burn(ctx: Context, pool: string, amount: bigint): void {
    if (amount > 0n) this.bank.burn(ctx, pool, this.bondDenom(ctx), amount);
  }
}

/** Power by which a validator waits for a place; undefined when it may have none. */
function rank(validator: Validator | undefined): bigint | undefined {
  if (validator === undefined || validator.jailed) return undefined;
  const power = powerOfTokens(validator.tokens);
  return power === 0n ? undefined : power;
}
