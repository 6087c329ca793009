import { abs, billion, cdiv, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import { fundingScale } from '../margin/equity.js';
import { assetValue } from '../margin/collateral.js';
import { steepestRate } from '../margin/exposure.js';
import {
  ppb,
  type AccountView,
  type AssetView,
  type Loading,
  type MarketView,
  type Markets,
  type Ppm,
} from '../types.js';
import { notional } from '../units/amounts.js';

/**
 * How far markets may move before an account's health can cross a level k, in
 * either direction: 1 is maintenance margin, below which it fails, others
 * warn (risk-model sections 19.3 and 10.1). For a market, let L be the sum over
 * blocks of relative moves of its mark, funding included, and R half as much
 * again as the sum of what its maintenance rate m moved by, and of m times what its
 * loadings changed by. Moves up and down count alike.
 *
 * A position's notional grows to at most N e^L, and its rate to m + R / 1.5.
 * Maintenance margin is a maximum of norms of the positions' margins, plus
 * concentration of slope s at most: it changes by no more than what each
 * position's margin changes, and each times its loadings. So equity less k
 * times maintenance margin, for k up to 1.5, changes by at most
 *   integral of N e^L ((1 + k (m + s) + R) dL + dR) = N ((1 + k (m + s)) (e^L - 1) + e^L R)
 *   <= 1.12 N (1 + k (m + s)) (L + R)   while L + R <= 10 %,
 * because e^0.1 is less than 1.106. With stress vectors, their largest shock
 * counts in place of a smaller m. An account that has more room than that on
 * both sides need not be looked at. The bound selects accounts; the exact
 * rule decides.
 *
 * Collateral is one more position: its value V is the notional, with the move
 * of 1 - l as part of L; its own margin rate h is m, and all its moves are part
 * of R. Together at most 1.12 V (1 + k h + 10 %) (L + R).
 *
 * A depth unit D that falls to D' raises concentration: it is homogeneous in
 * (N, D) and of slope s at most, so by no more than s N (D - D') / D'. When it
 * rises to D', concentration falls by no more than s N (D' - D) / D. That
 * fraction is part of L, which every position has k s for.
 */

/** Longest way for which the bound holds, ppb. */
export const longestReach = 100_000_000n;
/** 1.12 as a fraction: more than e^0.1. */
export const reachGrowth = { numerator: 112n, denominator: 100n };
/** Largest marginal rate of the concentration staircase, ppb. */
export const steepestConcentration = 80_000_000n;
/** What rounding of value, funding and one and a half times margin and concentration may take from the room, per position. */
export const reachRounding = 12n;
/** What moves of rates and loadings count for: the highest level of health, as a fraction. */
const rateWeight = { numerator: 3n, denominator: 2n };

const ppbPerPpm = 1_000n;

/** A market as the account was last looked at. */
export type Marked = Pick<MarketView, 'markPrice' | 'fundingIndex' | 'maintenanceRate' | 'loading' | 'depthUnit'>;

/**
 * How far a market went from one block to the next, ppb, rounded up: its mark
 * and funding relative to the mark, its depth unit, and with their weight its
 * maintenance rate and its loadings. A market without a mark has not moved.
 */
export function stepOf(before: Marked, after: Marked): bigint {
  if (before.markPrice === 0n || after.markPrice === 0n) return 0n;
  const least = min(before.markPrice, after.markPrice);
  const move = cdiv(abs(after.markPrice - before.markPrice) * billion, before.markPrice);
  const funding = cdiv(abs(after.fundingIndex - before.fundingIndex) * billion, fundingScale * least);
  const depth = cdiv(abs(after.depthUnit - before.depthUnit) * billion, min(before.depthUnit, after.depthUnit));
  const rate =
    abs(after.maintenanceRate - before.maintenanceRate) +
    turned(max(before.maintenanceRate, after.maintenanceRate), before.loading, after.loading);
  return move + funding + depth + weighted(rate);
}

const weighted = (rate: bigint): bigint => cdiv(rate * rateWeight.numerator, rateWeight.denominator);

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
  const rate =
    abs(after.riskRate - before.riskRate) * ppbPerPpm +
    turned(max(before.riskRate, after.riskRate) * ppbPerPpm, before.loading, after.loading);
  return (
    cdiv(abs(after.price - before.price) * billion, before.price) +
    cdiv(abs(after.discount - before.discount) * billion, kept) +
    weighted(rate)
  );
}

/** What equity less `level` of maintenance margin may change by, quote quanta. */
export interface Room {
  /** From 1 to 1.5. */
  readonly level: Ppm;
  /** Not negative. */
  readonly amount: bigint;
}

/**
 * Way that all markets of an account may go before it can use up one of the
 * rooms, in either direction, ppb, rounded down: zero when it must be looked
 * at after any move. O(positions + assets held).
 */
export function reachOf(account: AccountView, rooms: readonly Room[], markets: Markets): bigint {
  let flat = 0n;
  let margin = 0n;
  for (const { marketId, quantity } of account.positions) {
    const market = markets(marketId);
    const size = notional(market, quantity);
    flat += size;
    margin += cdiv(size * (steepestRate(market) + steepestConcentration), billion);
  }
  for (const { assetId, amount } of account.collateral) {
    const asset = markets.asset(assetId);
    const rate = steepestRate({ maintenanceRate: ppb(asset.riskRate * ppbPerPpm), shocks: asset.shocks });
    const value = assetValue(asset, amount);
    flat += cdiv(value * (billion + longestReach), billion);
    margin += cdiv(value * rate, billion);
  }
  if (flat === 0n) return longestReach;
  const rounding = reachRounding * BigInt(account.positions.length + account.collateral.length);
  let reach = longestReach;
  for (const { level, amount } of rooms) {
    const loss = flat + cdiv(level * margin, million);
    const spare = max(0n, amount - rounding);
    reach = min(reach, fdiv(spare * billion * reachGrowth.denominator, loss * reachGrowth.numerator));
  }
  return reach;
}
