/** What one venue did on one path. Parts, not per cent, unless said. */
export interface VenueFigures {
  /** Notional of all over equity of all when the path begins. */
  readonly leverage: number;
  /** Losses that nobody paid, in basis points of both sides' open interest. */
  readonly badDebt: number;
  /** Taken from winners, in the same. */
  readonly haircut: number;
  /** Taken from winners over what was needed; undefined when nothing was taken. */
  readonly overshoot: number | undefined;
  /** Largest loss of the capital behind the market. */
  readonly drawdown: number;
  /** Bad debt and the loss of that capital at the end, basis points of both sides' open interest; a gain counts as none. */
  readonly loss: number;
  /** Closed on winners against their will, as a part of open interest. */
  readonly deleveraged: number;
  readonly liquidated: number;
  /** Liquidated, and would have stood an hour later; both as parts of all accounts. */
  readonly unnecessary: number;
  /** Of those who were liquidated: equity at the end over all they ever brought. */
  readonly equityLeft: number;
  /** Seconds from the first step under maintenance margin to the last of that spell: mean and 99th percentile of spells. */
  readonly unsafeMean: number;
  readonly unsafeP99: number;
}

/** The mean of each figure over seeds; of overshoot, over the runs in which something was taken. */
export function meanOf(runs: readonly VenueFigures[]): VenueFigures {
  const mean = (of: (each: VenueFigures) => number | undefined): number | undefined => {
    const known = runs.map(of).filter((value) => value !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  return {
    leverage: mean((each) => each.leverage)!,
    badDebt: mean((each) => each.badDebt)!,
    haircut: mean((each) => each.haircut)!,
    overshoot: mean((each) => each.overshoot),
    drawdown: mean((each) => each.drawdown)!,
    loss: mean((each) => each.loss)!,
    deleveraged: mean((each) => each.deleveraged)!,
    liquidated: mean((each) => each.liquidated)!,
    unnecessary: mean((each) => each.unnecessary)!,
    equityLeft: mean((each) => each.equityLeft)!,
    unsafeMean: mean((each) => each.unsafeMean)!,
    unsafeP99: mean((each) => each.unsafeP99)!,
  };
}

/** Seconds that accounts were under maintenance margin at the ends of steps. */
export class Spells {
  readonly #open = new Map<number | string, number>();
  readonly #lengths: number[] = [];

  /** @param unsafe accounts under maintenance margin when the step ended; @param ended those that were so within it and are not any more */
  step(step: number, unsafe: ReadonlySet<number | string>, within: ReadonlySet<number | string>): void {
    for (const account of within) if (!this.#open.has(account) && !unsafe.has(account)) this.#lengths.push(0);
    for (const account of unsafe) if (!this.#open.has(account)) this.#open.set(account, step);
    for (const [account, since] of [...this.#open]) {
      if (unsafe.has(account)) continue;
      this.#lengths.push(step - since);
      this.#open.delete(account);
    }
  }

  /** Mean and 99th percentile; spells that last to the end count as long as they were seen. */
  end(step: number, stepSeconds: number): { readonly unsafeMean: number; readonly unsafeP99: number } {
    const all = [...this.#lengths, ...[...this.#open.values()].map((since) => step - since)].sort((a, b) => a - b);
    if (all.length === 0) return { unsafeMean: 0, unsafeP99: 0 };
    return {
      unsafeMean: (all.reduce((sum, each) => sum + each, 0) / all.length) * stepSeconds,
      unsafeP99: all[Math.ceil(all.length * 0.99) - 1]! * stepSeconds,
    };
  }
}
