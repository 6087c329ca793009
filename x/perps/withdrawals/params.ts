import type { WithdrawalParams } from '../../../gen/plimsoll/perps/v1/withdrawals_params.js';
import type { Params } from '../../../gen/plimsoll/perps/v1/types.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import { errors } from '../errors.js';
import type { BucketRules } from './buckets.js';

const usdc = 1_000_000n;

/** risk-model sections 13 and 14.5. */
export const defaultWithdrawalParams: WithdrawalParams = {
  bucketFloor: (1_000_000n * usdc).toString(),
  bucketSharePpm: 50_000,
  refillMs: 3_600_000n,
  // As the day's share is to the hour's: a small exchange is emptied in a day, not in an hour.
  dayFloor: (4_000_000n * usdc).toString(),
  daySharePpm: 200_000,
  dailyAllowance: (10_000n * usdc).toString(),
  epochMs: 600_000n,
  maxReleased: 500,
  gateBlocks: 60,
  profitDelayMs: 600_000n,
};

/** The limits of withdrawals. They are there: genesis and governance refuse parameters without them. */
export function withdrawalParams({ withdrawals }: Params): WithdrawalParams {
  if (withdrawals === undefined) throw new FatalError('parameters without those of withdrawals');
  return withdrawals;
}

export const bucketRules = (params: WithdrawalParams): BucketRules => ({
  floor: BigInt(params.bucketFloor),
  share: BigInt(params.bucketSharePpm),
  refillMs: params.refillMs,
  dayFloor: BigInt(params.dayFloor),
  dayShare: BigInt(params.daySharePpm),
});

const amount = /^[1-9][0-9]{0,30}$/;

/** @throws perps/25 naming the field */
export function validateWithdrawalParams(value: WithdrawalParams | undefined): void {
  if (value === undefined) throw errors.invalidParams('withdrawals: missing');
  const within = (field: string, actual: number | bigint, low: number | bigint, high: number | bigint): void => {
    if (actual < low || actual > high)
      throw errors.invalidParams(`withdrawals.${field}: ${actual}; expected ${low} to ${high}`);
  };
  for (const [field, text] of [
    ['bucket_floor', value.bucketFloor],
    ['day_floor', value.dayFloor],
    ['daily_allowance', value.dailyAllowance],
  ] as const) {
    if (!amount.test(text))
      throw errors.invalidParams(
        `withdrawals.${field}: ${JSON.stringify(text.slice(0, 40))} is not a positive amount in quote quanta`,
      );
  }
  within('bucket_share_ppm', value.bucketSharePpm, 10_000, 500_000);
  within('refill_ms', value.refillMs, 600_000n, 86_400_000n);
  within('day_share_ppm', value.daySharePpm, value.bucketSharePpm, 1_000_000);
  within('epoch_ms', value.epochMs, 10_000n, 3_600_000n);
  within('max_released', value.maxReleased, 10, 10_000);
  within('gate_blocks', value.gateBlocks, 0, 3_600);
  within('profit_delay_ms', value.profitDelayMs, 0n, 3_600_000n);
}
