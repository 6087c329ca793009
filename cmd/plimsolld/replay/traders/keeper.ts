import { discountCap, discountStep } from '../../../../x/perps/keeper-bids/clearing.js';
import { equity } from '../../../../x/perps/margin/index.js';
import { base, ppm, type MarketView } from '../../../../x/perps/types.js';
import { abs, max, million, notional } from '../../../../x/perps/units/index.js';
import { affordable, heldIn, type OrderTicket, type WantedBid } from './orders.js';
import type { Trader } from './trader.js';
import type { TraderView } from './view.js';

/** Rungs of the ladder in parts of the largest discount, ppm. The first is what a failing account pays in its first block. */
const rungs = [100_000n, 300_000n, 600_000n];
/** Less is not worth a bid, quote quanta: the least that the chain accepts. */
const leastBid = 1_000_000_000n;
const slippagePpm = 3_000;

/**
 * Stands ready on both sides of its market with half of what margin allows,
 * at a ladder of discounts, renews what was taken, and closes on the book
 * what it took. What it holds uses its margin up: when the book is too thin to
 * close it, the ladder shrinks.
 */
export function keeper(trader: Trader, view: TraderView, ticket: OrderTicket): void {
  const market = view.markets(trader.markets[0]!);
  if (!view.permits(market.id, 'takeover')) return;
  const held = heldIn(ticket.account, market);
  if (held === 0n) ticket.topUp(equity(ticket.account, view.markets));
  const wanted = ladder(ticket, view, market);
  const standing = view.bids(trader);
  const renews = !stands(wanted, standing);
  if (renews && standing.length > 0) ticket.cancelAll();
  if (held !== 0n && view.permits(market.id, 'reduce'))
    ticket.market(market, held > 0n ? 'sell' : 'buy', abs(held), slippagePpm, true);
  if (renews) for (const [index, bid] of wanted.entries()) ticket.bid(market, bid, index + 1);
}

/** The same notional at each rung of both sides: margin counts the larger side only. Empty when margin is too small for the least bids. */
function ladder({ account }: OrderTicket, view: TraderView, market: MarketView): WantedBid[] {
  const quantity = affordable(account, view, market, 0) / (2n * BigInt(rungs.length));
  const remaining = notional(market, base(quantity));
  if (remaining < leastBid) return [];
  const cap = discountCap(market);
  return (['buy', 'sell'] as const).flatMap((side) =>
    rungs.map((part) => {
      const asked = (cap * part) / million;
      return { side, remaining, minDiscount: ppm(max(discountStep, asked - (asked % discountStep))) };
    }),
  );
}

/** Whether each wanted bid stands, with between half and twice of what it should have. Both lists are in order of client ids. */
const stands = (wanted: readonly WantedBid[], standing: readonly WantedBid[]): boolean =>
  wanted.length === standing.length &&
  wanted.every(({ side, remaining, minDiscount }, index) => {
    const own = standing[index]!;
    return (
      own.side === side &&
      own.minDiscount === minDiscount &&
      own.remaining * 2n >= remaining &&
      own.remaining <= 2n * remaining
    );
  });
