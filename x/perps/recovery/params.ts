import type { RecoveryParams } from '../../../gen/plimsoll/perps/v1/recovery_params.js';
import { errors } from '../errors.js';

/** Half of a market's penalties for 90 days. risk-model section 13.2. */
export const defaultRecoveryParams: RecoveryParams = { sharePpm: 500_000, days: 90 };

/** @throws perps/25 naming the field */
export function validateRecoveryParams(params: RecoveryParams | undefined): void {
  if (params === undefined) throw errors.invalidParams('recovery: missing');
  if (params.sharePpm > 1_000_000)
    throw errors.invalidParams(`recovery.share_ppm: ${params.sharePpm}; expected 0 to 1000000`);
  if (params.days < 1 || params.days > 365)
    throw errors.invalidParams(`recovery.days: ${params.days}; expected 1 to 365`);
}
