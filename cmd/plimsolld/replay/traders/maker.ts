import { equity } from '../../../../x/perps/margin/index.js';
import type { Side } from '../../../../x/perps/types.js';
import { abs, max } from '../../../../x/perps/units/index.js';
import { affordable, heldIn, isDust, quantityOf, type OrderTicket } from './orders.js';
import type { Trader } from './trader.js';
import type { TraderView } from './view.js';

const levels = 2n;
const leastSpreadPpm = 500;
/** A spread beyond this is no quote. */
const maxSpreadPpm = 50_000;
/** Up to this spread, orders that reduce the inventory hardly cost margin. */
const calmSpreadPpm = 10_000;
/** A move in one block beyond this makes it leave the book. */
const fleePpm = 30_000;
/** Largest inventory as a multiple of equity. */
const maxInventory = 3n;

/**
 * Quotes both sides around the newest price, wider when prices jump, less on
 * the side that would grow its inventory, and not at all in the worst blocks:
 * the book is thin just when liquidations need it.
 */
export function maker(trader: Trader, view: TraderView, ticket: OrderTicket): void {
  const market = view.markets(trader.markets[0]!);
  if (view.orders(trader).length > 0) ticket.cancelAll();
  if (!view.isOpen(market.id)) return;
  const history = view.history(market.id);
  if (Math.abs(history.movePpm(view.height, 1)) > fleePpm) return;
  const spread = Math.max(leastSpreadPpm, 2 * history.noisePpm(view.height, 8));
  if (spread > maxSpreadPpm) return;

  const worth = equity(ticket.account, view.markets);
  ticket.topUp(worth);
  // Both sides may fill at their limits: the distance of every level costs margin.
  const room = affordable(ticket.account, view, market, spread * Number(levels * (levels + 1n)));
  const limit = quantityOf(maxInventory * max(0n, worth), market);
  const held = heldIn(ticket.account, market);
  for (const side of ['buy', 'sell'] as const) {
    const inventory = side === 'buy' ? held : -held;
    const size =
      capped(max(0n, limit - inventory), room + (inventory < 0n && spread < calmSpreadPpm ? abs(held) : 0n)) /
      (2n * levels);
    if (isDust(size, market)) continue;
    for (let level = 1n; level <= levels; level++)
      ticket.limit(market, side, size, quoted(market.markPrice, side, BigInt(spread) * level));
  }
}

const capped = (value: bigint, limit: bigint): bigint => (value < limit ? value : limit);

function quoted(mark: bigint, side: Side, distancePpm: bigint): bigint {
  const distance = (mark * distancePpm) / 1_000_000n;
  return side === 'buy' ? mark - distance : mark + distance;
}
