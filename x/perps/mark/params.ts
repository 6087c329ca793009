import type { MarkParams } from '../../../gen/plimsoll/perps/v1/mark.js';
import { errors } from '../errors.js';

/** Deep enough for a book of honest quotes; a book cut finer gives no price, which is safe. */
export const defaultMarkParams: MarkParams = { maxImpactLevels: 256 };

/** @throws perps/25 naming the field */
export function validateMarkParams(params: MarkParams | undefined): void {
  if (params === undefined) throw errors.invalidParams('mark: missing');
  const { maxImpactLevels } = params;
  if (maxImpactLevels < 1 || maxImpactLevels > 10_000)
    throw errors.invalidParams(`mark.max_impact_levels: ${maxImpactLevels}; expected 1 to 10000`);
}
