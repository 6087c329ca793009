import { abs, cdiv, max, million, min } from '../../../runtime/math/integers.js';
import { maintenanceMarginOf } from '../margin/maintenance.js';
import { equity as equityOf } from '../margin/equity.js';
import { clampedHealth } from '../margin/acceptance.js';
import {
  base,
  ppm,
  quote,
  type AccountView,
  type Base,
  type MarketId,
  type MarketView,
  type Markets,
  type PositionView,
  type Ppm,
  type Price,
  type Quote,
  type RiskParams,
  type Side,
} from '../types.js';
import { mulPpmUp, notional } from '../units/amounts.js';
import { allocateByMargin } from './allocate.js';
import { bankruptcyPrice, limitDistance, limitPrice } from './limits.js';
import { penaltyRate } from './penalty.js';

/** One closing order of a liquidation. */
export interface CloseStep {
  readonly marketId: MarketId;
  readonly side: Side;
  /** Base quanta, positive, at most the position. */
  readonly quantity: Base;
  readonly limitPrice: Price;
  readonly bankruptcyPrice: Price;
  /** Charged on the notional that closes. */
  readonly penaltyRate: Ppm;
}

/** A position with what its close costs. */
interface Leg {
  readonly position: PositionView;
  readonly market: MarketView;
  readonly size: bigint;
  readonly margin: Quote;
  readonly share: Quote;
  readonly penalty: Ppm;
  readonly distance: Ppm;
  /** Penalty and half the limit distance, ppm of closed notional. */
  readonly cost: Ppm;
}

function legsOf(
  account: AccountView,
  markets: Markets,
  params: RiskParams,
  equity: Quote,
  h: Ppm,
  margins: readonly Quote[],
  tranchePays: (id: MarketId) => boolean,
): Leg[] {
  const shares = allocateByMargin(equity, margins);
  return account.positions.map((position, index) => {
    const market = markets(position.marketId);
    const share = quote(shares[index]!);
    const penalty = penaltyRate(h, market, params);
    const size = notional(market, position.quantity);
    const distance = limitDistance(h, market, share, size, tranchePays(market.id), params);
    return {
      position,
      market,
      size: abs(position.quantity),
      margin: margins[index]!,
      share,
      penalty,
      distance,
      cost: ppm(penalty + max(0n, distance) / 2n),
    };
  });
}

/**
 * What to close so that the account stands at target health tau after paying
 * for it: the least that suffices, market by market, the one that restores
 * most health for its cost first. risk-model section 10.2.
 *
 * Health after closing x, H(x) = E - cost(x) - tau * MM(x), is concave in x
 * because margin is convex, and rises to the end because closing costs less
 * than the margin it frees: penalty and half the limit distance stay below
 * tau * m. So the least sufficient x is found by bisection, and when all of a
 * position is not enough, all of it closes and the next market follows.
 * O(positions * log(size)) margin evaluations.
 */
export function planClose(
  account: AccountView,
  markets: Markets,
  params: RiskParams,
  tranchePays: (id: MarketId) => boolean,
): CloseStep[] {
  const margins = account.positions.map(({ marketId, quantity }) => maintenanceMarginOf(markets(marketId), quantity));
  const equity = equityOf(account, markets);
  let margin = margins.reduce((sum, each) => sum + each, 0n);
  const h = clampedHealth({ equity, maintenanceMargin: quote(margin) });
  const open = legsOf(account, markets, params, equity, h, margins, tranchePays);
  const steps: CloseStep[] = [];
  let spent = 0n;

  while (open.length > 0) {
    /** H of section 10.2, scaled by a million, after closing n steps of a leg. */
    const healthAfter = (leg: Leg, closed: bigint): bigint => {
      const cost = mulPpmUp(notional(leg.market, base(closed)), leg.cost);
      const rest = maintenanceMarginOf(leg.market, base(leg.size - closed));
      return million * (equity - spent - cost) - params.targetHealth * (margin - leg.margin + rest);
    };
    const leg = steepest(open, healthAfter);
    open.splice(open.indexOf(leg), 1);
    const at = (n: bigint): bigint => healthAfter(leg, min(leg.size, n * leg.market.stepSize));
    const all = cdiv(leg.size, leg.market.stepSize);
    const enough = at(all) >= 0n;
    const count = enough ? leastSufficient(at, all) : all;
    if (count === 0n) break;
    const quantity = boundedQuantity(leg, min(leg.size, count * leg.market.stepSize), h, params);
    steps.push(stepOf(leg, quantity));
    spent += mulPpmUp(notional(leg.market, quantity), leg.cost);
    margin += maintenanceMarginOf(leg.market, base(leg.size - quantity)) - leg.margin;
    if (enough) break;
  }
  return steps;
}

/** Beyond the solver's bound: close the position with the largest margin whole. O(positions). */
export function planCloseRiskiest(
  account: AccountView,
  markets: Markets,
  params: RiskParams,
  tranchePays: (id: MarketId) => boolean,
): CloseStep[] {
  const margins = account.positions.map(({ marketId, quantity }) => maintenanceMarginOf(markets(marketId), quantity));
  const equity = equityOf(account, markets);
  const total = quote(margins.reduce((sum, each) => sum + each, 0n));
  const h = clampedHealth({ equity, maintenanceMargin: total });
  const legs = legsOf(account, markets, params, equity, h, margins, tranchePays);
  let riskiest: Leg | undefined;
  for (const leg of legs) if (riskiest === undefined || leg.margin > riskiest.margin) riskiest = leg;
  return riskiest === undefined ? [] : [stepOf(riskiest, base(riskiest.size))];
}

function stepOf(leg: Leg, quantity: Base): CloseStep {
  const { market, position } = leg;
  return {
    marketId: market.id,
    side: position.quantity > 0n ? 'sell' : 'buy',
    quantity,
    limitPrice: limitPrice(market, position.quantity, leg.distance),
    bankruptcyPrice: bankruptcyPrice(market, position.quantity, leg.share),
    penaltyRate: leg.penalty,
  };
}

/** The leg whose first per cent gains most health for its size; ties to the lower market. */
function steepest(legs: readonly Leg[], healthAfter: (leg: Leg, closed: bigint) => bigint): Leg {
  let best = legs[0]!;
  let bestGain: readonly [bigint, bigint] | undefined;
  for (const leg of legs) {
    const part = max(1n, leg.size / 100n);
    const size = max(1n, notional(leg.market, base(part)));
    const gain = healthAfter(leg, part) - healthAfter(leg, 0n);
    // Compare gain / size as fractions.
    if (bestGain === undefined || gain * bestGain[1] > bestGain[0] * size) {
      best = leg;
      bestGain = [gain, size];
    }
  }
  return best;
}

/** Smallest n in 0..end with f(n) >= 0, when f(end) >= 0 and f is concave up to rounding. */
function leastSufficient(f: (n: bigint) => bigint, end: bigint): bigint {
  let low = 0n;
  let high = end;
  while (low < high) {
    const middle = (low + high) / 2n;
    if (f(middle) >= 0n) high = middle;
    else low = middle + 1n;
  }
  return low;
}

/** Applies the least and largest size of one block's close. risk-model section 10.2. */
function boundedQuantity(leg: Leg, wanted: bigint, h: Ppm, params: RiskParams): Base {
  const { market, size } = leg;
  const least = market.class === 'A' || market.class === 'B' ? params.minLiquidationAB : params.minLiquidationCD;
  const quantityOf = (worth: bigint): bigint =>
    min(size, cdiv(cdiv(worth * market.quoteDivisor, market.markPrice), market.stepSize) * market.stepSize);
  let quantity = max(wanted, quantityOf(least));
  if (h >= params.sliceHealth) {
    const slice = max((notional(market, base(size)) * params.sliceShare) / million, params.sliceNotional);
    quantity = min(quantity, quantityOf(slice));
  }
  if (notional(market, base(size - quantity)) < least) quantity = size;
  return base(quantity);
}
