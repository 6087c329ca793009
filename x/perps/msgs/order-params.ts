import type { OrderParams } from '../../../gen/plimsoll/perps/v1/order_params.js';
import type { Params } from '../../../gen/plimsoll/perps/v1/types.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import { errors } from '../errors.js';
import type { Quote } from '../types.js';

export const defaultOrderParams: OrderParams = {
  baseOpenOrders: 20,
  // 50 USDC: 9,000 USDC carry as many orders as a subaccount may have.
  equityPerOrder: '50000000',
  maxConditionalOrders: 100,
  maxAlgos: 20,
  maxExpiriesPerBlock: 2_000,
  maxTriggersPerBlock: 500,
  maxSlicesPerBlock: 500,
  maxPeggedPerMarket: 500,
  maxGoodTilMs: 7_776_000_000n,
  minCancelDelayMs: 5_000n,
  maxTrailingSteps: 4_096,
};

/** Orders' own parameters. They are there: genesis and governance refuse parameters without them. */
export function orderParams({ orders }: Params): OrderParams {
  if (orders === undefined) throw new FatalError('parameters without those of orders');
  return orders;
}

/** @throws perps/25 naming the field */
export function validateOrderParams(value: OrderParams | undefined): void {
  if (value === undefined) throw errors.invalidParams('orders: missing');
  const range = (field: string, amount: number | bigint, low: number | bigint, high: number | bigint): void => {
    if (amount < low || amount > high)
      throw errors.invalidParams(`orders.${field}: ${amount}; expected ${low} to ${high}`);
  };
  range('base_open_orders', value.baseOpenOrders, 1, 1_000);
  if (!/^[1-9][0-9]{0,30}$/.test(value.equityPerOrder))
    throw errors.invalidParams(
      `orders.equity_per_order: ${JSON.stringify(value.equityPerOrder.slice(0, 40))} is not a positive amount in quote quanta`,
    );
  range('max_conditional_orders', value.maxConditionalOrders, 1, 1_000);
  range('max_algos', value.maxAlgos, 1, 1_000);
  range('max_expiries_per_block', value.maxExpiriesPerBlock, 1, 100_000);
  range('max_triggers_per_block', value.maxTriggersPerBlock, 1, 10_000);
  range('max_slices_per_block', value.maxSlicesPerBlock, 1, 10_000);
  range('max_pegged_per_market', value.maxPeggedPerMarket, 1, 10_000);
  range('max_good_til_ms', value.maxGoodTilMs, 60_000n, 315_360_000_000n);
  range('min_cancel_delay_ms', value.minCancelDelayMs, 1_000n, 3_600_000n);
  range('max_trailing_steps', value.maxTrailingSteps, 1, 100_000);
}

/**
 * Orders that an equity allows: a base for everybody, and one more for each
 * so many quote quanta of equity, up to `most`.
 */
export function orderLimit(params: OrderParams, equity: Quote, most: number): number {
  const earned = equity <= 0n ? 0n : equity / BigInt(params.equityPerOrder);
  const limit = BigInt(params.baseOpenOrders) + earned;
  return limit < BigInt(most) ? Number(limit) : most;
}

/** What a subaccount at its limit would need to have one order more. */
export function hintOfLimit(params: OrderParams, limit: number, most: number): string {
  if (limit >= most) return 'no equity allows more';
  const needed = BigInt(limit + 1 - params.baseOpenOrders) * BigInt(params.equityPerOrder);
  return `${limit + 1} need an equity of ${needed}, and ${most} is the most`;
}
