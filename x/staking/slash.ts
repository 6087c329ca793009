import type { Context } from '../../runtime/baseapp/context.js';
import {
  decMul,
  decMulInt,
  decOfInt,
  decOne,
  decMin,
  decQuoRoundUp,
  decTruncate,
  type Dec,
} from '../../runtime/baseapp/dec.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { bondedPool, notBondedPool, type StakingKeeper } from './keeper.js';
import { unbond } from './delegate.js';
import { tokensOfPower } from './shares.js';
import { isBonded, isUnbonded, type Redelegation, type Unbonding } from './types.js';
import { jailValidator } from './validator-state.js';

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/**
 * Burns a part of the stake that answered for a block: first what is leaving
 * since then, then what moved on since then, and the rest from the validator.
 * Stake that came later pays nothing extra, since the amount is fixed by the
 * power of that block.
 *
 * O(unbondings and redelegations from the validator).
 * @param infractionHeight stake that left before this height does not answer
 * @param power of the validator at that height
 * @param fraction 0 to 1
 * @returns tokens burned in all
 */
export function slash(
  ctx: Context,
  k: StakingKeeper,
  consAddress: Uint8Array,
  infractionHeight: bigint,
  power: bigint,
  fraction: Dec,
): bigint {
  if (fraction < 0n || fraction > decOne) throw new FatalError(`slash by ${fraction}: expected 0 to ${decOne}`);
  const validator = k.validatorByConsensus(ctx, consAddress);
  // One that is gone or free has no stake that answers.
  if (validator === undefined || isUnbonded(validator)) return 0n;
  if (infractionHeight > ctx.block.height)
    throw new FatalError(`slash for height ${infractionHeight} at height ${ctx.block.height}`);
  const { operator } = validator;
  let remaining = decTruncate(decMulInt(fraction, tokensOfPower(power)));
  let burned = 0n;
  if (infractionHeight < ctx.block.height) {
    for (const unbonding of [...k.unbondingsFrom(ctx, operator)]) {
      const { due, taken } = slashUnbonding(ctx, k, unbonding, infractionHeight, fraction);
      remaining -= due;
      burned += taken;
    }
    for (const redelegation of [...k.redelegationsFrom(ctx, operator)]) {
      const { due, taken } = slashRedelegation(ctx, k, redelegation, infractionHeight, fraction);
      remaining -= due;
      burned += taken;
    }
  }
  // What left may have had more to answer for than the block's power says.
  const current = k.validator(ctx, operator)!;
  const tokensToBurn = remaining <= 0n ? 0n : min(remaining, current.tokens);
  if (tokensToBurn === 0n) return burned;
  const effective = decMin(decQuoRoundUp(decOfInt(tokensToBurn), decOfInt(current.tokens)), decOne);
  k.hooks.beforeValidatorSlashed(ctx, operator, effective);
  k.setValidator(ctx, { ...k.validator(ctx, operator)!, tokens: current.tokens - tokensToBurn });
  k.burn(ctx, k.poolOf(current), tokensToBurn);
  return burned + tokensToBurn;
}

/** Keeps a validator out until it asks to come back, or for ever. Nothing if it is out. */
export function jail(ctx: Context, k: StakingKeeper, consAddress: Uint8Array): void {
  const validator = k.validatorByConsensus(ctx, consAddress);
  if (validator !== undefined && !validator.jailed) jailValidator(ctx, k, validator);
}

/** What the entries owe by their first balances, and what they still have of it. */
function slashUnbonding(
  ctx: Context,
  k: StakingKeeper,
  unbonding: Unbonding,
  infractionHeight: bigint,
  fraction: Dec,
): { readonly due: bigint; readonly taken: bigint } {
  let due = 0n;
  let taken = 0n;
  const entries = unbonding.entries.map((entry) => {
    if (entry.creationHeight < infractionHeight || entry.completionMs <= ctx.block.timeMs) return entry;
    const owed = decTruncate(decMulInt(fraction, entry.initialBalance));
    due += owed;
    const pays = min(owed, entry.balance);
    taken += pays;
    return { ...entry, balance: entry.balance - pays };
  });
  if (taken > 0n) k.setUnbonding(ctx, { ...unbonding, entries });
  k.burn(ctx, notBondedPool, taken);
  return { due, taken };
}

/** Stake that moved on pays where it is now: first what of it is leaving there, then its shares. */
function slashRedelegation(
  ctx: Context,
  k: StakingKeeper,
  { delegator, destination, entries }: Redelegation,
  infractionHeight: bigint,
  fraction: Dec,
): { readonly due: bigint; readonly taken: bigint } {
  let due = 0n;
  let fromBonded = 0n;
  let fromNotBonded = 0n;
  for (const entry of entries) {
    if (entry.creationHeight < infractionHeight || entry.completionMs <= ctx.block.timeMs) continue;
    const owed = decTruncate(decMulInt(fraction, entry.initialBalance));
    due += owed;
    const { taken, unpaid } = takeFromUnbonding(ctx, k, delegator, destination, infractionHeight, owed);
    fromNotBonded += taken;
    const wanted = decMul(fraction, entry.sharesDst);
    const delegation = k.delegation(ctx, delegator, destination);
    if (wanted === 0n || unpaid === 0n || delegation === undefined) continue;
    const amount = unbond(ctx, k, delegator, destination, decMin(wanted, delegation.shares));
    const holder = k.validator(ctx, destination);
    // Gone with its last shares: it was unbonded.
    if (holder !== undefined && isBonded(holder)) fromBonded += amount;
    else fromNotBonded += amount;
  }
  k.burn(ctx, bondedPool, fromBonded);
  k.burn(ctx, notBondedPool, fromNotBonded);
  return { due, taken: fromBonded + fromNotBonded };
}

function takeFromUnbonding(
  ctx: Context,
  k: StakingKeeper,
  delegator: Uint8Array,
  operator: Uint8Array,
  infractionHeight: bigint,
  owed: bigint,
): { readonly taken: bigint; readonly unpaid: bigint } {
  const unbonding = k.unbonding(ctx, delegator, operator);
  let unpaid = owed;
  if (unbonding === undefined) return { taken: 0n, unpaid };
  const entries = unbonding.entries.map((entry) => {
    const pays = min(unpaid, entry.balance);
    if (pays === 0n || entry.creationHeight < infractionHeight || entry.completionMs <= ctx.block.timeMs) return entry;
    unpaid -= pays;
    return { ...entry, balance: entry.balance - pays };
  });
  if (unpaid < owed) k.setUnbonding(ctx, { ...unbonding, entries });
  return { taken: owed - unpaid, unpaid };
}
