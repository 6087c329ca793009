import { equity } from '../../../../x/perps/margin/index.js';
import { abs } from '../../../../x/perps/units/index.js';
import { affordable, heldIn, isDust, type OrderTicket } from './orders.js';
import type { Trader } from './trader.js';
import type { TraderView } from './view.js';

const slippagePpm = 3_000;
/** Blocks back to what it takes for the fair price. */
const window = 96;
const entryPpm = 10_000;
const exitPpm = 3_000;
/** How far from mark its resting order waits, ppm. */
const offsetPpm = 1_000n;

/** Buys what fell and sells what rose, with a resting order and little leverage; leaves when the price came back. */
export function reversion(trader: Trader, view: TraderView, ticket: OrderTicket): void {
  const market = view.markets(trader.markets[0]!);
  if (!view.isOpen(market.id)) return;
  const move = view.history(market.id).movePpm(view.height, window);
  const held = heldIn(ticket.account, market);
  if (view.orders(trader).length > 0) ticket.cancelAll();
  if (held !== 0n) {
    if (Math.abs(move) < exitPpm) ticket.market(market, held > 0n ? 'sell' : 'buy', abs(held), slippagePpm, true);
    return;
  }
  if (Math.abs(move) < entryPpm) return;
  ticket.topUp(equity(ticket.account, view.markets));
  const quantity = affordable(ticket.account, view, market, Number(offsetPpm)) / 4n;
  if (isDust(quantity, market)) return;
  const distance = (market.markPrice * offsetPpm) / 1_000_000n;
  if (move < 0) ticket.limit(market, 'buy', quantity, market.markPrice - distance);
  else ticket.limit(market, 'sell', quantity, market.markPrice + distance);
}
