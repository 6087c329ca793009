import { million } from '../../../runtime/math/integers.js';
import type { Quote, RiskParams } from '../types.js';

/**
 * Is an account liquidated in this block? At once when bankrupt or under the
 * grace health, otherwise when it is under maintenance margin for the second
 * block in a row. risk-model section 10.1.
 * @param underwaterHeight block that last found it under maintenance margin, 0 when healthy
 */
export function trigger(input: {
  readonly equity: Quote;
  readonly maintenanceMargin: Quote;
  readonly underwaterHeight: bigint;
  readonly height: bigint;
  readonly params: RiskParams;
}): boolean {
  const { equity, maintenanceMargin, underwaterHeight, height, params } = input;
  if (equity < 0n) return true;
  if (equity >= maintenanceMargin) return false;
  if (equity * million < params.graceHealth * maintenanceMargin) return true;
  return underwaterHeight !== 0n && underwaterHeight === height - 1n;
}
