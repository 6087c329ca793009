import { cdiv, fdiv, min } from '../../../runtime/math/integers.js';
import type { MarketId } from '../types.js';

/**
 * How haircuts are repaid (risk-model section 13.2). A repayment reaches every
 * open haircut of a market in proportion to what is open of it, without
 * walking them: a cohort holds the haircuts of a day as shares of what is
 * open, and an index says what one share was repaid.
 */

/** Parts of a quote quantum that indexes count. */
export const indexScale = 1_000_000_000_000_000_000n;
/** A cohort that is repaid to less than this part takes no new haircut: shares would grow without bound. */
const nearlyRepaid = 1_000_000n;

export interface Cohort {
  readonly marketId: MarketId;
  readonly number: bigint;
  readonly day: bigint;
  readonly expiresMs: bigint;
  readonly granted: bigint;
  /** Open: granted, not repaid, not expired. */
  readonly remaining: bigint;
  /** At least `remaining`. */
  readonly shares: bigint;
  readonly index: bigint;
  /** Repaid and not collected. */
  readonly held: bigint;
  /** Claims not yet closed. */
  readonly claims: bigint;
}

export interface Claim {
  readonly amount: bigint;
  readonly shares: bigint;
  readonly offset: bigint;
  readonly collected: bigint;
}

export const emptyCohort = (at: Pick<Cohort, 'marketId' | 'number' | 'day' | 'expiresMs'>): Cohort => ({
  ...at,
  granted: 0n,
  remaining: 0n,
  shares: 0n,
  index: 0n,
  held: 0n,
  claims: 0n,
});

/** May a haircut of a day join the cohort? */
export const takesMore = ({ day, remaining, shares }: Cohort, today: bigint): boolean =>
  day === today && remaining > 0n && remaining * nearlyRepaid >= shares;

/**
 * Adds a haircut: shares rounded down, so that it is repaid no more than itself.
 * @param before of the same account in the same cohort, if any
 * @param amount quote quanta, positive
 */
export function grant(
  cohort: Cohort,
  before: Claim | undefined,
  amount: bigint,
): { readonly cohort: Cohort; readonly claim: Claim } {
  const shares = cohort.shares === 0n ? amount : fdiv(amount * cohort.shares, cohort.remaining);
  const had = before ?? { amount: 0n, shares: 0n, offset: 0n, collected: 0n };
  return {
    cohort: {
      ...cohort,
      granted: cohort.granted + amount,
      remaining: cohort.remaining + amount,
      shares: cohort.shares + shares,
      claims: cohort.claims + (before === undefined ? 1n : 0n),
    },
    claim: {
      amount: had.amount + amount,
      shares: had.shares + shares,
      offset: had.offset + shares * cohort.index,
      collected: had.collected,
    },
  };
}

/** Repays a part of what is open. @param amount at most `remaining` */
export const repay = (cohort: Cohort, amount: bigint): Cohort => ({
  ...cohort,
  remaining: cohort.remaining - amount,
  index: cohort.index + fdiv(amount * indexScale, cohort.shares),
  held: cohort.held + amount,
});

/** What a claim was repaid so far, rounded down; never more than its haircuts. */
export const repaid = ({ index }: Pick<Cohort, 'index'>, { shares, offset }: Claim): bigint =>
  fdiv(shares * index - offset, indexScale);

/** What of a claim is still open, rounded down. */
export const openOf = ({ remaining, shares }: Cohort, claim: Claim): bigint =>
  shares === 0n ? 0n : fdiv(claim.shares * remaining, shares);

/** Nothing more will be repaid. */
export const isOver = ({ remaining }: Cohort): boolean => remaining === 0n;

/**
 * Divides a repayment over cohorts in proportion to what is open of each, to
 * the quantum: rounded up in order, while there is any.
 * @param amount at most the sum of what is open
 */
export function divide(amount: bigint, cohorts: readonly Cohort[]): bigint[] {
  let left = amount;
  let open = cohorts.reduce((sum, { remaining }) => sum + remaining, 0n);
  return cohorts.map(({ remaining }) => {
    if (open === 0n) return 0n;
    const part = min(left, min(remaining, cdiv(left * remaining, open)));
    left -= part;
    open -= remaining;
    return part;
  });
}
