import { StepBook } from './book.js';
import { Deleveraged, Spells, type VenueFigures } from '../compare/figures.js';
import { anHourAfter, type Setup } from '../compare/setup.js';

/** An account of a baseline. USD and base units, in floating point: no consensus hangs on it. */
export interface Account {
  readonly index: number;
  /** Negative for a short. */
  quantity: number;
  cash: number;
  entry: number;
  reserve: number;
  /** All that it ever brought. */
  brought: number;
  /** Height of its first liquidation, and cash and position as they stood then. */
  first?: { readonly step: number; readonly quantity: number; readonly cash: number };
}

/** Health under which those with a reserve bring it. */
export const topUpHealth = 1.2;

/** What baselines have in common: people, prices, books, and how they are judged. */
export abstract class Venue {
  protected readonly accounts: readonly Account[];
  /** Maintenance margin over notional, by step; the last one holds on. */
  readonly #rates: readonly number[];
  /** What stands behind the market. */
  protected capital: number;
  readonly #start: number;
  #least: number;
  protected taken = 0;
  protected needed = 0;
  protected readonly deleveraged = new Deleveraged();
  /** How far accounts were below zero when they were closed. */
  protected deficit = 0;
  protected unpaid = 0;
  protected step = 0;
  readonly #within = new Set<number>();

  constructor(
    protected readonly setup: Setup,
    rates: readonly number[],
  ) {
    const price = setup.path[0]!;
    this.#rates = rates;
    this.capital = this.#start = this.#least = setup.capital;
    this.accounts = setup.holders.map(({ long, notional, equity, reserve }, index) => {
      const quantity = ((long ? 1 : -1) * notional) / price;
      return { index, quantity, cash: equity - quantity * price, entry: price, reserve, brought: equity };
    });
  }

  /** Closes whoever must be closed at this price. */
  protected abstract liquidate(price: number, book: StepBook): void;
  /** What the capital is worth, with the positions that it took. */
  protected worth(_price: number): number {
    return this.capital;
  }

  /** What those lost who took positions over, apart from bad debt. */
  protected takersLoss(_price: number): number {
    return 0;
  }

  /** As it stands in this step. */
  protected get maintenance(): number {
    return this.#rates[Math.min(this.step, this.#rates.length - 1)]!;
  }

  protected equity({ quantity, cash }: Account, price: number): number {
    return cash + quantity * price;
  }

  protected margin({ quantity }: Account, price: number): number {
    return Math.abs(quantity) * price * this.maintenance;
  }

  protected leverage(account: Account, price: number): number {
    return (Math.abs(account.quantity) * price) / Math.max(this.equity(account, price), 1e-9);
  }

  /** Notional over equity of everybody on a side who is not bankrupt. */
  protected averageLeverage(long: boolean, price: number): number {
    const side = this.accounts.filter(({ quantity }) => quantity !== 0 && quantity > 0 === long);
    const solvent = side.filter((account) => this.equity(account, price) > 0);
    const notional = solvent.reduce((sum, { quantity }) => sum + Math.abs(quantity) * price, 0);
    return (
      notional /
      Math.max(
        solvent.reduce((sum, account) => sum + this.equity(account, price), 0),
        1e-9,
      )
    );
  }

  /** Accounts under maintenance margin, each looked at when those before it have been dealt with, and noted as liquidated. */
  protected *failing(price: number): Iterable<{ account: Account; equity: number; margin: number }> {
    for (const account of this.accounts) {
      if (account.quantity === 0) continue;
      const margin = this.margin(account, price);
      const equity = this.equity(account, price);
      if (equity >= margin) continue;
      this.#mark(account);
      yield { account, equity, margin };
    }
  }

  /** Notes the first liquidation of an account. */
  #mark(account: Account): void {
    account.first ??= { step: this.step, quantity: account.quantity, cash: account.cash };
    this.#within.add(account.index);
  }

  run(): VenueFigures {
    const { setup } = this;
    const leverage =
      setup.holders.reduce((sum, { notional }) => sum + notional, 0) /
      setup.holders.reduce((sum, { equity }) => sum + equity, 0);
    const spells = new Spells();
    for (this.step = 1; this.step <= setup.steps; this.step++) {
      const price = setup.path[this.step]!;
      for (const account of this.accounts) {
        if (account.reserve === 0 || account.quantity === 0) continue;
        if (this.equity(account, price) >= topUpHealth * this.margin(account, price)) continue;
        account.cash += account.reserve;
        account.brought += account.reserve;
        account.reserve = 0;
      }
      this.#within.clear();
      this.liquidate(price, new StepBook(price, setup.depth[this.step]!));
      const unsafe = new Set<number>();
      for (const account of this.accounts)
        if (this.equity(account, price) < this.margin(account, price) - 1e-6) unsafe.add(account.index);
      spells.step(this.step, unsafe, this.#within);
      this.#least = Math.min(this.#least, this.worth(price));
    }
    const last = setup.path[setup.steps]!;
    // Whoever is below zero when the path ends.
    const open = this.accounts.reduce((sum, account) => sum + Math.max(0, -this.equity(account, last)), 0);
    const badDebt = this.deficit + open;
    const closed = this.accounts.filter(({ first }) => first !== undefined);
    const stood = closed.filter(({ first }) => {
      const price = anHourAfter(setup, first!.step);
      if (price === undefined) return false;
      const worth = first!.cash + first!.quantity * price;
      return worth >= Math.abs(first!.quantity) * price * this.#rates[0]!;
    });
    const left = closed.reduce((sum, account) => sum + Math.max(0, this.equity(account, last)), 0);
    const brought = closed.reduce((sum, account) => sum + account.brought, 0);
    const points = 10_000 / (2 * setup.interest);
    return {
      leverage,
      badDebt: badDebt * points,
      unpaid: (this.unpaid + open) * points,
      haircut: this.taken * points,
      overshoot: this.taken < 1e-6 ? undefined : this.taken / Math.max(this.needed, 1e-6),
      drawdown: (this.#start - this.#least) / this.#start,
      loss: (badDebt + this.takersLoss(last)) * points,
      gain: (this.worth(last) - this.#start) / this.#start,
      deleveraged: this.deleveraged.notional / setup.interest,
      deleveragedCalm: this.deleveraged.calmPart,
      liquidated: closed.length / this.accounts.length,
      unnecessary: stood.length / this.accounts.length,
      equityLeft: brought === 0 ? 1 : left / brought,
      ...spells.end(setup.steps, setup.case.stepSeconds),
    };
  }
}

/** Place in a queue by profit and leverage: (mark / entry) * (notional / equity), the other way round for a short. */
export function profitRank({ quantity, entry }: Account, price: number, equity: number): number {
  const gain = quantity > 0 ? price / entry : entry / price;
  return gain * ((Math.abs(quantity) * price) / Math.max(equity, 1e-9));
}
