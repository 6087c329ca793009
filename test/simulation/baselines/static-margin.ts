import { Randomness, type Draws } from '../../../cmd/plimsolld/replay/random.js';
import type { Setup } from '../compare/setup.js';
import type { StepBook } from './book.js';
import { Venue, type Account } from './venue.js';

/** Maintenance over initial margin: 1.2 over 2 per cent there. */
const maintenancePart = 0.6;
/** How fast the worst acceptable price of a close goes away from the oracle as health falls. */
const spread = 1.5;
/** Of the notional that was closed, at most, to the fund. */
const feePart = 0.015;
/** Accounts that are looked at for one deleveraging. */
const scanned = 500;

/**
 * Static margin with fill, insurance or random deleveraging: our own small
 * model of what the dYdX chain describes (risk-model 21.4). A close takes the
 * book down to a fillable price that gets worse with health, beyond bankruptcy
 * as long as a fund without caps pays for it; what is left of somebody beyond
 * bankruptcy is closed at his bankruptcy price against accounts in random
 * order. What nobody takes stays.
 */
export class StaticMargin extends Venue {
  readonly #draws: Draws;

  constructor(setup: Setup, seed: string) {
    super(setup, setup.case.initial * maintenancePart);
    this.#draws = new Randomness(`static margin ${seed}`).at(0, 0);
  }

  protected liquidate(price: number, book: StepBook): void {
    for (const account of this.accounts) {
      if (account.quantity === 0) continue;
      const margin = this.margin(account, price);
      const equity = this.equity(account, price);
      if (equity >= margin) continue;
      this.mark(account);
      this.#sell(account, price, book, 1 - equity / margin);
      if (account.quantity !== 0 && this.equity(account, price) < 0) this.#deleverage(account, price);
    }
  }

  #sell(account: Account, price: number, book: StepBook, shortfall: number): void {
    const long = account.quantity > 0;
    const size = Math.abs(account.quantity);
    // Cash over size: the price at which nothing is left.
    const bankruptcy = -account.cash / account.quantity;
    const away = Math.min(1, shortfall) * spread * this.maintenance;
    const fillable = price * (1 + (long ? -away : away));
    const limit = this.capital > 0 ? fillable : long ? Math.max(fillable, bankruptcy) : Math.min(fillable, bankruptcy);
    const { quantity, quote } = book.take(long, size, limit);
    if (quantity === 0) return;
    account.cash += long ? quote : -quote;
    account.quantity += long ? -quantity : quantity;
    if (Math.abs(account.quantity) > 1e-12) {
      // The part that was closed below bankruptcy is the fund's.
      const owed = quantity * bankruptcy - quote;
      const shortOf = long ? owed : -owed;
      if (shortOf > 0) this.#fund(account, shortOf);
      return;
    }
    account.quantity = 0;
    if (account.cash < 0) this.#fund(account, -account.cash);
    else {
      const fee = Math.min(account.cash, feePart * quote);
      account.cash -= fee;
      this.capital += fee;
    }
  }

  #fund(account: Account, amount: number): void {
    const paid = Math.min(this.capital, amount);
    this.capital -= paid;
    account.cash += paid;
  }

  /** Closes the rest at its bankruptcy price against accounts of the other side, from a random one on. */
  #deleverage(account: Account, price: number): void {
    const bankruptcy = -account.cash / account.quantity;
    const long = account.quantity > 0;
    const start = this.#draws.below(this.accounts.length);
    for (let seen = 0; seen < Math.min(scanned, this.accounts.length) && account.quantity !== 0; seen++) {
      const other = this.accounts[(start + seen) % this.accounts.length]!;
      if (other.quantity === 0 || other.quantity > 0 === long) continue;
      const size = Math.min(Math.abs(account.quantity), Math.abs(other.quantity));
      const cost = size * Math.abs(price - bankruptcy);
      // Prices of bankruptcy must overlap: nobody is pushed under.
      if (this.equity(other, price) < cost) continue;
      const signed = long ? size : -size;
      account.quantity -= signed;
      account.cash += signed * bankruptcy;
      other.quantity += signed;
      other.cash -= signed * bankruptcy;
      this.taken += cost;
      this.needed += cost;
      this.deleveraged += size * price;
    }
    if (Math.abs(account.quantity) < 1e-12) account.quantity = 0;
  }
}
