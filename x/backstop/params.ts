import type { Params } from '../../gen/plimsoll/backstop/v1/backstop.js';
import { dayMs } from '../../runtime/baseapp/time.js';
import { errors } from './errors.js';

/** risk-model sections 10.5, 11 and 12.5. */
export const defaultParams: Params = {
  inventoryInterestPpm: 30_000,
  inventoryWorthPpm: 200_000,
  marginPpm: 500_000,
  classLossPpm: 100_000,
  marketLossPpm: 50_000,
  leastHealthPpm: 400_000,
  mostHealthPpm: 670_000,
  paymentPpm: 500_000,
  minDeposit: '10000000',
  cooldownMs: 14n * dayMs,
  epochExitCapPpm: 200_000,
};

/** @throws AppError backstop/5 naming the parameter at fault */
export function validateParams(params: Params): void {
  const between = (field: string, value: number, least: number, most: number): void => {
    if (value < least || value > most) throw errors.invalidParams(`${field}: ${value}; expected ${least} to ${most}`);
  };
  // Hard bound of section 23.
  between('inventory_interest_ppm', params.inventoryInterestPpm, 0, 50_000);
  between('inventory_worth_ppm', params.inventoryWorthPpm, 0, 500_000);
  between('margin_ppm', params.marginPpm, 0, 500_000);
  between('class_loss_ppm', params.classLossPpm, 1, 500_000);
  between('market_loss_ppm', params.marketLossPpm, 1, params.classLossPpm);
  between('least_health_ppm', params.leastHealthPpm, 1, params.mostHealthPpm);
  between('most_health_ppm', params.mostHealthPpm, params.leastHealthPpm, 1_000_000);
  between('payment_ppm', params.paymentPpm, 0, 1_000_000);
  if (!/^[1-9][0-9]{0,18}$/.test(params.minDeposit))
    throw errors.invalidParams(
      `min_deposit: ${JSON.stringify(params.minDeposit.slice(0, 40))} is not a positive amount`,
    );
  if (params.cooldownMs < dayMs || params.cooldownMs > 90n * dayMs)
    throw errors.invalidParams(`cooldown_ms: ${params.cooldownMs}; expected one day to 90 days`);
  between('epoch_exit_cap_ppm', params.epochExitCapPpm, 1, 1_000_000);
}
