import { cdiv, max, min } from '../../../runtime/math/integers.js';
import { quote, type Quote } from '../types.js';

/** Somebody whose gain may pay for a deficit in a market. */
export interface Payer {
  readonly key: string;
  /** Equity before any haircut of this block. */
  readonly equity: Quote;
  /** Haircuts already paid in this block, all markets. */
  readonly paid: Quote;
  /** Open profit in the market since entry when the block's closes began, 0 if none or not on the winning side. */
  readonly openProfit: Quote;
  /** Gain in the market since the end of the previous block. */
  readonly marketGain: Quote;
  /** Gain of the whole account since the end of the previous block, without deposits. */
  readonly accountGain: Quote;
}

export interface Payment {
  readonly key: string;
  /** 1: open profit, 2: this block's gain in the market, 3: this block's gain of the account. */
  readonly tier: 1 | 2 | 3;
  readonly amount: Quote;
  /** What he could pay in the tier, what all could, and what was asked of all: amount = up(due * base / total), at most base. */
  readonly base: Quote;
  readonly total: Quote;
  readonly due: Quote;
  /** Equity before any haircut, and haircuts of the block before this one. */
  readonly equity: Quote;
  readonly paidBefore: Quote;
}

export interface HaircutPlan {
  readonly payments: readonly Payment[];
  /** Rounding surplus: goes to the market's tranche. Less than one quantum for each payment. */
  readonly surplus: bigint;
  /** What nobody could be charged: zero by the one-block gain theorem. */
  readonly unpaid: bigint;
}

/**
 * Who pays what insurance did not: pro rata on open profit, then on this
 * block's gain in the market, then on this block's gain of the account. Nobody
 * pays beyond his gain or his equity. risk-model section 13.2; INV-A2, A3, A8.
 * Payers come in key order. O(payers).
 */
export function planHaircut(deficit: bigint, payers: readonly Payer[]): HaircutPlan {
  const payments: Payment[] = [];
  const paid = payers.map((each) => each.paid as bigint);
  let left = deficit;
  const tiers: readonly (readonly [1 | 2 | 3, (payer: Payer, paid: bigint) => bigint])[] = [
    [1, (each, already) => min(each.openProfit, each.equity - already)],
    [2, (each, already) => min(each.marketGain, each.equity) - already],
    [3, (each, already) => min(each.accountGain, each.equity) - already],
  ];
  for (const [tier, base] of tiers) {
    if (left <= 0n) break;
    const bases = payers.map((each, index) => max(0n, base(each, paid[index]!)));
    const total = bases.reduce((sum, each) => sum + each, 0n);
    if (total === 0n) continue;
    const due = min(left, total);
    for (const [index, each] of bases.entries()) {
      if (each === 0n) continue;
      const amount = min(each, cdiv(due * each, total));
      const payer = payers[index]!;
      payments.push({
        key: payer.key,
        tier,
        amount: quote(amount),
        base: quote(each),
        total: quote(total),
        due: quote(due),
        equity: payer.equity,
        paidBefore: quote(paid[index]!),
      });
      paid[index] = paid[index]! + amount;
      left -= amount;
    }
  }
  return { payments, surplus: max(0n, -left), unpaid: max(0n, left) };
}
