import type { Setup } from '../compare/setup.js';
import type { StepBook } from './book.js';
import { profitRank, Venue, type Account } from './venue.js';

/** Maintenance is half of the initial margin at the highest leverage. */
const maintenancePart = 0.5;
/** Health below which the vault takes position and collateral. */
const vaultHealth = 2 / 3;
/** Positions above this are closed by a fifth first, and whole after the pause. USDC. */
const largePosition = 100_000;
const firstPart = 0.2;
const pauseSeconds = 30;
/** Part of its capital that the vault may lose before it takes nothing more. */
const lossLimit = 0.5;
/** Inventory that it may hold, as a multiple of its capital. */
const inventoryLimit = 5;

/**
 * A queue by profit and leverage: our own small model of what Hyperliquid
 * describes (peers.md 2.4). Market orders into the book first; below two
 * thirds of maintenance margin the vault takes the position with what is left
 * of its collateral; whoever is beyond bankruptcy, or finds the vault full, is
 * closed against winners in the order of (mark / entry) * (notional / equity)
 * at the mark of the step before.
 */
export class LeverageQueue extends Venue {
  #vault = { quantity: 0, cash: 0 };
  /** Of its losses, those of accounts beyond bankruptcy. */
  #absorbed = 0;
  #queue: Account[] | undefined;
  readonly #begun = new Map<number, number>();

  /** @param rates maintenance margin by step; its own unless given */
  constructor(setup: Setup, rates: readonly number[] = [setup.case.initial * maintenancePart]) {
    super(setup, rates);
    this.#vault.cash = this.capital;
  }

  protected override worth(price: number): number {
    return this.#vault.cash + this.#vault.quantity * price;
  }

  protected override takersLoss(price: number): number {
    return Math.max(0, this.setup.capital - this.worth(price) - this.#absorbed);
  }

  protected liquidate(price: number, book: StepBook): void {
    this.#queue = undefined;
    this.#unwind(price, book);
    for (const { account, equity, margin } of this.failing(price)) {
      if (equity >= vaultHealth * margin) {
        this.#sell(account, price, book);
        continue;
      }
      if (equity >= 0 && this.#takes(account, price)) {
        this.#vault.quantity += account.quantity;
        this.#vault.cash += account.cash;
        account.quantity = 0;
        account.cash = 0;
      } else if (equity < 0) this.#deleverage(account, price);
      else this.#sell(account, price, book);
    }
  }

  #sell(account: Account, price: number, book: StepBook): void {
    const long = account.quantity > 0;
    let size = Math.abs(account.quantity);
    const begun = this.#begun.get(account.index);
    if (size * price > largePosition) {
      if (begun === undefined) {
        size *= firstPart;
        this.#begun.set(account.index, this.step);
      } else if ((this.step - begun) * this.setup.case.stepSeconds < pauseSeconds) return;
    }
    // Not beyond bankruptcy: the rest waits, and goes to the vault.
    const { quantity, quote } = book.take(long, size, -account.cash / account.quantity);
    account.cash += long ? quote : -quote;
    account.quantity += long ? -quantity : quantity;
    if (Math.abs(account.quantity) < 1e-12) account.quantity = 0;
  }

  #takes(account: Account, price: number): boolean {
    const { capital } = this.setup;
    if (this.worth(price) < capital * (1 - lossLimit)) return false;
    return Math.abs(this.#vault.quantity + account.quantity) * price <= capital * inventoryLimit;
  }

  /** Sells inventory into what the book has, a fifth of it in a step at most, within half a per cent. */
  #unwind(price: number, book: StepBook): void {
    const { quantity: held } = this.#vault;
    if (held === 0) return;
    const long = held > 0;
    const { quantity, quote } = book.take(long, Math.abs(held) / 5, price * (long ? 0.995 : 1.005));
    this.#vault.cash += long ? quote : -quote;
    this.#vault.quantity += long ? -quantity : quantity;
  }

  /** Winners of the other side, those with the most profit and leverage first. */
  #winners(long: boolean, price: number): Account[] {
    this.#queue ??= [...this.accounts]
      .filter((each) => each.quantity !== 0 && each.first?.step !== this.step)
      .map((each) => ({ each, rank: profitRank(each, price, this.equity(each, price)) }))
      .sort((a, b) => b.rank - a.rank || a.each.index - b.each.index)
      .map(({ each }) => each);
    return this.#queue.filter((each) => each.quantity !== 0 && each.quantity > 0 !== long);
  }

  #deleverage(account: Account, price: number): void {
    const before = this.setup.path[this.step - 1]!;
    const long = account.quantity > 0;
    const deficit = -this.equity(account, price);
    const whole = Math.abs(account.quantity);
    const average = this.averageLeverage(!long, price);
    let given = 0;
    for (const other of this.#winners(long, price)) {
      if (account.quantity === 0) break;
      const size = Math.min(Math.abs(account.quantity), Math.abs(other.quantity));
      this.deleveraged.add(size * price, this.leverage(other, price), average);
      const signed = long ? size : -size;
      account.quantity -= signed;
      account.cash += signed * before;
      other.quantity += signed;
      other.cash -= signed * before;
      if (Math.abs(other.quantity) < 1e-12) other.quantity = 0;
      if (Math.abs(account.quantity) < 1e-12) account.quantity = 0;
      given += signed * (before - price);
    }
    this.deficit += deficit * (1 - Math.abs(account.quantity) / whole);
    // The price of the step before is better or worse for the winner than the mark: what it costs him is a haircut.
    this.taken += Math.max(0, given);
    this.needed += Math.min(Math.max(0, given), deficit);
    // What is still owed, or left over, is the vault's: there is no other fund.
    if (account.quantity === 0) {
      this.#vault.cash += account.cash;
      this.#absorbed += Math.max(0, -account.cash);
      account.cash = 0;
    }
    if (this.worth(price) < 0) {
      this.unpaid -= this.worth(price);
      this.#vault.cash -= this.worth(price);
    }
  }
}
