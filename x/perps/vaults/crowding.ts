import type { Stores } from '../../../runtime/store/collection.js';
import type { Deps } from '../deps.js';
import { liquidationNotionalWithin } from '../stress/chain/bands.js';
import type { MarketView, Side } from '../types.js';
import { positionValue } from '../units/index.js';
import { vaultKey, vaultNumberOf } from './account.js';
import { isCrowded } from './gamma.js';
import { inventoryLimit } from './takeover.js';
import { equity } from '../margin/index.js';

/**
 * Is there more on a side of a market, near its liquidation, than the vault
 * behind it could take? Then what adds to that side needs more margin. A vault
 * that takes nothing now asks nothing. risk-model section 11. O(bands + positions of the vault).
 */
export function crowdsVault(from: Stores, { keeper, backstop }: Deps, market: MarketView, side: Side): boolean {
  const number = vaultNumberOf(market);
  const limits = backstop.limits(from, number, market.id);
  if (limits === undefined) return false;
  const vault = keeper.account(from, vaultKey(number));
  const position = vault.positions.find(({ marketId }) => marketId === market.id);
  return isCrowded(side, {
    held: position === undefined ? 0n : positionValue(market, position.quantity),
    limit: inventoryLimit(market, equity(vault, keeper.markets(from)), limits),
    liquidated: (ppm) => liquidationNotionalWithin(from, market.id, side, ppm),
  });
}
