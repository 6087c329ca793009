import type { Params } from '../../gen/plimsoll/insurance/v1/insurance.js';
import { dayMs } from '../../runtime/baseapp/time.js';
import type { Caps } from './caps.js';
import { errors } from './errors.js';
import type { ExitRules } from './exits.js';
import type { SolvencyClass, TrancheKind } from './types.js';

/** risk-model section 12. */
export const defaultParams: Params = {
  marketEventCapPpm: 500_000,
  classEventCapPpm: 150_000,
  globalEventCapPpm: 50_000,
  marketWindowCapPpm: 800_000,
  classWindowCapPpm: 250_000,
  globalWindowCapAPpm: 100_000,
  globalWindowCapBPpm: 50_000,
  marketFeeSharePpm: 30_000,
  classFeeSharePpm: 50_000,
  globalFeeSharePpm: 20_000,
  juniorSharePpm: 100_000,
  minDeposit: '10000000',
  cooldownMs: 14n * dayMs,
  epochExitCapPpm: 200_000,
  exitFloorPpm: 600_000,
  exitFeePpm: 50_000,
};

/** @throws AppError insurance/5 naming the parameter at fault */
export function validateParams(params: Params): void {
  const between = (field: string, value: number, least: number, most: number): void => {
    if (value < least || value > most) throw errors.invalidParams(`${field}: ${value}; expected ${least} to ${most}`);
  };
  // Hard bounds of section 23: no tranche is emptied by one event.
  between('market_event_cap_ppm', params.marketEventCapPpm, 0, 500_000);
  between('class_event_cap_ppm', params.classEventCapPpm, 0, 500_000);
  between('global_event_cap_ppm', params.globalEventCapPpm, 0, 500_000);
  between('market_window_cap_ppm', params.marketWindowCapPpm, params.marketEventCapPpm, 1_000_000);
  between('class_window_cap_ppm', params.classWindowCapPpm, params.classEventCapPpm, 250_000);
  between('global_window_cap_a_ppm', params.globalWindowCapAPpm, params.globalEventCapPpm, 500_000);
  between('global_window_cap_b_ppm', params.globalWindowCapBPpm, 0, params.globalWindowCapAPpm);
  for (const [field, value] of [
    ['market_fee_share_ppm', params.marketFeeSharePpm],
    ['class_fee_share_ppm', params.classFeeSharePpm],
    ['global_fee_share_ppm', params.globalFeeSharePpm],
  ] as const)
    between(field, value, 0, 300_000);
  between('junior_share_ppm', params.juniorSharePpm, 100_000, 1_000_000);
  if (!/^[1-9][0-9]{0,18}$/.test(params.minDeposit))
    throw errors.invalidParams(
      `min_deposit: ${JSON.stringify(params.minDeposit.slice(0, 40))} is not a positive amount`,
    );
  if (params.cooldownMs < dayMs || params.cooldownMs > 90n * dayMs)
    throw errors.invalidParams(`cooldown_ms: ${params.cooldownMs}; expected one day to 90 days`);
  between('epoch_exit_cap_ppm', params.epochExitCapPpm, 1, 1_000_000);
  between('exit_floor_ppm', params.exitFloorPpm, 0, 1_000_000);
  between('exit_fee_ppm', params.exitFeePpm, 0, 100_000);
}

/** Caps of a tranche for a deficit of a class. */
export function capsOf(params: Params, kind: TrancheKind, solvencyClass: SolvencyClass): Caps {
  if (kind === 'market')
    return { eventPpm: BigInt(params.marketEventCapPpm), windowPpm: BigInt(params.marketWindowCapPpm) };
  if (kind === 'class')
    return { eventPpm: BigInt(params.classEventCapPpm), windowPpm: BigInt(params.classWindowCapPpm) };
  const windowPpm = solvencyClass === 'A' ? params.globalWindowCapAPpm : params.globalWindowCapBPpm;
  return { eventPpm: BigInt(params.globalEventCapPpm), windowPpm: BigInt(windowPpm) };
}

export const feeShareOf = (params: Params, kind: TrancheKind): bigint =>
  BigInt({ market: params.marketFeeSharePpm, class: params.classFeeSharePpm, global: params.globalFeeSharePpm }[kind]);

export const exitRulesOf = (params: Params): ExitRules => ({
  capPpm: BigInt(params.epochExitCapPpm),
  floorPpm: BigInt(params.exitFloorPpm),
  feePpm: BigInt(params.exitFeePpm),
});
