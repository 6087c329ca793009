import { abs, billion, cdiv, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import { MaintenanceExposures, maintenanceMargin } from '../margin/maintenance.js';
import { base, type AccountView, type MarketView, type Markets, type Quote, type Side } from '../types.js';
import { notional } from '../units/amounts.js';

/** How a vault hedges what it holds. risk-model section 11. */
/** A hedge is begun or enlarged when margin falls by such a part, ppm. */
const leastReliefPpm = 200_000n;
/** What it may cost, with its fee, ppm of its notional. */
const costPpm = 500n;
/** Sizes that are tried, up to the one that leaves nothing on balance. */
const parts = 20n;
/** A hedge may be so much more than is wanted before it shrinks, ppm of that: marks alone should not trade. */
const slackPpm = 100_000n;

/** What a vault holds in a market, on its worse side for its cluster. */
interface Leaning {
  /** Positive when the inventory is long. */
  readonly sign: 1n | -1n;
  /** Linear margin of the inventory's positions of the cluster on balance, quote quanta. */
  readonly margin: bigint;
}

/** Which way the inventory of a cluster leans; undefined when it does not. */
function leaning(vault: AccountView, hedge: MarketView, markets: Markets): Leaning | undefined {
  let sum = 0n;
  for (const { marketId, quantity } of vault.positions) {
    const market = markets(marketId);
    if (marketId === hedge.id || market.loading.cluster !== hedge.loading.cluster) continue;
    const margin = fdiv(notional(market, quantity) * market.maintenanceRate, billion);
    sum += quantity > 0n ? margin : -margin;
  }
  return sum === 0n ? undefined : { sign: sum > 0n ? 1n : -1n, margin: abs(sum) };
}

export interface HedgePlan {
  /** The hedge that the rest of the vault's positions want now, signed base quanta in whole steps; zero: none. */
  readonly target: bigint;
  /** What of the position is more than that, or on the other side and so no hedge: to be sold like inventory. Signed. */
  readonly excess: bigint;
  /** What to order now, signed; zero when that is not worth it. */
  readonly order: bigint;
  /** Maintenance margin of the vault as it is, and with the order filled. */
  readonly before: Quote;
  readonly after: Quote;
}

/**
 * The position in a market that lowers a vault's maintenance margin most, of
 * twenty sizes up to the one that leaves its cluster flat. It grows only when
 * margin falls by a fifth or more, and is never more than the inventory of
 * the moment wants and a tenth: margins scale with positions, so it shrinks
 * in proportion to them and ends with them. O(20 * positions).
 * @param largest size that the vault may hold, base quanta, positive
 */
export function planHedge(vault: AccountView, hedge: MarketView, markets: Markets, largest: bigint): HedgePlan {
  const held = vault.positions.find(({ marketId }) => marketId === hedge.id)?.quantity ?? 0n;
  const before = maintenanceMargin(vault, markets);
  const nothing = { target: 0n, excess: held, order: 0n, before, after: before };
  const leans = leaning(vault, hedge, markets);
  if (leans === undefined) return nothing;
  const { stepSize, markPrice, quoteDivisor, maintenanceRate } = hedge;
  const flat = fdiv(fdiv(leans.margin * billion, maintenanceRate) * quoteDivisor, markPrice);
  const most = min(flat, largest);
  const sums = new MaintenanceExposures(vault, markets);
  if (held !== 0n) sums.remove(hedge, base(held));
  let best = { size: 0n, margin: sums.margin() };
  for (let part = 1n; part <= parts; part++) {
    const size = fdiv(most * part, parts * stepSize) * stepSize;
    if (size === 0n) continue;
    const margin = sums.marginWith(hedge, base(-leans.sign * size));
    if (margin < best.margin) best = { size, margin };
  }
  const target = -leans.sign * best.size;
  if (target === 0n || held * target < 0n) return { ...nothing, target };
  const more = best.size - abs(held);
  if (more <= 0n) return { ...nothing, target, excess: -more * million > best.size * slackPpm ? held - target : 0n };
  const worthIt = best.margin * million <= before * (million - leastReliefPpm);
  return worthIt
    ? { target, excess: 0n, order: target - held, before, after: best.margin }
    : { ...nothing, target, excess: 0n };
}

/**
 * The worst price at which a hedge, its fee included, costs no more than five
 * basis points, rounded against its counterpart; undefined when the fee alone is more.
 */
export function hedgeLimit({ markPrice, tickSize, takerFee }: MarketView, side: Side): bigint | undefined {
  if (takerFee > costPpm) return undefined;
  const distance = costPpm - takerFee;
  const moved = markPrice * (million + (side === 'buy' ? distance : -distance));
  const ticks = side === 'buy' ? fdiv(moved, million * tickSize) : cdiv(moved, million * tickSize);
  return max(1n, ticks) * tickSize;
}
