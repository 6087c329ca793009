import { max, min } from '../../../runtime/math/integers.js';
import { proRata } from '../matching/allocate.js';
import type { MarketView, Ppm, Quote } from '../types.js';
import { ppm } from '../types.js';
import { fdiv, million } from '../units/index.js';
import { maintenancePpm } from '../liquidation/index.js';

/** Bids ask for discounts in steps of 5 basis points. */
export const discountStep = 500n;
/** Blocks after which the ceiling stands at half the maintenance rate. */
const blocksToCap = 10n;
/** Rounding that a fill, and what is left of the position, may cost the failing account. */
const rounding = 2n;

/** The largest discount that a market ever grants: m/2, ppm. risk-model section 10.5, L2. */
export const discountCap = (market: MarketView): Ppm => ppm(maintenancePpm(market) / 2n);

/**
 * The largest discount that a failing account pays on a position: m/20 for
 * each block that its close has not been enough, this one included, at most
 * m/2, and never more than the equity that belongs to the position, so that
 * no discount makes a deficit. Negative when there is none. ppm, rounded down.
 * @param equityShare the account's equity that belongs to the position (E_i)
 * @param notional of the whole position at mark, rounded up
 * @param age blocks before this one
 */
export function discountCeiling(market: MarketView, equityShare: Quote, notional: Quote, age: bigint): Ppm {
  const m = maintenancePpm(market);
  const risen = ((min(age, blocksToCap) + 1n) * m) / (2n * blocksToCap);
  const own = fdiv((equityShare - rounding) * million, max(1n, notional));
  return ppm(min(min(risen, m / 2n), own));
}

/** A bid with what its account can carry of it. */
export interface Offer {
  /** Account, market and client id: decides between equals. */
  readonly key: string;
  readonly minDiscount: Ppm;
  /** Base quanta, whole steps. */
  readonly quantity: bigint;
}

/** A failing position that keepers may take. */
export interface Demand {
  readonly ceiling: Ppm;
  /** Base quanta. */
  readonly quantity: bigint;
}

export interface Clearing<O extends Offer, D extends Demand> {
  /** What every fill gets. */
  readonly discount: Ppm;
  /** Base quanta, in order of discount and key. */
  readonly fills: readonly { readonly offer: O; readonly quantity: bigint }[];
  /** In the order of the demands. */
  readonly takes: readonly { readonly demand: D; readonly quantity: bigint }[];
}

/**
 * One discount for a market and side: the lowest at which most is taken.
 * Bids that ask less fill whole, those that ask just this share what is left
 * pro rata in whole steps; no bid's time counts, so neither the order of
 * transactions nor splitting a bid changes anything. Of the positions, those
 * whose ceiling is below the discount stay; the others fill in their order.
 * Undefined when nothing fits. O((offers + demands) * log).
 * @param demands worst account first
 */
export function clearDiscount<O extends Offer, D extends Demand>(
  offers: readonly O[],
  demands: readonly D[],
  stepSize: bigint,
): Clearing<O, D> | undefined {
  const sorted = offers
    .filter(({ quantity }) => quantity > 0n)
    .sort((a, b) =>
      a.minDiscount !== b.minDiscount ? (a.minDiscount < b.minDiscount ? -1 : 1) : a.key < b.key ? -1 : 1,
    );
  const chosen = mostTaken(sorted, demands);
  if (chosen === undefined) return undefined;
  const { discount, volume } = chosen;
  return {
    discount,
    fills: shareOut(sorted, discount, volume, stepSize),
    takes: inOrder(demands, discount, volume),
  };
}

/** The lowest discount with the largest volume. Each level of bids is tried once, while demands drop out by ceiling. */
function mostTaken(
  sorted: readonly Offer[],
  demands: readonly Demand[],
): { readonly discount: Ppm; readonly volume: bigint } | undefined {
  const byCeiling = [...demands].sort((a, b) => (a.ceiling < b.ceiling ? -1 : a.ceiling > b.ceiling ? 1 : 0));
  let wanted = byCeiling.reduce((sum, { quantity }) => sum + quantity, 0n);
  let out = 0;
  let supply = 0n;
  let best: { discount: Ppm; volume: bigint } | undefined;
  for (let at = 0; at < sorted.length;) {
    const discount = sorted[at]!.minDiscount;
    for (; at < sorted.length && sorted[at]!.minDiscount === discount; at++) supply += sorted[at]!.quantity;
    for (; out < byCeiling.length && byCeiling[out]!.ceiling < discount; out++) wanted -= byCeiling[out]!.quantity;
    const volume = min(supply, wanted);
    if (volume > (best?.volume ?? 0n)) best = { discount, volume };
  }
  return best;
}

function shareOut<O extends Offer>(sorted: readonly O[], discount: Ppm, volume: bigint, stepSize: bigint) {
  const fills: { offer: O; quantity: bigint }[] = [];
  const margin: O[] = [];
  let left = volume;
  for (const offer of sorted) {
    if (offer.minDiscount > discount) break;
    if (offer.minDiscount === discount) margin.push(offer);
    else {
      // What asks less never covers the volume: a lower discount would have.
      fills.push({ offer, quantity: offer.quantity });
      left -= offer.quantity;
    }
  }
  const quantities = margin.map(({ quantity }) => quantity);
  const total = quantities.reduce((sum, quantity) => sum + quantity, 0n);
  for (const [index, quantity] of proRata(quantities, total, left, stepSize).entries())
    if (quantity > 0n) fills.push({ offer: margin[index]!, quantity });
  return fills;
}

function inOrder<D extends Demand>(demands: readonly D[], discount: Ppm, volume: bigint) {
  const takes: { demand: D; quantity: bigint }[] = [];
  let left = volume;
  for (const demand of demands) {
    if (demand.ceiling < discount || left === 0n) continue;
    const quantity = min(demand.quantity, left);
    takes.push({ demand, quantity });
    left -= quantity;
  }
  return takes;
}
