import { StepBook } from './book.js';
import { Spells, type VenueFigures } from '../compare/figures.js';
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
  protected readonly maintenance: number;
  /** What stands behind the market. */
  protected capital: number;
  readonly #start: number;
  #least: number;
  protected taken = 0;
  protected needed = 0;
  protected deleveraged = 0;
  protected badDebt = 0;
  protected step = 0;
  readonly #within = new Set<number>();

  constructor(
    protected readonly setup: Setup,
    maintenance: number,
  ) {
    const price = setup.path[0]!;
    this.maintenance = maintenance;
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

  protected equity({ quantity, cash }: Account, price: number): number {
    return cash + quantity * price;
  }

  protected margin({ quantity }: Account, price: number): number {
    return Math.abs(quantity) * price * this.maintenance;
  }

  /** Notes the first liquidation of an account. */
  protected mark(account: Account): void {
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
    let unpaid = this.badDebt;
    for (const account of this.accounts) unpaid += Math.max(0, -this.equity(account, last));
    const closed = this.accounts.filter(({ first }) => first !== undefined);
    const stood = closed.filter(({ first }) => {
      const price = anHourAfter(setup, first!.step);
      if (price === undefined) return false;
      const worth = first!.cash + first!.quantity * price;
      return worth >= Math.abs(first!.quantity) * price * this.maintenance;
    });
    const left = closed.reduce((sum, account) => sum + Math.max(0, this.equity(account, last)), 0);
    const brought = closed.reduce((sum, account) => sum + account.brought, 0);
    const points = 10_000 / (2 * setup.interest);
    return {
      leverage,
      badDebt: unpaid * points,
      haircut: this.taken * points,
      overshoot: this.taken < 1e-6 ? undefined : this.taken / Math.max(this.needed, 1e-6),
      drawdown: (this.#start - this.#least) / this.#start,
      loss: (unpaid + Math.max(0, this.#start - this.worth(last))) * points,
      deleveraged: this.deleveraged / setup.interest,
      liquidated: closed.length / this.accounts.length,
      unnecessary: stood.length / this.accounts.length,
      equityLeft: brought === 0 ? 1 : left / brought,
      ...spells.end(setup.steps, setup.case.stepSeconds),
    };
  }
}
