import { BondStatus } from '../../gen/cosmos/staking/v1beta1/staking.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { decAdd, decSub, decTruncate, decZero, type Dec } from '../../runtime/baseapp/dec.js';
import { FatalError, sdkErrors } from '../../runtime/baseapp/errors.js';
import { toBech32 } from '../../runtime/crypto/address.js';
import { errors } from './errors.js';
import { bondedPool, notBondedPool, queues, type StakingKeeper } from './keeper.js';
import {
  addTokens,
  hasInvalidRate,
  removeShares,
  sharesFromTokens,
  sharesFromTokensTruncated,
  tokensFromShares,
  tokensOfPower,
} from './shares.js';
import { isBonded, isUnbonded, isUnbonding, operatorText, type Delegation, type Validator } from './types.js';
import { jailValidator } from './validator-state.js';

/** Tokens of one validator: far above every supply, and small enough for the engine to add up. */
const maxTokens = tokensOfPower(1n << 58n);

/** Where the tokens of a delegation come from. */
export type TokenSource = 'account' | 'bonded pool' | 'not bonded pool';

export function requireValidator(ctx: Context, k: StakingKeeper, operator: Uint8Array): Validator {
  const validator = k.validator(ctx, operator);
  if (validator === undefined) throw errors.noValidator(`validator_address: ${operatorText(operator)}`);
  return validator;
}

/**
 * Gives tokens to a validator and the shares for them to the delegator.
 * @param amount positive, of the bond denomination
 * @returns shares issued
 * @throws AppError staking/34, sdk/5, sdk/18
 */
export function delegate(
  ctx: Context,
  k: StakingKeeper,
  delegator: Uint8Array,
  operator: Uint8Array,
  amount: bigint,
  source: TokenSource,
): Dec {
  const validator = requireValidator(ctx, k, operator);
  if (hasInvalidRate(validator)) throw errors.exchangeRate(`validator_address: ${operatorText(operator)}`);
  if (validator.tokens + amount > maxTokens) {
    throw sdkErrors.invalidRequest(
      `amount: ${amount}; the validator may have ${maxTokens}, it has ${validator.tokens}`,
    );
  }
  const before = k.delegation(ctx, delegator, operator);
  if (before === undefined) k.hooks.beforeDelegationCreated(ctx, delegator, operator);
  else k.hooks.beforeDelegationSharesModified(ctx, delegator, operator);

  const pool = k.poolOf(validator);
  if (source === 'account') k.bank.sendToModule(ctx, delegator, pool, k.bondDenom(ctx), amount);
  else k.movePool(ctx, source === 'bonded pool' ? bondedPool : notBondedPool, pool, amount);

  const { issued, tokens, shares } = addTokens(validator, amount);
  k.setValidator(ctx, { ...validator, tokens, shares });
  k.setDelegation(ctx, { delegator, validator: operator, shares: decAdd(before?.shares ?? decZero, issued) });
  k.hooks.afterDelegationModified(ctx, delegator, operator);
  return issued;
}

/**
 * Takes shares out of a delegation; the tokens stay in the pool that the validator has now.
 * A validator whose own stake falls below its promise is jailed.
 * @returns tokens that the shares were worth
 * @throws AppError staking/19, staking/24
 */
export function unbond(
  ctx: Context,
  k: StakingKeeper,
  delegator: Uint8Array,
  operator: Uint8Array,
  shares: Dec,
): bigint {
  const found = k.delegation(ctx, delegator, operator);
  if (found === undefined) throw noDelegation(delegator, operator);
  if (found.shares < shares) throw errors.notEnoughShares(`shares: ${shares}; the delegation has ${found.shares}`);
  k.hooks.beforeDelegationSharesModified(ctx, delegator, operator);

  const rest = decSub(found.shares, shares);
  const validator = requireValidator(ctx, k, operator);
  const isSelf = Buffer.compare(delegator, operator) === 0;
  if (isSelf && !validator.jailed && decTruncate(tokensFromShares(validator, rest)) < validator.minSelfDelegation) {
    jailValidator(ctx, k, validator);
  }
  if (rest === 0n) k.removeDelegation(ctx, delegator, operator);
  else {
    k.setDelegation(ctx, { delegator, validator: operator, shares: rest });
    k.hooks.afterDelegationModified(ctx, delegator, operator);
  }
  return takeShares(ctx, k, operator, shares);
}

function takeShares(ctx: Context, k: StakingKeeper, operator: Uint8Array, taken: Dec): bigint {
  const validator = requireValidator(ctx, k, operator);
  const { tokens, shares, returned } = removeShares(validator, taken);
  if (tokens < 0n) throw new FatalError(`validator ${operatorText(operator)} would have ${tokens} tokens`);
  const left = { ...validator, tokens, shares };
  // One that still answers for what it signed is removed when it no longer does.
  if (shares === 0n && isUnbonded(left)) k.removeValidator(ctx, validator);
  else k.setValidator(ctx, left);
  return returned;
}

export function noDelegation(delegator: Uint8Array, operator: Uint8Array): Error {
  return errors.noDelegation(`${toBech32(delegator)} has none with ${operatorText(operator)}`);
}

/**
 * Shares that are worth so many tokens of a delegation; all of them if rounding alone stands between.
 * @throws AppError staking/3, staking/19, sdk/18 when the delegation is worth less
 */
export function sharesForAmount(
  ctx: Context,
  k: StakingKeeper,
  delegator: Uint8Array,
  operator: Uint8Array,
  amount: bigint,
): Dec {
  const validator = requireValidator(ctx, k, operator);
  const found = k.delegation(ctx, delegator, operator);
  if (found === undefined) throw noDelegation(delegator, operator);
  if (validator.tokens === 0n) throw errors.exchangeRate(`validator_address: ${operatorText(operator)}`);
  if (sharesFromTokensTruncated(validator, amount) > found.shares) {
    const worth = decTruncate(tokensFromShares(validator, found.shares));
    throw sdkErrors.invalidRequest(`amount: ${amount}; the delegation is worth ${worth}: invalid shares amount`);
  }
  const shares = sharesFromTokens(validator, amount);
  return shares > found.shares ? found.shares : shares;
}

/**
 * Begins to give stake back.
 * @returns when it is paid out, and how much
 * @throws AppError staking/27 when too many are open
 */
export function undelegate(
  ctx: Context,
  k: StakingKeeper,
  delegator: Uint8Array,
  operator: Uint8Array,
  shares: Dec,
): { readonly completionMs: bigint; readonly amount: bigint } {
  const validator = requireValidator(ctx, k, operator);
  const completionMs = ctx.block.timeMs + k.unbondingTimeMs(ctx);
  const open = k.unbonding(ctx, delegator, operator)?.entries ?? [];
  const last = open.at(-1);
  // What leaves in one block leaves together.
  const isSameBlock = last?.creationHeight === ctx.block.height && last.completionMs === completionMs;
  if (!isSameBlock && open.length >= k.params(ctx).maxEntries)
    throw errors.maxUnbondings(`entries: ${open.length} are open; at most ${k.params(ctx).maxEntries}`);
  const amount = unbond(ctx, k, delegator, operator, shares);
  if (isBonded(validator)) k.movePool(ctx, bondedPool, notBondedPool, amount);
  const entry = isSameBlock
    ? { ...last, initialBalance: last.initialBalance + amount, balance: last.balance + amount }
    : { creationHeight: ctx.block.height, completionMs, initialBalance: amount, balance: amount };
  const entries = isSameBlock ? [...open.slice(0, -1), entry] : [...open, entry];
  k.setUnbonding(ctx, { delegator, validator: operator, entries });
  queues.unbondings.set(ctx, [completionMs, [delegator, operator]], true);
  return { completionMs, amount };
}

/**
 * Moves stake to another validator at once; it goes on to answer for what the
 * first one signed, until the time that unbonding would have taken.
 * @throws AppError staking/29 to staking/33
 */
export function redelegate(
  ctx: Context,
  k: StakingKeeper,
  delegator: Uint8Array,
  source: Uint8Array,
  destination: Uint8Array,
  shares: Dec,
): { readonly completionMs: bigint; readonly amount: bigint } {
  if (Buffer.compare(source, destination) === 0)
    throw errors.selfRedelegation(`validator_dst_address: ${operatorText(destination)}`);
  if (k.validator(ctx, destination) === undefined)
    throw errors.badRedelegationDst(`validator_dst_address: ${operatorText(destination)}`);
  const from = requireValidator(ctx, k, source);
  // Otherwise hopping on would shake off what the stake answers for.
  if (k.isReceiving(ctx, delegator, source))
    throw errors.transitiveRedelegation(`validator_src_address: ${operatorText(source)}`);
  const open = k.redelegation(ctx, [delegator, source, destination])?.entries ?? [];
  if (open.length >= k.params(ctx).maxEntries)
    throw errors.maxRedelegations(`entries: ${open.length} are open; at most ${k.params(ctx).maxEntries}`);

  const amount = unbond(ctx, k, delegator, source, shares);
  if (amount === 0n) throw errors.tinyRedelegation(`amount: the shares are worth less than one unit`);
  const pool: TokenSource = from.status === BondStatus.BOND_STATUS_BONDED ? 'bonded pool' : 'not bonded pool';
  const sharesDst = delegate(ctx, k, delegator, destination, amount, pool);
  // An unbonded validator answers for nothing any more.
  if (isUnbonded(from)) return { completionMs: ctx.block.timeMs, amount };
  const leaving = isUnbonding(from);
  const completionMs = leaving ? from.unbondingTimeMs : ctx.block.timeMs + k.unbondingTimeMs(ctx);
  const creationHeight = leaving ? from.unbondingHeight : ctx.block.height;
  const entries = [...open, { creationHeight, completionMs, initialBalance: amount, sharesDst }];
  k.setRedelegation(ctx, { delegator, source, destination, entries });
  queues.redelegations.set(ctx, [completionMs, [delegator, source, destination]], true);
  return { completionMs, amount };
}

/**
 * Stakes unbonding tokens with their validator again.
 * @throws AppError staking/7, staking/26, staking/34, sdk/18
 */
export function cancelUnbonding(
  ctx: Context,
  k: StakingKeeper,
  delegator: Uint8Array,
  operator: Uint8Array,
  amount: bigint,
  creationHeight: bigint,
): void {
  const validator = requireValidator(ctx, k, operator);
  if (hasInvalidRate(validator)) throw errors.exchangeRate(`validator_address: ${operatorText(operator)}`);
  if (validator.jailed) throw errors.validatorJailed(`validator_address: ${operatorText(operator)}`);
  const entries = k.unbonding(ctx, delegator, operator)?.entries ?? [];
  const index = entries.findIndex(
    (entry) => entry.creationHeight === creationHeight && entry.completionMs > ctx.block.timeMs,
  );
  const entry = entries[index];
  if (entry === undefined)
    throw errors.noUnbonding(`creation_height: ${creationHeight}; no entry of that block is unbonding`);
  if (amount > entry.balance) throw sdkErrors.invalidRequest(`amount: ${amount}; the entry has ${entry.balance}`);
  delegate(ctx, k, delegator, operator, amount, 'not bonded pool');
  const balance = entry.balance - amount;
  const rest = balance === 0n ? [] : [{ ...entry, balance }];
  k.setUnbonding(ctx, {
    delegator,
    validator: operator,
    entries: [...entries.slice(0, index), ...rest, ...entries.slice(index + 1)],
  });
}

/** What a delegation would be paid if it left now, rounded down. */
export function worthOf(validator: Validator, { shares }: Pick<Delegation, 'shares'>): bigint {
  return decTruncate(tokensFromShares(validator, shares));
}

/** What a validator staked of its own. */
export function selfDelegation(ctx: Context, k: StakingKeeper, validator: Validator): bigint {
  const own = k.delegation(ctx, validator.operator, validator.operator);
  return own === undefined ? 0n : worthOf(validator, own);
}
