import type { Randomness } from '../random.js';
import { keeper } from './keeper.js';
import { leveraged } from './leveraged.js';
import { maker } from './maker.js';
import { OrderTicket } from './orders.js';
import { reversion } from './reversion.js';
import { countRoles, type Role, type Trader } from './trader.js';
import { trend } from './trend.js';
import type { TraderView } from './view.js';

/** How often those act whom others count on, in blocks: makers quote, keepers renew their bids and unwind. */
const ownPeriods: Partial<Readonly<Record<Role, number>>> = { maker: 8, keeper: 4 };
/** How many of the others look at the market in one block, however many they are. */
const visitsPerBlock = 4;
/** Nobody visits more often than this, in blocks. */
const leastPeriod = 6;

/** Who acts when. The orders of a block are a function of the seed, the height, the state before it and the prices up to it. */
export class Crowd {
  readonly #traders: readonly Trader[];
  /** How many there are of each role. */
  readonly roles: Readonly<Record<Role, number>>;
  readonly #randomness: Randomness;
  readonly #periods: readonly number[];
  readonly #places: readonly number[];

  constructor(traders: readonly Trader[], randomness: Randomness) {
    this.#traders = traders;
    this.roles = countRoles(traders);
    this.#randomness = randomness;
    const others = traders.filter(({ role }) => ownPeriods[role] === undefined).length;
    const period = Math.max(leastPeriod, Math.ceil(others / visitsPerBlock));
    const seen = { maker: 0, keeper: 0, others: 0 };
    this.#places = traders.map(({ role }) => seen[role === 'maker' || role === 'keeper' ? role : 'others']++);
    this.#periods = traders.map(({ role }) => ownPeriods[role] ?? period);
  }

  /** Signed transactions for the block after `view.height`, at most one for each trader. */
  transactions(view: TraderView, chainId: string): Uint8Array[] {
    const next = view.height + 1;
    const txs: Uint8Array[] = [];
    for (const trader of this.#traders) {
      const { index } = trader;
      if ((next + this.#places[index]!) % this.#periods[index]! !== 0) continue;
      const ticket = new OrderTicket(trader, view);
      act(trader, view, ticket, this.#randomness, next);
      if (ticket.messages.length === 0) continue;
      // A transaction that misses its block must never run in a later one.
      txs.push(trader.wallet.sign(ticket.messages, chainId, view.signer(trader), BigInt(next)));
    }
    return txs;
  }
}

function act(trader: Trader, view: TraderView, ticket: OrderTicket, randomness: Randomness, height: number): void {
  switch (trader.role) {
    case 'maker':
      return maker(trader, view, ticket);
    case 'keeper':
      return keeper(trader, view, ticket);
    case 'trend':
      return trend(trader, view, ticket);
    case 'reversion':
      return reversion(trader, view, ticket);
    case 'long':
    case 'short':
      return leveraged(trader, view, ticket, randomness.at(height, trader.index));
  }
}
