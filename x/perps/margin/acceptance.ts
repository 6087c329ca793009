import { clamp, fdiv, million, min } from '../../../runtime/math/integers.js';
import { ppm, type Ppm, type Quote } from '../types.js';

export interface Standing {
  readonly equity: Quote;
  readonly maintenanceMargin: Quote;
}

export interface StandingAfter extends Standing {
  readonly usableEquity: Quote;
  readonly initialMargin: Quote;
}

/**
 * May an account change like this? Either usable equity covers initial margin
 * afterwards, or the change lowers maintenance margin and does not worsen
 * health. risk-model section 4.5.
 */
export function accept(before: Standing, after: StandingAfter): 'initial-margin' | 'risk-reducing' | 'rejected' {
  if (after.usableEquity >= after.initialMargin) return 'initial-margin';
  return isRiskReducing(before, after) ? 'risk-reducing' : 'rejected';
}

/** MM' <= MM and E'/MM' >= E/MM; with no margin left, equity may not fall below what a debtor already owed. */
export function isRiskReducing(before: Standing, after: Standing): boolean {
  if (after.maintenanceMargin > before.maintenanceMargin) return false;
  if (after.maintenanceMargin === 0n) return after.equity >= min(before.equity, 0n);
  return after.equity * before.maintenanceMargin >= before.equity * after.maintenanceMargin;
}

/** Equity over maintenance margin, rounded down; undefined when no margin is needed. */
export function health({ equity, maintenanceMargin }: Standing): Ppm | undefined {
  return maintenanceMargin === 0n ? undefined : ppm(fdiv(equity * million, maintenanceMargin));
}

/** Health between 0 and 1, as liquidation uses it (h of section 10.1). */
export function clampedHealth(standing: Standing): Ppm {
  return ppm(clamp(health(standing) ?? million, 0n, million));
}
