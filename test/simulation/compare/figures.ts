/** What one venue did on one path. Parts, not per cent, unless said. */
export interface VenueFigures {
  /** Notional of all over equity of all when the path begins. */
  readonly leverage: number;
  /** How far accounts fell below zero, whoever paid for it, in basis points of both sides' open interest. risk-model section 21.4 */
  readonly badDebt: number;
  /** Of that, what nobody paid. */
  readonly unpaid: number;
  /** Taken from winners, in the same. */
  readonly haircut: number;
  /** Taken from winners over what was needed; undefined when nothing was taken. */
  readonly overshoot: number | undefined;
  /** Largest loss of the capital behind the market. */
  readonly drawdown: number;
  /** Bad debt and what those lost who took positions over, basis points of both sides' open interest; their gain counts as none. */
  readonly loss: number;
  /** What the capital behind the market gained, penalties and fees of closes included. */
  readonly gain: number;
  /** Closed on winners against their will, as a part of open interest. */
  readonly deleveraged: number;
  /** Of that, the part closed on accounts with less leverage than their side on average; undefined when nothing was. */
  readonly deleveragedCalm: number | undefined;
  readonly liquidated: number;
  /** Liquidated, and would have stood an hour later; both as parts of all accounts. */
  readonly unnecessary: number;
  /** Of those who were liquidated: equity at the end over all they ever brought. */
  readonly equityLeft: number;
  /** Seconds from the first step under maintenance margin to the last of that spell: mean and 99th percentile of spells. */
  readonly unsafeMean: number;
  readonly unsafeP99: number;
}

/** The mean of each figure over seeds; of what is undefined where nothing was taken or closed, over the other runs. */
export function meanOf(runs: readonly VenueFigures[]): VenueFigures {
  const mean = (of: (each: VenueFigures) => number | undefined): number | undefined => {
    const known = runs.map(of).filter((value) => value !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  return {
    leverage: mean((each) => each.leverage)!,
    badDebt: mean((each) => each.badDebt)!,
    unpaid: mean((each) => each.unpaid)!,
    haircut: mean((each) => each.haircut)!,
    overshoot: mean((each) => each.overshoot),
    drawdown: mean((each) => each.drawdown)!,
    loss: mean((each) => each.loss)!,
    gain: mean((each) => each.gain)!,
    deleveraged: mean((each) => each.deleveraged)!,
    deleveragedCalm: mean((each) => each.deleveragedCalm),
    liquidated: mean((each) => each.liquidated)!,
    unnecessary: mean((each) => each.unnecessary)!,
    equityLeft: mean((each) => each.equityLeft)!,
    unsafeMean: mean((each) => each.unsafeMean)!,
    unsafeP99: mean((each) => each.unsafeP99)!,
  };
}

/** What was closed on winners against their will. */
export class Deleveraged {
  #all = 0;
  #calm = 0;

  /** @param notional what was closed; @param leverage of the account; @param average notional over equity of its side */
  add(notional: number, leverage: number, average: number): void {
    this.#all += notional;
    if (leverage < average) this.#calm += notional;
  }

  get notional(): number {
    return this.#all;
  }

  /** The part closed on those with less leverage than the average. */
  get calmPart(): number | undefined {
    return this.#all === 0 ? undefined : this.#calm / this.#all;
  }
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
