import { decOne, decSub, type Dec } from '../../runtime/baseapp/dec.js';
import { dayMs } from '../../runtime/baseapp/time.js';
import { errors } from './errors.js';
import type { CommissionRates } from './types.js';

/** @throws AppError staking/9 to staking/14 naming the rate at fault */
export function checkRates({ rate, maxRate, maxChangeRate }: CommissionRates): void {
  if (maxRate < 0n) throw errors.commissionNegative(`commission.max_rate: ${maxRate}`);
  if (maxRate > decOne) throw errors.commissionHuge(`commission.max_rate: ${maxRate}; at most ${decOne}`);
  if (rate < 0n) throw errors.commissionNegative(`commission.rate: ${rate}`);
  if (rate > maxRate) throw errors.commissionAboveMax(`commission.rate: ${rate}; at most ${maxRate}`);
  if (maxChangeRate < 0n) throw errors.changeRateNegative(`commission.max_change_rate: ${maxChangeRate}`);
  if (maxChangeRate > maxRate)
    throw errors.changeRateAboveMax(`commission.max_change_rate: ${maxChangeRate}; at most ${maxRate}`);
}

/**
 * May the rate become `next`? Once a day, and up by no more than the change rate; down by any step.
 * @throws AppError staking/9, 11, 12, 15, 40
 */
export function checkNewRate(rates: CommissionRates, next: Dec, minimum: Dec, updatedMs: bigint, nowMs: bigint): void {
  if (nowMs - updatedMs < dayMs)
    throw errors.commissionTooSoon(`commission_rate: may change again at ${updatedMs + dayMs} ms`);
  if (next < minimum) throw errors.commissionBelowMin(`commission_rate: ${next}; at least ${minimum}`);
  if (next < 0n) throw errors.commissionNegative(`commission_rate: ${next}`);
  if (next > rates.maxRate) throw errors.commissionAboveMax(`commission_rate: ${next}; at most ${rates.maxRate}`);
  if (decSub(next, rates.rate) > rates.maxChangeRate) {
    throw errors.commissionStepTooLarge(
      `commission_rate: ${next}; today at most ${rates.rate} + ${rates.maxChangeRate}`,
    );
  }
}
