import { maintenanceWeights } from '../margin/maintenance.js';
import type { AccountView, Markets } from '../types.js';
import { allocateByMargin } from './allocate.js';

/**
 * What each position contributes to the account's maintenance margin, in
 * position order: its Euler share of the part that offsets, by largest
 * remainder, and its own concentration. Not negative, nothing for the linear
 * part of a hedge leg; they sum to the margin exactly. Equity and deficits
 * are divided in the same proportion. risk-model sections 5 and 10.3.
 */
export function contributions(account: AccountView, markets: Markets): bigint[] {
  const { offsettable, weights, concentrations } = maintenanceWeights(account, markets);
  return allocateByMargin(offsettable, weights).map((part, index) => part + concentrations[index]!);
}
