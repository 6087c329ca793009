import { Randomness, type Draws } from '../../../cmd/plimsolld/replay/random.js';
import type { Setup } from '../compare/setup.js';
import type { StepBook } from './book.js';
import { profitRank, Venue, type Account } from './venue.js';

/** Maintenance over initial margin: 1.2 over 2 per cent there. */
const maintenancePart = 0.6;
/** How fast the worst acceptable price of a close goes away from the oracle as health falls. */
const spread = 1.5;
/** Of the notional that was closed, at most, to the fund. */
const feePart = 0.015;
/** Accounts that are looked at for one deleveraging. */
const scanned = 500;

/** Against whom a bankrupt is closed: its own random order, a queue by profit and leverage, or the riskiest alike. */
export type AdlOrder = 'random' | 'queue' | 'water-fill';

/** What is different from the venue as it is described. */
export interface StaticChanges {
  /** Maintenance margin by step, parts of notional. */
  readonly rates?: readonly number[];
  readonly order?: AdlOrder;
  /** A close pays the price of the last quote that it takes for all of it, as in an auction. */
  readonly onePrice?: boolean;
}

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

  readonly #order: AdlOrder;
  readonly #onePrice: boolean;

  constructor(setup: Setup, seed: string, { rates, order = 'random', onePrice = false }: StaticChanges = {}) {
    super(setup, rates ?? [setup.case.initial * maintenancePart]);
    this.#order = order;
    this.#onePrice = onePrice;
    this.#draws = new Randomness(`static margin ${seed}`).at(0, 0);
  }

  protected liquidate(price: number, book: StepBook): void {
    for (const { account, equity, margin } of this.failing(price)) {
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
    const { quantity, quote } = book.take(long, size, limit, this.#onePrice);
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
    this.deficit += paid;
    this.capital -= paid;
    account.cash += paid;
  }

  /** Closes the rest at its bankruptcy price against accounts of the other side. */
  #deleverage(account: Account, price: number): void {
    const bankruptcy = -account.cash / account.quantity;
    const long = account.quantity > 0;
    const away = Math.abs(price - bankruptcy);
    const average = this.averageLeverage(!long, price);
    for (const { other, most } of this.#counterparts(account, price)) {
      if (account.quantity === 0) break;
      const size = Math.min(Math.abs(account.quantity), most);
      const cost = size * away;
      // Prices of bankruptcy must overlap: nobody is pushed under.
      if (this.equity(other, price) < cost) continue;
      this.deleveraged.add(size * price, this.leverage(other, price), average);
      const signed = long ? size : -size;
      account.quantity -= signed;
      account.cash += signed * bankruptcy;
      other.quantity += signed;
      other.cash -= signed * bankruptcy;
      this.deficit += cost;
      this.taken += cost;
      this.needed += cost;
    }
    if (Math.abs(account.quantity) < 1e-12) account.quantity = 0;
  }

  /** Who is closed, in turn, and how much of each at most. */
  #counterparts(account: Account, price: number): readonly { readonly other: Account; readonly most: number }[] {
    const start = this.#draws.below(this.accounts.length);
    const scannedNow = this.#order === 'random' ? Math.min(scanned, this.accounts.length) : this.accounts.length;
    const others = Array.from({ length: scannedNow }, (_, at) => this.accounts[(start + at) % this.accounts.length]!)
      .filter((other) => other.quantity !== 0 && other.quantity > 0 !== account.quantity > 0)
      .map((other) => ({ other, most: Math.abs(other.quantity) }));
    if (this.#order === 'queue') {
      const rank = ({ other }: { readonly other: Account }): number =>
        profitRank(other, price, this.equity(other, price));
      return others.sort((a, b) => rank(b) - rank(a) || a.other.index - b.other.index);
    }
    return this.#order === 'random' ? others : this.#filled(others, Math.abs(account.quantity), price);
  }

  /** Closes those down first who are most leveraged, all to the same level. risk-model section 13.1. */
  #filled(others: readonly { readonly other: Account; readonly most: number }[], wanted: number, price: number) {
    const above = (leverage: number): { readonly other: Account; readonly most: number }[] =>
      others.map(({ other, most }) => {
        const kept = (leverage * Math.max(0, this.equity(other, price))) / price;
        return { other, most: Math.max(0, most - kept) };
      });
    let [low, high] = [0, 10_000];
    for (let round = 0; round < 60; round++) {
      const middle = (low + high) / 2;
      const sum = above(middle).reduce((total, { most }) => total + most, 0);
      if (sum >= wanted) low = middle;
      else high = middle;
    }
    return above(low).filter(({ most }) => most > 0);
  }
}
