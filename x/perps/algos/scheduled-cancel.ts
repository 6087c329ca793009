import type { MsgScheduleCancel, MsgScheduleCancelResponse } from '../../../gen/plimsoll/perps/v1/tx.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { bySchedule, endAllOrders } from '../msgs/cancel.js';
import { requireSubaccountKey } from '../msgs/common.js';
import { orderParams } from '../msgs/order-params.js';
import { subaccountId } from '../subaccount-key.js';
import type { SubaccountKey } from '../types.js';
import { dueSwitches, switches } from './store.js';

/** Sets, moves or clears the time at which all orders of a subaccount are cancelled. Clearing is always possible. */
export function scheduleCancel(ctx: Context, { keeper }: Deps, msg: MsgScheduleCancel): MsgScheduleCancelResponse {
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const { timeMs } = msg;
  if (timeMs !== 0n) {
    const params = orderParams(keeper.params(ctx));
    const soonest = ctx.block.timeMs + params.minCancelDelayMs;
    if (timeMs < soonest)
      throw errors.cancelTooSoon(`time_ms: ${timeMs}; expected at least ${soonest} now, or zero to clear the schedule`);
    const latest = ctx.block.timeMs + params.maxGoodTilMs;
    if (timeMs > latest) throw errors.cancelTooLate(`time_ms: ${timeMs}; expected at most ${latest} now`);
    if (keeper.subaccount(ctx, account) === undefined)
      throw errors.subaccountNotFound('nothing was ever deposited here, so there are no orders to cancel');
  }
  setSwitch(ctx, account, timeMs);
  ctx.emit('plimsoll.perps.v1.EventCancelScheduled', { subaccount: subaccountId(account), timeMs });
  return {};
}

/** @param timeMs zero for none */
export function setSwitch(ctx: Context, account: SubaccountKey, timeMs: bigint): void {
  const before = switches.get(ctx, account);
  if (before !== undefined) dueSwitches.delete(ctx, { at: before, account });
  if (timeMs === 0n) switches.delete(ctx, account);
  else {
    switches.set(ctx, account, timeMs);
    dueSwitches.set(ctx, { at: timeMs, account }, true);
  }
}

/** Cancels all orders of subaccounts whose time has come, soonest first, until so many were cancelled; the rest follow in the next block. */
export function cancelAsScheduled(ctx: Context, { keeper }: Deps): void {
  let left = orderParams(keeper.params(ctx)).maxExpiriesPerBlock;
  for (const [{ at, account }] of dueSwitches.entries(ctx)) {
    if (at > ctx.block.timeMs || left <= 0) break;
    const cancelledOrders = endAllOrders(ctx, keeper, account, bySchedule);
    left -= cancelledOrders + 1;
    setSwitch(ctx, account, 0n);
    ctx.emit('plimsoll.perps.v1.EventScheduledCancel', { subaccount: subaccountId(account), cancelledOrders });
  }
}
