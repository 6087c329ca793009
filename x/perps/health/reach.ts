import { abs, billion, cdiv, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import { fundingScale } from '../margin/equity.js';
import { assetOf, assetValue } from '../margin/collateral.js';
import { steepestRate } from '../margin/exposure.js';
import { ppb, type AccountView, type AssetView, type Loading, type MarketView, type Markets } from '../types.js';
import { notional } from '../units/amounts.js';

/**
 * How far markets may move before an account can fail (risk-model section
 * 19.3). For a market, let L be the sum over blocks of relative moves of its
 * mark, funding included, and R the sum of what its maintenance rate m rose
 * by, and of m times what its loadings changed by.
 *
 * A position's notional grows to at most N e^L. Maintenance margin is a
 * maximum of norms of the positions' margins, plus concentration of slope s
 * at most: it rises by no more than what each position's margin changes, and
 * each times its loadings. So slack over maintenance margin falls by at most
 *   integral of N e^L ((1 + m + s + R) dL + dR) = N ((1 + m + s) (e^L - 1) + e^L R)
 *   <= 1.12 N (1 + m + s) (L + R)   while L + R <= 10 %,
 * because e^0.1 is less than 1.106. With stress vectors, their largest shock
 * counts in place of a smaller m. An account whose slack exceeds that for all
 * its positions need not be looked at. The bound selects accounts; the exact
 * rule decides.
 *
 * Collateral is one more position: its value V is the notional, with the move
 * of 1 - l as part of L; its own margin rate h is m, and all its moves are part
 * of R. Together at most 1.12 V (1 + h + 10 %) (L + R).
 *
 * A depth unit D that falls raises concentration: it is homogeneous in (N, D)
 * and of slope s at most, so by no more than s N (D - D') / D'. That fraction
 * is part of L, which every position has s for.
 */

/** Longest way for which the bound holds, ppb. */
const longest = 100_000_000n;
/** 1.12 as a fraction: more than e^0.1. */
const growth = { numerator: 112n, denominator: 100n };
/** Largest marginal rate of the concentration staircase, ppb. */
const steepest = 80_000_000n;
/** What rounding of value, funding, margin and concentration may take from the slack, per position. */
const roundingPerPosition = 8n;

const ppbPerPpm = 1_000n;

/** A market as the account was last looked at. */
export type Marked = Pick<MarketView, 'markPrice' | 'fundingIndex' | 'maintenanceRate' | 'loading' | 'depthUnit'>;

/**
 * How far a market went from one block to the next, ppb, rounded up: its
 * mark and funding relative to the mark, its maintenance rate upwards, its
 * loadings, and its depth unit downwards. A market without a mark has not moved.
 */
export function stepOf(before: Marked, after: Marked): bigint {
  if (before.markPrice === 0n || after.markPrice === 0n) return 0n;
  const least = min(before.markPrice, after.markPrice);
  const move = cdiv(abs(after.markPrice - before.markPrice) * billion, before.markPrice);
  const funding = cdiv(abs(after.fundingIndex - before.fundingIndex) * billion, fundingScale * least);
  const rate = max(0n, after.maintenanceRate - before.maintenanceRate);
  const thinner = cdiv(max(0n, before.depthUnit - after.depthUnit) * billion, after.depthUnit);
  return (
    move +
    funding +
    rate +
    thinner +
    turned(max(before.maintenanceRate, after.maintenanceRate), before.loading, after.loading)
  );
}

/** Margin rate times what the loadings changed by, in the unit of the rate. */
const turned = (rate: bigint, before: Loading, after: Loading): bigint =>
  before === after ? 0n : cdiv(rate * distance(before, after), million);

function distance(before: Loading, after: Loading): bigint {
  let sum = abs(after.idiosyncratic - before.idiosyncratic);
  const factors = before.rho.length > after.rho.length ? before.rho : after.rho;
  for (const j of factors.keys()) sum += abs((after.rho[j] ?? 0n) - (before.rho[j] ?? 0n));
  return sum;
}

/** An asset as an account that holds it was last looked at. */
export type Priced = Pick<AssetView, 'price' | 'discount' | 'riskRate' | 'loading'>;

/** How far an asset went from one block to the next, ppb, rounded up: its price, what is left after the discount, its margin rate and its loadings. */
export function assetStepOf(before: Priced, after: Priced): bigint {
  if (before.price === 0n || after.price === 0n) return 0n;
  const kept = million - before.discount;
  return (
    cdiv(abs(after.price - before.price) * billion, before.price) +
    cdiv(abs(after.discount - before.discount) * billion, kept) +
    abs(after.riskRate - before.riskRate) * ppbPerPpm +
    turned(max(before.riskRate, after.riskRate) * ppbPerPpm, before.loading, after.loading)
  );
}

/**
 * Way that all markets of an account may go before it can fail, ppb, rounded
 * down: zero when it must be looked at after any move.
 * @param slack equity less maintenance margin, and of an account with collateral no more than its USDC equity; not negative
 */
export function reachOf(account: AccountView, slack: bigint, markets: Markets): bigint {
  const parts = BigInt(account.positions.length + account.collateral.length);
  const spare = max(0n, slack - roundingPerPosition * parts);
  let loss = 0n;
  for (const { marketId, quantity } of account.positions) {
    const market = markets(marketId);
    loss += cdiv(notional(market, quantity) * (billion + steepestRate(market) + steepest), billion);
  }
  for (const { assetId, amount } of account.collateral) {
    const asset = assetOf(markets, assetId);
    const rate = steepestRate({ maintenanceRate: ppb(asset.riskRate * ppbPerPpm), shocks: asset.shocks });
    loss += cdiv(assetValue(asset, amount) * (billion + rate + longest), billion);
  }
  if (loss === 0n) return longest;
  return min(longest, fdiv(spare * billion * growth.denominator, loss * growth.numerator));
}
