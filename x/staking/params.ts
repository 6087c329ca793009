import type { Params } from '../../gen/cosmos/staking/v1beta1/staking.js';
import { decFromWire, decOne } from '../../runtime/baseapp/dec.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import { dayMs, msOfProtoTime, protoTimeOf } from '../../runtime/baseapp/time.js';

/** The chain's stake. */
export const bondDenom = 'uplim';

/** Three weeks of unbonding, a hundred validators. */
export const defaultParams: Params = {
  unbondingTime: protoTimeOf(21n * dayMs),
  maxValidators: 100,
  maxEntries: 7,
  historicalEntries: 0,
  bondDenom,
  minCommissionRate: '0',
};

/** @throws AppError sdk/18 naming the parameter at fault */
export function validateParams(params: Params): void {
  const { maxValidators, maxEntries, historicalEntries, bondDenom: denom } = params;
  const fault = (text: string): Error => sdkErrors.invalidRequest(`params.${text}`);
  const unbonding = msOfProtoTime(params.unbondingTime);
  if (unbonding <= 0n || unbonding > 3_650n * dayMs)
    throw fault(`unbonding_time: ${unbonding} ms; expected 1 ms to 3650 days`);
  if (maxValidators < 1 || maxValidators > 500) throw fault(`max_validators: ${maxValidators}; expected 1 to 500`);
  if (maxEntries < 1 || maxEntries > 100) throw fault(`max_entries: ${maxEntries}; expected 1 to 100`);
  if (historicalEntries !== 0) throw fault(`historical_entries: ${historicalEntries}; only 0 is supported`);
  if (!/^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/.test(denom))
    throw fault(`bond_denom: ${JSON.stringify(denom.slice(0, 140))} is not a denomination`);
  let rate: bigint;
  try {
    rate = decFromWire(params.minCommissionRate, 'min_commission_rate');
  } catch (error) {
    throw fault((error as Error).message);
  }
  if (rate < 0n || rate > decOne) throw fault(`min_commission_rate: ${rate}; expected 0 to ${decOne}`);
}
