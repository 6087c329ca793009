import { equity } from '../../../../x/perps/margin/index.js';
import { abs } from '../../../../x/perps/units/index.js';
import { affordable, heldIn, isDust, type OrderTicket } from './orders.js';
import type { Trader } from './trader.js';
import type { TraderView } from './view.js';

const slippagePpm = 5_000;
/** Blocks over which a trend is measured. */
const window = 24;
/** Least move that counts as one, ppm. */
const leastMovePpm = 2_000;

/** Goes with a move that is larger than the noise, with about half of what margin allows; turns when it turns. */
export function trend(trader: Trader, view: TraderView, ticket: OrderTicket): void {
  const market = view.markets(trader.markets[0]!);
  if (!view.isOpen(market.id)) return;
  const history = view.history(market.id);
  const move = history.movePpm(view.height, window);
  if (Math.abs(move) < Math.max(leastMovePpm, 3 * history.noisePpm(view.height, window))) return;
  const held = heldIn(ticket.account, market);
  const up = move > 0;
  const side = up ? 'buy' : 'sell';
  if (held !== 0n && held > 0n === up) return;
  if (held !== 0n) {
    ticket.market(market, side, abs(held), slippagePpm, true);
    return;
  }
  ticket.topUp(equity(ticket.account, view.markets));
  const quantity = affordable(ticket.account, view, market, slippagePpm) / 2n;
  if (!isDust(quantity, market)) ticket.market(market, side, quantity, slippagePpm);
}
