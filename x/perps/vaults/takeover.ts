import { abs, cdiv, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import { maintenanceMargin, MaintenanceExposures } from '../margin/maintenance.js';
import { leastSufficient } from '../liquidation/search.js';
import type { SharedLeg } from '../liquidation/legs.js';
import { base, quote, type AccountView, type MarketView, type Markets, type Ppm, type Quote } from '../types.js';
import { notional } from '../units/amounts.js';

/** What a vault may hold and ask; ppm. */
export interface TakeoverLimits {
  /** Largest position: share of open interest, and of the vault's worth. */
  readonly interestPpm: bigint;
  readonly worthPpm: bigint;
  /** Largest maintenance margin: share of worth. */
  readonly marginPpm: bigint;
  /** Largest payment: share of the position's maintenance margin. */
  readonly paymentPpm: bigint;
}

/** Largest notional that a depositary of such worth may hold of a market, rounded down: never beyond 16 D. risk-model section 11. */
export function inventoryLimit(
  market: MarketView,
  worth: bigint,
  { interestPpm, worthPpm }: Pick<TakeoverLimits, 'interestPpm' | 'worthPpm'>,
): Quote {
  const byInterest = fdiv(market.openInterest * interestPpm, million);
  const byWorth = fdiv(max(0n, worth) * worthPpm, million);
  return quote(min(16n * market.depthUnit, min(byInterest, byWorth)));
}

/**
 * The most of a failing position that a vault may take, base quanta in whole
 * steps: its own position stays within the inventory limit and its margin
 * within its share of worth. What offsets the vault's position is bounded by
 * the limit on the other side. risk-model section 11. O(log(size)) margin evaluations.
 * @param wanted signed, as the vault would hold it
 */
export function takeoverRoom(
  vault: AccountView,
  worth: Quote,
  market: MarketView,
  wanted: bigint,
  limits: TakeoverLimits,
  markets: Markets,
): bigint {
  const held = vault.positions.find(({ marketId }) => marketId === market.id)?.quantity ?? 0n;
  const { stepSize, markPrice, quoteDivisor } = market;
  const limit = fdiv(inventoryLimit(market, worth, limits) * quoteDivisor, markPrice);
  const sign = wanted > 0n ? 1n : -1n;
  const room = min(abs(wanted), limit - sign * held);
  if (room < min(stepSize, abs(wanted))) return 0n;
  const sums = new MaintenanceExposures(vault, markets);
  if (held !== 0n) sums.remove(market, base(held));
  const most = fdiv(max(0n, worth) * limits.marginPpm, million);
  const quantityAt = (steps: bigint): bigint => min(abs(wanted), steps * stepSize);
  const fits = (steps: bigint): boolean => sums.marginWith(market, base(held + sign * quantityAt(steps))) <= most;
  const all = room === abs(wanted) ? cdiv(room, stepSize) : room / stepSize;
  if (fits(all)) return quantityAt(all);
  if (!fits(0n)) return 0n;
  // Largest number of steps that fits, when one more does not.
  let low = 0n;
  let high = all;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return quantityAt(low);
}

/**
 * What an account pays for so much of a position: its part of
 * min(E_i, MM_i / 2), rounded up and so never more than that. INV-B3.
 */
export function takeoverPayment(
  leg: Pick<SharedLeg, 'share' | 'margin' | 'size'>,
  quantity: bigint,
  paymentPpm: bigint,
): Quote {
  const whole = min(max(0n, leg.share), fdiv(leg.margin * paymentPpm, million));
  return quote(cdiv(whole * quantity, leg.size));
}

/** What is asked of a takeover that is sized. */
export interface TakeoverCase {
  readonly account: AccountView;
  readonly equity: Quote;
  readonly leg: SharedLeg;
  /** The most that the vault may take, base quanta. */
  readonly room: bigint;
  readonly paymentPpm: bigint;
  readonly targetHealth: Ppm;
  /** Least notional that may be left of a position. */
  readonly least: Quote;
}

/**
 * How much of a position the vault takes: the least that brings the account
 * to target health after paying for it, all that it may when that does not
 * suffice, and nothing when less of the position would leave the account with
 * more margin to hold, because it hedges others. risk-model sections 10.2 and
 * 10.5. O(log(size)) margin evaluations.
 */
export function sizeTakeover(
  { account, equity, leg, room, paymentPpm, targetHealth, least }: TakeoverCase,
  markets: Markets,
): bigint {
  const { market, size, position } = leg;
  const { stepSize } = market;
  const before = maintenanceMargin(account, markets);
  const sums = new MaintenanceExposures(account, markets);
  sums.remove(market, position.quantity);
  const left = (quantity: bigint): bigint => (position.quantity > 0n ? size - quantity : quantity - size);
  const marginAfter = (quantity: bigint): bigint =>
    quantity === size ? sums.margin() : sums.marginWith(market, base(left(quantity)));
  const all = cdiv(room, stepSize);
  const quantityAt = (steps: bigint): bigint => min(room, steps * stepSize);
  const healthAt = (steps: bigint): bigint => {
    const quantity = quantityAt(steps);
    const paid = takeoverPayment(leg, quantity, paymentPpm);
    return million * (equity - paid) - targetHealth * marginAfter(quantity);
  };
  let quantity = healthAt(all) >= 0n ? quantityAt(leastSufficient(healthAt, all)) : room;
  if (notional(market, base(size - quantity)) < least && room === size) quantity = size;
  return marginAfter(quantity) < before ? quantity : 0n;
}
