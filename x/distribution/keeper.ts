import {
  DelegatorStartingInfo,
  FeePool,
  Params,
  ValidatorAccumulatedCommission,
  ValidatorCurrentRewards,
  ValidatorHistoricalRewards,
  ValidatorOutstandingRewards,
  ValidatorSlashEvent,
} from '../../gen/cosmos/distribution/v1beta1/distribution.js';
import { decFromWire, decToWire, type Dec } from '../../runtime/baseapp/dec.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { rawBytes, viewCodec } from '../../runtime/store/codecs.js';
import { Collection, Item, protoCodec, type Stores } from '../../runtime/store/collection.js';
import { bytes as bytesKey, keyBytes, readU64, u64 } from '../../runtime/store/key.js';
import type { Key, KVStore } from '../../runtime/store/types.js';
import { addCoins, coinsFromProto, coinsToProto, noCoins, type DecCoins } from './dec-coins.js';
import type { BankKeeper, RewardWeight, StakingKeeper, ValsetKeeper } from './expected_keepers.js';

export const storeName = 'distribution';
/** Module account that holds exactly what is not withdrawn, and the community pool. */
export const moduleName = 'distribution';

/** Sum of rewards for one unit of stake up to the end of a period, and how many may still read it. */
export interface Historical {
  readonly ratio: DecCoins;
  readonly references: number;
}

/** Rewards of the running period. */
export interface Current {
  readonly rewards: DecCoins;
  readonly period: bigint;
}

/** Where a delegation's rewards are counted from. */
export interface Starting {
  readonly previousPeriod: bigint;
  readonly stake: Dec;
  readonly height: bigint;
}

/** A slash: ends a period, and shrinks stake by a fraction. */
export interface Slashed {
  readonly height: bigint;
  readonly period: bigint;
  readonly fraction: Dec;
}

const size = 20;
const one = { encode: bytesKey, decode: keyBytes };
const outstandingCodec = viewCodec<ValidatorOutstandingRewards, DecCoins>(
  ValidatorOutstandingRewards,
  (coins) => ({ rewards: coinsToProto(coins) }),
  ({ rewards }) => coinsFromProto(rewards, 'rewards'),
);

const params = new Item(storeName, 1, protoCodec<Params>(Params));
const pool = new Item<DecCoins>(
  storeName,
  2,
  viewCodec(
    FeePool,
    (coins) => ({ communityPool: coinsToProto(coins) }),
    ({ communityPool }) => coinsFromProto(communityPool, 'community_pool'),
  ),
);
const withdrawAddresses = new Collection<Uint8Array, Uint8Array>(storeName, 3, one, rawBytes);
const outstanding = new Collection<Uint8Array, DecCoins>(storeName, 4, one, outstandingCodec);
const commissions = new Collection<Uint8Array, DecCoins>(
  storeName,
  5,
  one,
  viewCodec(
    ValidatorAccumulatedCommission,
    (coins) => ({ commission: coinsToProto(coins) }),
    ({ commission }) => coinsFromProto(commission, 'commission'),
  ),
);
const historicals = new Collection<readonly [Uint8Array, bigint], Historical>(
  storeName,
  6,
  {
    encode: ([operator, period]) => bytesKey(operator) + u64(period),
    decode: (key) => [keyBytes(key.slice(0, size)), readU64(key, size)],
  },
  viewCodec(
    ValidatorHistoricalRewards,
    ({ ratio, references }) => ({ cumulativeRewardRatio: coinsToProto(ratio), referenceCount: references }),
    ({ cumulativeRewardRatio, referenceCount }) => ({
      ratio: coinsFromProto(cumulativeRewardRatio, 'cumulative_reward_ratio'),
      references: referenceCount,
    }),
  ),
);
const currents = new Collection<Uint8Array, Current>(
  storeName,
  7,
  one,
  viewCodec(
    ValidatorCurrentRewards,
    ({ rewards, period }) => ({ rewards: coinsToProto(rewards), period }),
    ({ rewards, period }) => ({ rewards: coinsFromProto(rewards, 'rewards'), period }),
  ),
);
/** (validator, delegator). */
const startings = new Collection<readonly [Uint8Array, Uint8Array], Starting>(
  storeName,
  8,
  {
    encode: ([operator, delegator]) => bytesKey(operator) + bytesKey(delegator),
    decode: (key) => [keyBytes(key.slice(0, size)), keyBytes(key.slice(size))],
  },
  viewCodec(
    DelegatorStartingInfo,
    ({ previousPeriod, stake, height }) => ({ previousPeriod, stake: decToWire(stake), height }),
    ({ previousPeriod, stake, height }) => ({ previousPeriod, stake: decFromWire(stake, 'stake'), height }),
  ),
);
const slashKey = {
  encode: ([operator, height, period]: readonly [Uint8Array, bigint, bigint]): Key =>
    bytesKey(operator) + u64(height) + u64(period),
  decode: (key: Key): readonly [Uint8Array, bigint, bigint] => [
    keyBytes(key.slice(0, size)),
    readU64(key, size),
    readU64(key, size + 8),
  ],
};
const slashes = new Collection<readonly [Uint8Array, bigint, bigint], ValidatorSlashEvent>(
  storeName,
  9,
  slashKey,
  protoCodec<ValidatorSlashEvent>(ValidatorSlashEvent),
);

/** The only code that touches distribution's store; what the entries mean is in the files beside it. */
export class DistributionKeeper {
  readonly #weights: RewardWeight[] = [];

  constructor(
    readonly bank: BankKeeper,
    readonly staking: StakingKeeper,
    readonly valset: ValsetKeeper,
  ) {}

  /** Lets another module scale validators' parts; several multiply. */
  addRewardWeight(weight: RewardWeight): void {
    this.#weights.push(weight);
  }

  /** What remains of a validator's part, in millionths, rounded down. */
  weightOf(ctx: Context, consAddress: Uint8Array): bigint {
    let weight = 1_000_000n;
    for (const each of this.#weights) {
      const factor = each.rewardWeight(ctx, consAddress);
      if (factor < 0n || factor > 1_000_000n) throw new FatalError(`reward weight ${factor}: expected 0 to 1000000`);
      weight = (weight * factor) / 1_000_000n;
    }
    return weight;
  }

  params(from: Stores): Params {
    const found = params.get(from);
    if (found === undefined) throw new FatalError('distribution has no parameters: genesis did not run');
    return found;
  }

  setParams(to: Stores<KVStore>, value: Params): void {
    params.set(to, value);
  }

  communityPool(from: Stores): DecCoins {
    return pool.get(from) ?? noCoins;
  }

  setCommunityPool(to: Stores<KVStore>, coins: DecCoins): void {
    pool.set(to, coins);
  }

  /** Gives coins that the module's account holds to everybody. */
  addToPool(to: Stores<KVStore>, coins: DecCoins): void {
    if (coins.length > 0) this.setCommunityPool(to, addCoins(this.communityPool(to), coins));
  }

  /** Where a delegator's rewards go; its own account unless it named another. */
  withdrawAddress(from: Stores, delegator: Uint8Array): Uint8Array {
    return withdrawAddresses.get(from, delegator) ?? delegator;
  }

  withdrawAddresses(from: Stores): Iterable<readonly [delegator: Uint8Array, address: Uint8Array]> {
    return withdrawAddresses.entries(from);
  }

  setWithdrawAddress(to: Stores<KVStore>, delegator: Uint8Array, address: Uint8Array): void {
    if (Buffer.compare(delegator, address) === 0) withdrawAddresses.delete(to, delegator);
    else withdrawAddresses.set(to, delegator, address);
  }

  /** All that a validator and its delegators have not withdrawn. */
  outstanding(from: Stores, operator: Uint8Array): DecCoins {
    return outstanding.get(from, operator) ?? noCoins;
  }

  allOutstanding(from: Stores): Iterable<readonly [Uint8Array, DecCoins]> {
    return outstanding.entries(from);
  }

  setOutstanding(to: Stores<KVStore>, operator: Uint8Array, coins: DecCoins): void {
    outstanding.set(to, operator, coins);
  }

  commission(from: Stores, operator: Uint8Array): DecCoins {
    return commissions.get(from, operator) ?? noCoins;
  }

  commissions(from: Stores): Iterable<readonly [Uint8Array, DecCoins]> {
    return commissions.entries(from);
  }

  setCommission(to: Stores<KVStore>, operator: Uint8Array, coins: DecCoins): void {
    commissions.set(to, operator, coins);
  }

  historical(from: Stores, operator: Uint8Array, period: bigint): Historical {
    const found = historicals.get(from, [operator, period]);
    if (found === undefined)
      throw new FatalError(`rewards of period ${period} were forgotten while something read them`);
    return found;
  }

  historicals(from: Stores): Iterable<readonly [readonly [Uint8Array, bigint], Historical]> {
    return historicals.entries(from);
  }

  setHistorical(to: Stores<KVStore>, operator: Uint8Array, period: bigint, value: Historical): void {
    if (value.references === 0) historicals.delete(to, [operator, period]);
    else historicals.set(to, [operator, period], value);
  }

  /** One reader more or less; without any it is forgotten. */
  refer(to: Stores<KVStore>, operator: Uint8Array, period: bigint, change: 1 | -1): void {
    const found = this.historical(to, operator, period);
    this.setHistorical(to, operator, period, { ...found, references: found.references + change });
  }

  current(from: Stores, operator: Uint8Array): Current | undefined {
    return currents.get(from, operator);
  }

  currents(from: Stores): Iterable<readonly [Uint8Array, Current]> {
    return currents.entries(from);
  }

  setCurrent(to: Stores<KVStore>, operator: Uint8Array, value: Current): void {
    currents.set(to, operator, value);
  }

  starting(from: Stores, operator: Uint8Array, delegator: Uint8Array): Starting | undefined {
    return startings.get(from, [operator, delegator]);
  }

  startings(from: Stores): Iterable<readonly [readonly [operator: Uint8Array, delegator: Uint8Array], Starting]> {
    return startings.entries(from);
  }

  setStarting(to: Stores<KVStore>, operator: Uint8Array, delegator: Uint8Array, value: Starting | undefined): void {
    if (value === undefined) startings.delete(to, [operator, delegator]);
    else startings.set(to, [operator, delegator], value);
  }

  /** Slashes of a validator from a height on, in order. */
  *slashes(from: Stores, operator: Uint8Array, startHeight = 0n): Iterable<Slashed> {
    const under = bytesKey(operator);
    for (const [[, height, period], { fraction }] of slashes.entries(from, under, {
      start: under + u64(startHeight),
    })) {
      yield { height, period, fraction: decFromWire(fraction, 'fraction') };
    }
  }

  allSlashes(from: Stores): Iterable<readonly [readonly [Uint8Array, bigint, bigint], ValidatorSlashEvent]> {
    return slashes.entries(from);
  }

  addSlash(to: Stores<KVStore>, operator: Uint8Array, { height, period, fraction }: Slashed): void {
    slashes.set(to, [operator, height, period], { validatorPeriod: period, fraction: decToWire(fraction) });
  }

  /** Forgets a validator that is gone. O(its slashes and periods that are still read). */
  forget(to: Stores<KVStore>, operator: Uint8Array): void {
    const under = bytesKey(operator);
    outstanding.delete(to, operator);
    commissions.delete(to, operator);
    currents.delete(to, operator);
    for (const [key] of [...slashes.entries(to, under)]) slashes.delete(to, key);
    for (const [key] of [...historicals.entries(to, under)]) historicals.delete(to, key);
  }
}
