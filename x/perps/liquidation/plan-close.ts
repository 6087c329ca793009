import { cdiv, max, million, min } from '../../../runtime/math/integers.js';
import { MaintenanceExposures, maintenanceMargin } from '../margin/maintenance.js';
import {
  base,
  ppm,
  type AccountView,
  type Base,
  type MarketId,
  type MarketView,
  type Markets,
  type Ppm,
  type Price,
  type Quote,
  type RiskParams,
  type Side,
} from '../types.js';
import { mulPpmUp, notional } from '../units/amounts.js';
import { sharedStanding, type SharedLeg, type SharedStanding } from './legs.js';
import { bankruptcyPrice, limitDistance, limitPrice } from './limits.js';
import { penaltyRate } from './penalty.js';
import { leastSufficient, maximiser } from './search.js';

/** One closing order of a liquidation. */
export interface CloseStep {
  readonly marketId: MarketId;
  readonly side: Side;
  /** Base quanta, positive, at most the position. */
  readonly quantity: Base;
  readonly limitPrice: Price;
  readonly bankruptcyPrice: Price;
  /** Farthest from mark that it may close, ppm of notional. */
  readonly distance: Ppm;
  /** Charged on the notional that closes. */
  readonly penaltyRate: Ppm;
  readonly reason: CloseReason;
}

/** The numbers that a close was made of, for those who ask why. */
export interface CloseReason {
  /** Notional of the whole position. */
  readonly notional: Quote;
  /** What the position contributes to maintenance margin, and the equity that belongs to it. */
  readonly margin: bigint;
  readonly equityShare: Quote;
  /** Penalty and half the distance of the limit from mark, ppm of closed notional. */
  readonly cost: Ppm;
  /** Base quanta that the solver wanted, before least sizes and slices. */
  readonly wanted: Base;
}

/** How far from mark a position may close, ppm of its notional; negative when its equity share is. */
export type CloseDistance = (h: Ppm, market: MarketView, equityShare: Quote, notional: Quote) => Ppm;

/** A position with what its close costs. */
interface Leg extends SharedLeg {
  readonly penalty: Ppm;
  readonly distance: Ppm;
  /** Penalty and half the limit distance, ppm of closed notional. */
  readonly cost: Ppm;
}

/** A failing account as the solver sees it. */
interface Patient extends Omit<SharedStanding, 'legs'> {
  readonly legs: readonly Leg[];
}

function patientOf(account: AccountView, markets: Markets, params: RiskParams, distanceOf: CloseDistance): Patient {
  const standing = sharedStanding(account, markets);
  const { h } = standing;
  const legs = standing.legs.map((leg): Leg => {
    const { market, position, share } = leg;
    const penalty = penaltyRate(h, market, params);
    const distance = distanceOf(h, market, share, notional(market, position.quantity));
    return { ...leg, penalty, distance, cost: ppm(penalty + max(0n, distance) / 2n) };
  });
  return { ...standing, legs };
}

/** Distances that the auction allows. */
const auctionDistance =
  (params: RiskParams, tranchePays: (id: MarketId) => boolean): CloseDistance =>
  (h, market, share, size) =>
    limitDistance(h, market, share, size, tranchePays(market.id), params);

/** What closing so much of a leg costs, rounded up. */
const closeCost = (leg: Leg, quantity: bigint): Quote => mulPpmUp(notional(leg.market, base(quantity)), leg.cost);

/** What is left of a leg's position, with its sign. */
const remaining = ({ position, size }: Leg, closed: bigint): Base =>
  base(position.quantity > 0n ? size - closed : closed - size);

/** A patient while legs are closed one after the other. */
class Closing {
  /** Base quanta that close, in the order of closing. */
  readonly closed = new Map<Leg, bigint>();
  /** What was wanted of a leg, where least sizes and slices made another size of it. */
  readonly wanted = new Map<Leg, bigint>();
  readonly #patient: Patient;
  readonly #targetHealth: Ppm;
  readonly #sums: MaintenanceExposures;
  #spent = 0n;

  constructor(patient: Patient, account: AccountView, markets: Markets, targetHealth: Ppm) {
    this.#patient = patient;
    this.#targetHealth = targetHealth;
    this.#sums = new MaintenanceExposures(account, markets);
  }

  /** True when the margin is a plain sum over legs. */
  get plain(): boolean {
    return this.#sums.plain;
  }

  /** Hands over H of section 10.2, scaled by a million, as a function of what closes of one leg. */
  consider<T>(leg: Leg, work: (healthAfter: (quantity: bigint) => bigint) => T): T {
    this.#sums.remove(leg.market, leg.position.quantity);
    const result = work((quantity) => {
      const margin = this.#sums.marginWith(leg.market, remaining(leg, quantity));
      return this.#score(this.#spent + closeCost(leg, quantity), margin);
    });
    this.#sums.add(leg.market, leg.position.quantity);
    return result;
  }

  close(leg: Leg, quantity: bigint): void {
    this.closed.set(leg, quantity);
    this.#spent += closeCost(leg, quantity);
    this.#sums.remove(leg.market, leg.position.quantity);
    this.#sums.add(leg.market, remaining(leg, quantity));
  }

  /** Closes of every leg the least equal share of what is left that suffices, or everything. */
  shrink(account: AccountView, markets: Markets): void {
    const { legs } = this.#patient;
    const shrunk = (share: bigint): bigint[] =>
      legs.map((leg) => {
        const done = this.closed.get(leg) ?? 0n;
        const steps = cdiv((leg.size - done) * share, million * leg.market.stepSize);
        return min(leg.size, done + steps * leg.market.stepSize);
      });
    const at = (share: bigint): bigint => {
      const quantities = shrunk(share);
      const cost = legs.reduce((sum, leg, index) => sum + closeCost(leg, quantities[index]!), 0n);
      const positions = legs
        .map((leg, index) => ({ ...leg.position, quantity: remaining(leg, quantities[index]!) }))
        .filter(({ quantity }) => quantity !== 0n);
      return this.#score(cost, maintenanceMargin({ ...account, positions }, markets));
    };
    const share = at(million) >= 0n ? leastSufficient(at, million) : million;
    for (const [index, quantity] of shrunk(share).entries()) {
      this.closed.set(legs[index]!, quantity);
      this.wanted.set(legs[index]!, quantity);
    }
  }

  #score(cost: bigint, margin: bigint): bigint {
    return million * (this.#patient.equity - cost) - this.#targetHealth * margin;
  }
}

/**
 * What to close so that the account stands at target health tau after paying
 * for it: the least that suffices, market by market, the one that restores
 * most health for its cost first. risk-model section 10.2.
 *
 * Health after closing x, H(x) = E - cost(x) - tau * MM(x), is concave in x
 * because margin is convex. Where nothing is hedged it rises to the end,
 * because penalty and half the limit distance stay below tau * m; a leg that
 * hedges others has a maximum before its end, which is found by thirds. If
 * the maximum suffices, the least sufficient x is found by bisection; if not,
 * the maximum is closed and the next market follows. A hedge whose legs do
 * not suffice one by one is closed in proportion, once the account is too ill
 * for slices or when no leg helps alone. O(positions * log(size)) margin evaluations of O(factors + clusters).
 */
export function planClose(
  account: AccountView,
  markets: Markets,
  params: RiskParams,
  tranchePays: (id: MarketId) => boolean,
): CloseStep[] {
  return planCloseWithin(account, markets, params, auctionDistance(params, tranchePays));
}

/** As `planClose`, at other distances from mark than the auction's: what a close costs decides how much must close. */
export function planCloseWithin(
  account: AccountView,
  markets: Markets,
  params: RiskParams,
  distanceOf: CloseDistance,
): CloseStep[] {
  const patient = patientOf(account, markets, params, distanceOf);
  const closing = new Closing(patient, account, markets, params.targetHealth);
  const { plain } = closing;
  const open = [...patient.legs];
  let enough = false;
  while (open.length > 0 && !enough) {
    const leg = steepest(open, closing);
    open.splice(open.indexOf(leg), 1);
    const quantity = closing.consider(leg, (healthAfter) => {
      const { stepSize } = leg.market;
      const at = (n: bigint): bigint => healthAfter(min(leg.size, n * stepSize));
      const all = cdiv(leg.size, stepSize);
      const most = plain || at(all) >= 0n ? all : maximiser(at, all);
      enough = at(most) >= 0n;
      const count = enough ? leastSufficient(at, most) : most;
      if (count === 0n) return 0n;
      const wanted = min(leg.size, count * stepSize);
      const bounded = boundedQuantity(leg, wanted, patient.h, params);
      closing.wanted.set(leg, wanted);
      // The least size may take away a hedge: then it does not count.
      return !plain && bounded > wanted && healthAfter(bounded) < healthAfter(0n) ? wanted : bounded;
    });
    closing.close(leg, quantity);
  }
  const nothing = [...closing.closed.values()].every((quantity) => quantity === 0n);
  if (!enough && !plain && (nothing || patient.h < params.sliceHealth)) closing.shrink(account, markets);
  return [...closing.closed]
    .filter(([, quantity]) => quantity > 0n)
    .map(([leg, quantity]) => stepOf(leg, base(quantity), base(closing.wanted.get(leg) ?? quantity)));
}

/**
 * Beyond the solver's bound: close the position that contributes most margin
 * whole, and of an account that hedges everything, because a leg that loses
 * its hedge would need more. O(positions).
 */
export function planCloseRiskiest(
  account: AccountView,
  markets: Markets,
  params: RiskParams,
  tranchePays: (id: MarketId) => boolean,
): CloseStep[] {
  const { legs } = patientOf(account, markets, params, auctionDistance(params, tranchePays));
  if (!new MaintenanceExposures(account, markets).plain) return legs.map((leg) => stepOf(leg, base(leg.size)));
  let riskiest: Leg | undefined;
  for (const leg of legs) if (riskiest === undefined || leg.margin > riskiest.margin) riskiest = leg;
  return riskiest === undefined ? [] : [stepOf(riskiest, base(riskiest.size))];
}

function stepOf(leg: Leg, quantity: Base, wanted = quantity): CloseStep {
  const { market, position, margin, share, cost } = leg;
  return {
    marketId: market.id,
    side: position.quantity > 0n ? 'sell' : 'buy',
    quantity,
    limitPrice: limitPrice(market, position.quantity, leg.distance),
    bankruptcyPrice: bankruptcyPrice(market, position.quantity, leg.share),
    distance: leg.distance,
    penaltyRate: leg.penalty,
    reason: {
      notional: notional(market, base(leg.size)),
      margin,
      equityShare: share,
      cost,
      wanted,
    },
  };
}

/** The leg whose first per cent gains most health for its size; ties to the lower market. */
function steepest(legs: readonly Leg[], closing: Closing): Leg {
  let best = legs[0]!;
  let bestGain: readonly [bigint, bigint] | undefined;
  for (const leg of legs) {
    const part = max(1n, leg.size / 100n);
    const size = max(1n, notional(leg.market, base(part)));
    const gain = closing.consider(leg, (healthAfter) => healthAfter(part) - healthAfter(0n));
    // Compare gain / size as fractions.
    if (bestGain === undefined || gain * bestGain[1] > bestGain[0] * size) {
      best = leg;
      bestGain = [gain, size];
    }
  }
  return best;
}

/** Applies the least and largest size of one block's close. risk-model section 10.2. */
function boundedQuantity(leg: Leg, wanted: bigint, h: Ppm, params: RiskParams): Base {
  const { market, size } = leg;
  const least = market.class === 'A' || market.class === 'B' ? params.minLiquidationAB : params.minLiquidationCD;
  const quantityOf = (worth: bigint): bigint =>
    min(size, cdiv(cdiv(worth * market.quoteDivisor, market.markPrice), market.stepSize) * market.stepSize);
  let quantity = max(wanted, quantityOf(least));
  if (h >= params.sliceHealth) {
    const whole = max((notional(market, base(size)) * params.sliceShare) / million, params.sliceNotional);
    const slice = market.smallSlices === true ? whole / 2n : whole;
    quantity = min(quantity, quantityOf(slice));
  }
  if (notional(market, base(size - quantity)) < least) quantity = size;
  return base(quantity);
}
