import { million } from '../../../runtime/math/integers.js';
import type { Quote, RiskParams } from '../types.js';

/** Why an account is liquidated in this block. */
export type Trigger = 'bankrupt' | 'below-grace' | 'second-block';

/**
 * Is an account liquidated in this block, and why? At once when bankrupt or
 * under the grace health, otherwise when it is under maintenance margin for
 * the second block in a row. risk-model section 10.1.
 * @param underwaterHeight block that last found it under maintenance margin, 0 when healthy
 */
export function trigger(input: {
  readonly equity: Quote;
  readonly maintenanceMargin: Quote;
  readonly underwaterHeight: bigint;
  readonly height: bigint;
  readonly params: RiskParams;
}): Trigger | undefined {
  const { equity, maintenanceMargin, underwaterHeight, height, params } = input;
  if (equity < 0n) return 'bankrupt';
  if (equity >= maintenanceMargin) return undefined;
  if (equity * million < params.graceHealth * maintenanceMargin) return 'below-grace';
  return underwaterHeight !== 0n && underwaterHeight === height - 1n ? 'second-block' : undefined;
}
