import { abs } from '../../../runtime/math/integers.js';
import { clampedHealth } from '../margin/acceptance.js';
import { equity as equityOf } from '../margin/equity.js';
import {
  quote,
  type AccountView,
  type MarketView,
  type Markets,
  type PositionView,
  type Ppm,
  type Quote,
} from '../types.js';
import { allocateByMargin } from './allocate.js';
import { contributions } from './contributions.js';

/** A position with the part of its account's margin and equity that belongs to it. */
export interface SharedLeg {
  readonly position: PositionView;
  readonly market: MarketView;
  /** Base quanta, positive. */
  readonly size: bigint;
  /** What it contributes to maintenance margin. */
  readonly margin: bigint;
  /** The account's equity that belongs to it (E_i); negative when equity is. */
  readonly share: Quote;
}

/** An account as those see it who close it. */
export interface SharedStanding {
  readonly equity: Quote;
  readonly margin: Quote;
  /** Health between 0 and 1. */
  readonly h: Ppm;
  /** In market order. */
  readonly legs: readonly SharedLeg[];
}

/** Splits an account's equity over its positions by Euler shares, to the quantum. risk-model section 10.3. O(positions). */
export function sharedStanding(account: AccountView, markets: Markets): SharedStanding {
  const margins = contributions(account, markets);
  const margin = quote(margins.reduce((sum, each) => sum + each, 0n));
  const equity = equityOf(account, markets);
  const shares = allocateByMargin(equity, margins);
  const legs = account.positions.map((position, index): SharedLeg => ({
    position,
    market: markets(position.marketId),
    size: abs(position.quantity),
    margin: margins[index]!,
    share: quote(shares[index]!),
  }));
  return { equity, margin, h: clampedHealth({ equity, maintenanceMargin: margin }), legs };
}
