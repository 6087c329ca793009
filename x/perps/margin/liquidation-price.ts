import { price, type AccountView, type MarketId, type Markets, type Price } from '../types.js';
import { equity } from './equity.js';
import { lookup } from './lookup.js';
import { maintenanceMargin } from './maintenance.js';

/** Prices stay below this (risk-model section 1). */
const endOfPrices = 1n << 62n;

/**
 * The mark at which an account falls under maintenance margin when only this
 * market moves: for a long the highest such mark, for a short the lowest.
 * Undefined when no price does it. Exact, because it is found with the very
 * functions that liquidate: margin grows with a price more slowly than the
 * position's value, so there is one boundary, and 62 halvings meet it.
 * O(62 * positions).
 */
export function liquidationPrice(account: AccountView, id: MarketId, markets: Markets): Price | undefined {
  const held = account.positions.find(({ marketId }) => marketId === id);
  if (held === undefined) return undefined;
  const market = markets(id);
  const failsAt = (mark: bigint): boolean => {
    const shifted = { ...market, markPrice: price(mark) };
    const moved = lookup((each) => (each === id ? shifted : markets(each)), markets.asset);
    return equity(account, moved) < maintenanceMargin(account, moved);
  };
  const long = held.quantity > 0n;
  // Invariant: the account fails at `failing` and not at `safe`.
  let failing = long ? 1n : endOfPrices - 1n;
  let safe = long ? endOfPrices - 1n : 1n;
  if (!failsAt(failing)) return undefined;
  if (failsAt(safe)) return price(safe);
  while (long ? safe - failing > 1n : failing - safe > 1n) {
    const middle = (safe + failing) / 2n;
    if (failsAt(middle)) failing = middle;
    else safe = middle;
  }
  return price(failing);
}
