import { abs, billion, cdiv, fdiv, max, min } from '../../../runtime/math/integers.js';
import { fundingScale } from '../margin/equity.js';
import { steepestRate } from '../margin/exposure.js';
import type { AccountView, MarketView, Markets } from '../types.js';
import { notional } from '../units/amounts.js';

/**
 * How far markets may move before an account can fail (risk-model section
 * 19.3). Let L be the sum over blocks of relative moves of a market's mark,
 * funding included. While L <= 10 %, no position's notional N grows beyond
 * 1.12 N, so equity falls and maintenance margin rises by at most
 * 1.12 N (1 + m) L, with m the largest marginal maintenance rate. Offsets
 * change nothing about it: margin is sub-additive (INV-P2), so the margin
 * after a move is at most the margin before and what the changes of the
 * single positions would need alone, even when a move takes a hedge apart.
 * An account whose slack over maintenance margin exceeds that for all its
 * positions need not be looked at. The bound selects accounts; the exact rule
 * decides.
 */

/** Longest way for which the bound holds, ppb. */
const longest = 100_000_000n;
/** 1.12 as a fraction: more than e^0.1. */
const growth = { numerator: 112n, denominator: 100n };
/** Largest marginal rate of the concentration staircase, ppb. */
const steepest = 80_000_000n;
/** What rounding of value, funding, margin and concentration may take from the slack, per position. */
const roundingPerPosition = 8n;

/** A market as the account was last looked at. */
export type Marked = Pick<MarketView, 'markPrice' | 'fundingIndex'>;

/** How far a market went from one block to the next, ppb of its mark, rounded up. A market without a mark has not moved. */
export function stepOf(before: Marked, after: Marked): bigint {
  if (before.markPrice === 0n || after.markPrice === 0n) return 0n;
  const least = min(before.markPrice, after.markPrice);
  const move = cdiv(abs(after.markPrice - before.markPrice) * billion, before.markPrice);
  const funding = cdiv(abs(after.fundingIndex - before.fundingIndex) * billion, fundingScale * least);
  return move + funding;
}

/**
 * Way that all markets of an account may go before it can fail, ppb, rounded
 * down: zero when it must be looked at after any move.
 * @param slack equity less maintenance margin, not negative
 */
export function reachOf(account: AccountView, slack: bigint, markets: Markets): bigint {
  const spare = max(0n, slack - roundingPerPosition * BigInt(account.positions.length));
  let loss = 0n;
  for (const { marketId, quantity } of account.positions) {
    const market = markets(marketId);
    loss += cdiv(notional(market, quantity) * (billion + steepestRate(market) + steepest), billion);
  }
  if (loss === 0n) return longest;
  return min(longest, fdiv(spare * billion * growth.denominator, loss * growth.numerator));
}
