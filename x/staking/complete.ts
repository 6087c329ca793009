import { BondStatus } from '../../gen/cosmos/staking/v1beta1/staking.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { isoTime } from '../../runtime/baseapp/time.js';
import { toBech32 } from '../../runtime/crypto/address.js';
import { notBondedPool, queues, type StakingKeeper } from './keeper.js';
import { operatorText } from './types.js';

/** Entries of each queue that one block completes; the rest wait for the next one, oldest first. */
export const maxCompletedPerBlock = 200;

/** Pays out, releases and removes what has waited long enough. O(maxCompletedPerBlock). */
export function completeMatured(ctx: Context, k: StakingKeeper): void {
  completeValidators(ctx, k);
  completeUnbondings(ctx, k);
  completeRedelegations(ctx, k);
}

/** The first entries of a queue whose time has come. */
function matured<T>(ctx: Context, queue: { entries(from: Context): Iterable<readonly [readonly [bigint, T], true]> }) {
  const found: (readonly [bigint, T])[] = [];
  for (const [entry] of queue.entries(ctx)) {
    if (entry[0] > ctx.block.timeMs || found.length === maxCompletedPerBlock) break;
    found.push(entry);
  }
  return found;
}

/** Validators that no longer answer for anything; those without stake are removed. */
function completeValidators(ctx: Context, k: StakingKeeper): void {
  for (const entry of matured(ctx, queues.validators)) {
    queues.validators.delete(ctx, entry);
    const validator = { ...k.validator(ctx, entry[1])!, status: BondStatus.BOND_STATUS_UNBONDED };
    if (validator.shares === 0n) k.removeValidator(ctx, validator);
    else k.setValidator(ctx, validator);
  }
}

function completeUnbondings(ctx: Context, k: StakingKeeper): void {
  const denom = k.bondDenom(ctx);
  for (const entry of matured(ctx, queues.unbondings)) {
    queues.unbondings.delete(ctx, entry);
    const [delegator, operator] = entry[1];
    const unbonding = k.unbonding(ctx, delegator, operator);
    // Cancelled, or paid with an earlier place of the queue.
    if (unbonding === undefined) continue;
    const due = unbonding.entries.filter(({ completionMs }) => completionMs <= ctx.block.timeMs);
    if (due.length === 0) continue;
    const amount = due.reduce((sum, { balance }) => sum + balance, 0n);
    if (amount > 0n) k.bank.sendFromModule(ctx, notBondedPool, delegator, denom, amount);
    const entries = unbonding.entries.filter(({ completionMs }) => completionMs > ctx.block.timeMs);
    k.setUnbonding(ctx, { ...unbonding, entries });
    ctx.events.emit('complete_unbonding', [
      ['amount', `${amount}${denom}`],
      ['validator', operatorText(operator)],
      ['delegator', toBech32(delegator)],
    ]);
  }
}

function completeRedelegations(ctx: Context, k: StakingKeeper): void {
  for (const entry of matured(ctx, queues.redelegations)) {
    queues.redelegations.delete(ctx, entry);
    const redelegation = k.redelegation(ctx, entry[1]);
    if (redelegation === undefined) continue;
    const entries = redelegation.entries.filter(({ completionMs }) => completionMs > ctx.block.timeMs);
    if (entries.length === redelegation.entries.length) continue;
    k.setRedelegation(ctx, { ...redelegation, entries });
    ctx.events.emit('complete_redelegation', [
      ['delegator', toBech32(redelegation.delegator)],
      ['source_validator', operatorText(redelegation.source)],
      ['destination_validator', operatorText(redelegation.destination)],
      ['completion_time', isoTime(entry[0])],
    ]);
  }
}
