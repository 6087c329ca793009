import type { Context } from '../../runtime/baseapp/context.js';
import { decMin, decMulTruncate, decOfInt, decOne, decSub, type Dec } from '../../runtime/baseapp/dec.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { operatorPrefix, toBech32 } from '../../runtime/crypto/address.js';
import {
  addCoins,
  coinsOf,
  coinsText,
  minCoins,
  mulCoins,
  mulCoinsTruncate,
  noCoins,
  quoCoinsTruncate,
  subCoins,
  truncateCoins,
  type Coins,
  type DecCoins,
} from './dec-coins.js';
import { errors } from './errors.js';
import type { StakedValidator } from './expected_keepers.js';
import { moduleName, type DistributionKeeper, type Starting } from './keeper.js';

/**
 * Rewards without a loop over delegators (the F1 scheme of the Cosmos SDK). A
 * validator's time is cut into periods: a period ends when anybody's stake
 * with it changes. Of each period the rewards for one unit of stake are added
 * to a running sum, so a delegation has earned its stake times the difference
 * of two sums. A slash ends a period too and shrinks stakes from there on.
 */

/** A validator's first period. */
export function openBooks(ctx: Context, k: DistributionKeeper, operator: Uint8Array): void {
  k.setHistorical(ctx, operator, 0n, { ratio: noCoins, references: 1 });
  k.setCurrent(ctx, operator, { rewards: noCoins, period: 1n });
  k.setCommission(ctx, operator, noCoins);
  k.setOutstanding(ctx, operator, noCoins);
}

/** Ends the running period. @returns the period that ended */
export function endPeriod(ctx: Context, k: DistributionKeeper, { operator, tokens }: StakedValidator): bigint {
  const { rewards, period } = requireCurrent(ctx, k, operator);
  let ratio = noCoins;
  if (tokens > 0n) ratio = quoCoinsTruncate(rewards, decOfInt(tokens));
  else {
    // Nobody has stake that could have earned it.
    k.addToPool(ctx, rewards);
    k.setOutstanding(ctx, operator, subCoins(k.outstanding(ctx, operator), rewards));
  }
  const before = k.historical(ctx, operator, period - 1n).ratio;
  k.refer(ctx, operator, period - 1n, -1);
  k.setHistorical(ctx, operator, period, { ratio: addCoins(before, ratio), references: 1 });
  k.setCurrent(ctx, operator, { rewards: noCoins, period: period + 1n });
  return period;
}

/** A delegation earns from the end of the last period on. */
export function startDelegation(
  ctx: Context,
  k: DistributionKeeper,
  operator: Uint8Array,
  delegator: Uint8Array,
): void {
  const previousPeriod = requireCurrent(ctx, k, operator).period - 1n;
  k.refer(ctx, operator, previousPeriod, 1);
  const validator = requireValidator(ctx, k, operator);
  const { shares } = k.staking.delegation(ctx, delegator, operator)!;
  const stake = k.staking.tokensOf(validator, shares);
  k.setStarting(ctx, operator, delegator, { previousPeriod, stake, height: ctx.block.height });
}

/** What a delegation has earned up to the end of a period. O(slashes since it started). */
export function earned(
  ctx: Context,
  k: DistributionKeeper,
  validator: StakedValidator,
  delegator: Uint8Array,
  starting: Starting,
  endingPeriod: bigint,
): DecCoins {
  // Of this block nothing is distributed yet.
  if (starting.height === ctx.block.height) return noCoins;
  const { operator } = validator;
  const between = (from: bigint, to: bigint, stake: Dec): DecCoins =>
    mulCoinsTruncate(subCoins(k.historical(ctx, operator, to).ratio, k.historical(ctx, operator, from).ratio), stake);
  let { stake, previousPeriod: from } = starting;
  let rewards = noCoins;
  for (const { period, fraction } of k.slashes(ctx, operator, starting.height)) {
    if (period <= from) continue;
    rewards = addCoins(rewards, between(from, period, stake));
    stake = decMulTruncate(stake, decSub(decOne, fraction));
    from = period;
  }
  // Roundings of slashes must not let stake earn that is not there.
  const shares = k.staking.delegation(ctx, delegator, operator)!.shares;
  stake = decMin(stake, k.staking.tokensOf(validator, shares));
  return addCoins(rewards, between(from, endingPeriod, stake));
}

/**
 * Pays out what a delegation has earned; it earns nothing more until it starts anew.
 * @throws AppError distribution/5 when it never started
 */
export function withdraw(ctx: Context, k: DistributionKeeper, operator: Uint8Array, delegator: Uint8Array): Coins {
  const starting = k.starting(ctx, operator, delegator);
  if (starting === undefined)
    throw errors.noDelegation(`${toBech32(delegator)} with ${toBech32(operator, operatorPrefix)}`);
  const validator = requireValidator(ctx, k, operator);
  const ended = endPeriod(ctx, k, validator);
  const outstanding = k.outstanding(ctx, operator);
  const rewards = minCoins(earned(ctx, k, validator, delegator, starting, ended), outstanding);
  const { whole, rest } = truncateCoins(rewards);
  pay(ctx, k, delegator, whole);
  k.setOutstanding(ctx, operator, subCoins(outstanding, rewards));
  k.addToPool(ctx, rest);
  k.refer(ctx, operator, starting.previousPeriod, -1);
  k.setStarting(ctx, operator, delegator, undefined);
  ctx.events.emit('withdraw_rewards', [
    ['amount', coinsText(whole)],
    ['validator', toBech32(operator, operatorPrefix)],
    ['delegator', toBech32(delegator)],
  ]);
  return whole;
}

/** Pays out an operator's commission. @throws AppError distribution/7 when it is less than one unit */
export function withdrawCommission(ctx: Context, k: DistributionKeeper, operator: Uint8Array): Coins {
  const { whole, rest } = truncateCoins(k.commission(ctx, operator));
  if (whole.length === 0) throw errors.noCommission(toBech32(operator, operatorPrefix));
  k.setCommission(ctx, operator, rest);
  k.setOutstanding(ctx, operator, subCoins(k.outstanding(ctx, operator), coinsOf(whole)));
  pay(ctx, k, operator, whole);
  ctx.events.emit('withdraw_commission', [['amount', coinsText(whole)]]);
  return whole;
}

function pay(ctx: Context, k: DistributionKeeper, delegator: Uint8Array, coins: Coins): void {
  const to = k.withdrawAddress(ctx, delegator);
  for (const [denom, amount] of coins) k.bank.sendFromModule(ctx, moduleName, to, denom, amount);
}

/** Books a validator's part of a block's rewards: commission first, the rest for all its stake. */
export function reward(ctx: Context, k: DistributionKeeper, validator: StakedValidator, coins: DecCoins): void {
  if (coins.length === 0) return;
  const { operator, commission } = validator;
  const kept = mulCoins(coins, commission.rate);
  const current = requireCurrent(ctx, k, operator);
  k.setCommission(ctx, operator, addCoins(k.commission(ctx, operator), kept));
  k.setCurrent(ctx, operator, { ...current, rewards: addCoins(current.rewards, subCoins(coins, kept)) });
  k.setOutstanding(ctx, operator, addCoins(k.outstanding(ctx, operator), coins));
}

/** Remembers a slash for the stakes that rewards are computed with. Called before tokens are taken. */
export function bookSlash(ctx: Context, k: DistributionKeeper, operator: Uint8Array, fraction: Dec): void {
  const period = endPeriod(ctx, k, requireValidator(ctx, k, operator));
  k.refer(ctx, operator, period, 1);
  k.addSlash(ctx, operator, { height: ctx.block.height, period, fraction });
}

/** A validator is gone, with all its delegations: its commission is paid, and what is left belongs to everybody. */
export function closeBooks(ctx: Context, k: DistributionKeeper, operator: Uint8Array): void {
  const { whole } = truncateCoins(k.commission(ctx, operator));
  pay(ctx, k, operator, whole);
  k.addToPool(ctx, subCoins(k.outstanding(ctx, operator), coinsOf(whole)));
  k.forget(ctx, operator);
}

function requireCurrent(ctx: Context, k: DistributionKeeper, operator: Uint8Array) {
  const current = k.current(ctx, operator);
  if (current === undefined)
    throw new FatalError(`validator ${toBech32(operator, operatorPrefix)} has no reward period`);
  return current;
}

function requireValidator(ctx: Context, k: DistributionKeeper, operator: Uint8Array): StakedValidator {
  const validator = k.staking.validator(ctx, operator);
  if (validator === undefined) throw errors.noValidator(toBech32(operator, operatorPrefix));
  return validator;
}
