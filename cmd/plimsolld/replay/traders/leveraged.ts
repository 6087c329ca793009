import { equity } from '../../../../x/perps/margin/index.js';
import type { Side } from '../../../../x/perps/types.js';
import { abs } from '../../../../x/perps/units/index.js';
import type { Draws } from '../random.js';
import { affordable, heldIn, type OrderTicket } from './orders.js';
import type { Trader } from './trader.js';
import type { TraderView } from './view.js';

const slippagePpm = 3_000;
/** One in so many visits takes the position off. */
const takeProfitEvery = 10;

/**
 * Holds as large a position on one side as margin allows, adds to it out of
 * its gains, and comes back with fresh collateral after it was liquidated.
 */
export function leveraged(trader: Trader, view: TraderView, ticket: OrderTicket, draws: Draws): void {
  const side: Side = trader.role === 'long' ? 'buy' : 'sell';
  const market = view.markets(trader.markets[draws.below(trader.markets.length)]!);
  if (!view.isOpen(market.id)) return;
  const held = heldIn(ticket.account, market);
  if (held !== 0n && draws.below(takeProfitEvery) === 0) {
    ticket.market(market, side === 'buy' ? 'sell' : 'buy', abs(held), slippagePpm, true);
    return;
  }
  if (ticket.account.positions.length === 0) ticket.topUp(equity(ticket.account, view.markets));
  const room = affordable(ticket.account, view, market, slippagePpm);
  // Small additions are not worth a transaction.
  if (room * 5n < abs(held)) return;
  // Half of the room while another market is to share the account.
  const shared = trader.markets.length > 1 && ticket.account.positions.length === 0;
  ticket.market(market, side, shared ? room / 2n : room, slippagePpm);
}
