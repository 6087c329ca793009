import { billion, cdiv, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import {
  base,
  ppb,
  ppm,
  quote,
  type AccountView,
  type Base,
  type MarginSettings,
  type MarketId,
  type MarketView,
  type Markets,
  type OrderView,
  type Ppb,
  type Quote,
} from '../types.js';
import { notional, quoteAmountUp } from '../units/amounts.js';
import { aloneMargin, openingExposures } from './collateral.js';
import { concentration } from './concentration.js';
import { exposureOf, grantsOffsets, standaloneMargin } from './exposure.js';
import { Portfolio, type Exposure } from './portfolio.js';

/**
 * Rounding that filling a whole order may cost: payment and value, one
 * quantum each. An order that fills in parts rounds at each of them, at most
 * five quanta that no reserve of fixed size could hold: payment, value, fee,
 * and what the reserve of the rest rounds up.
 */
const roundingReserve = 2n;

/** Twice m_open, and what breakers ask on top; 100 % at most. Rounded up. */
function unscaledRate({ openingRate, initialFactor = ppm(million), initialAddOn = ppb(0n) }: MarketView): bigint {
  return min(billion, cdiv(2n * openingRate * initialFactor, million) + initialAddOn);
}

/** Initial margin rate with open-interest scaling: twice m_open, rising to 100 % as OI goes from half its cap to the cap. risk-model section 4.3. */
export function openInterestScaledRate(market: MarketView): Ppb {
  const rate = unscaledRate(market);
  const cap = market.openInterestCap;
  const low = cap / 2n;
  if (market.openInterest <= low || rate >= billion) return ppb(min(rate, billion));
  const span = max(1n, cap - low);
  return ppb(rate + cdiv((billion - rate) * min(market.openInterest - low, span), span));
}

/** Initial margin rate of an account in a market: the market's, or what the owner's chosen leverage asks if that is more. */
export function initialRate(market: MarketView, settings?: MarginSettings): Ppb {
  const rate = openInterestScaledRate(market);
  const chosen = settings?.leverages.find(({ marketId }) => marketId === market.id);
  return chosen === undefined ? rate : ppb(max(rate, cdiv(billion, chosen.leverage)));
}

/** Stress losses count as often in initial margin as in maintenance margin times this, like everything else. */
const stressTimes = 2n;

/** Initial margin of a quantity alone, rounded up: 2 * a(m_open), scaled, and twice the concentration. */
function quantityMargin(market: MarketView, quantity: Base, settings: MarginSettings | undefined): Quote {
  const size = notional(market, quantity);
  const risk = standaloneMargin(market, size, initialRate(market, settings), stressTimes);
  return quote(risk + cdiv(2n * concentration(market, size) * (market.initialFactor ?? million), million));
}

/** A position as offsets see it. */
type Leg = readonly [market: MarketView, quantity: bigint];

/**
 * What offsets between positions take off the sum of their standalone
 * margins: that sum at twice m_open, less the elliptic margin. Never so much
 * that initial margin falls below twice the maintenance margin (INV-M5).
 * What open interest or a chosen leverage ask on top is not offset.
 * Collateral that may carry new risk offsets shorts of what it is; the
 * margin that it needs itself comes off its cover (`coverOf`).
 */
function offsetCredit(
  legs: readonly Leg[],
  settings: MarginSettings | undefined,
  collateral: readonly Exposure[],
): bigint {
  const [first, second] = legs;
  if (first === undefined) return 0n;
  if (second === undefined && collateral.length === 0 && first[0].shocks.length === 0) return 0n;
  const open = new Portfolio(grantsOffsets(settings));
  const kept = new Portfolio(grantsOffsets(settings));
  let alone = 0n;
  for (const exposure of collateral) {
    alone += aloneMargin(exposure);
    open.add(exposure);
    kept.add(exposure);
  }
  for (const [market, quantity] of legs) {
    const size = notional(market, base(quantity));
    const rate = min(2n * market.openingRate, billion);
    alone += standaloneMargin(market, size, rate, stressTimes);
    open.add(exposureOf(market, size, quantity, rate, stressTimes));
    kept.add(exposureOf(market, size, quantity, 2n * market.maintenanceRate, stressTimes));
  }
  return open.plain ? 0n : alone - max(open.margin(), kept.margin());
}

/** A market's position and open orders. */
interface Open {
  position: bigint;
  buys: bigint;
  sells: bigint;
  reducingBuys: bigint;
  reducingSells: bigint;
  /** Loss against mark and fees if every order fills at its limit. */
  cost: bigint;
}

/** Least and largest quantity that a market's position can reach when any of the orders fill: reduce-only orders take it towards zero and no further. */
function reachable({ position, buys, sells, reducingBuys, reducingSells }: Open): readonly [bigint, bigint] {
  const least = position - min(reducingSells, max(0n, position)) - sells;
  const most = position + min(reducingBuys, max(0n, -position)) + buys;
  return [least, most];
}

/** Loss against mark and fee if the order fills at its limit, rounded up. */
export function fillCost(market: MarketView, order: OrderView, quantity: Base = order.remaining): Quote {
  const distance = order.side === 'buy' ? order.price - market.markPrice : market.markPrice - order.price;
  const loss = distance > 0n ? quoteAmountUp(quantity, distance, market.quoteDivisor) : 0n;
  const fee = cdiv(
    quoteAmountUp(quantity, order.price, market.quoteDivisor) * max(market.takerFee, market.makerFee),
    million,
  );
  return quote(loss + fee + roundingReserve);
}

/**
 * Margin that an account needs to open risk: its positions, and its open
 * orders at their worst. No subset of the orders, filled at prices no worse
 * than their limits, can leave the account under the margin of what remains;
 * rounding included when orders fill whole, up to five quanta for each order
 * that fills in part. risk-model sections 4.2 to 4.4. O(positions + orders).
 */
export function initialMargin(account: AccountView, orders: readonly OrderView[], markets: Markets): Quote {
  if (orders.length === 0) {
    let sum = 0n;
    const legs = account.positions.map(({ marketId, quantity }): Leg => {
      const market = markets(marketId);
      sum += quantityMargin(market, quantity, account.settings);
      return [market, quantity];
    });
    return quote(sum - offsetCredit(legs, account.settings, openingExposures(account.collateral, markets)));
  }
  const exposures = new OrderExposures(account, markets);
  for (const order of orders) exposures.add(order);
  return exposures.margin();
}

/** The sums that initial margin is made of, kept while orders come and go: each costs O(1), the margin O(markets). */
export class OrderExposures {
  readonly #exposures = new Map<MarketId, Open>();
  readonly #markets: Markets;
  readonly #settings: MarginSettings | undefined;
  /** Twice: as the legs of `margin` are. */
  readonly #collateral: readonly Exposure[];

  constructor(account: AccountView, markets: Markets) {
    this.#markets = markets;
    this.#settings = account.settings;
    this.#collateral = openingExposures(account.collateral, markets, 2n);
    for (const { marketId, quantity } of account.positions) this.#at(marketId).position = quantity;
  }

  add(order: OrderView): void {
    this.#count(order, 1n);
  }

  remove(order: OrderView): void {
    this.#count(order, -1n);
  }

  /**
   * Initial margin of everything that is in. Each market counts with its
   * larger exposure; offsets are those of the middle of what positions can
   * reach. Whatever fills, the middle moves by no more than the reach
   * narrows, so margin never rises: orders themselves are not netted.
   */
  margin(): Quote {
    // Sums: the order of markets does not matter.
    let sum = 0n;
    const middles: Leg[] = [];
    for (const [id, exposure] of this.#exposures) {
      const market = this.#markets(id);
      const [least, most] = reachable(exposure);
      sum += quantityMargin(market, base(max(most, -least)), this.#settings) + exposure.cost;
      // Twice the middle stays an integer.
      if (least + most !== 0n) middles.push([market, least + most]);
    }
    const credit = fdiv(offsetCredit(middles, this.#settings, this.#collateral), 2n);
    return quote(sum - credit);
  }

  /** Size that the position reaches when every order of one side fills that may open; negative when it stays on the other side. */
  reach(id: MarketId, side: OrderView['side']): Base {
    const { position, buys, sells } = this.#at(id);
    return base(side === 'buy' ? position + buys : sells - position);
  }

  #at(id: MarketId): Open {
    let exposure = this.#exposures.get(id);
    if (exposure === undefined) {
      exposure = { position: 0n, buys: 0n, sells: 0n, reducingBuys: 0n, reducingSells: 0n, cost: 0n };
      this.#exposures.set(id, exposure);
    }
    return exposure;
  }

  #count(order: OrderView, sign: 1n | -1n): void {
    const exposure = this.#at(order.marketId);
    const size = sign * order.remaining;
    if (order.reduceOnly) {
      if (order.side === 'buy') exposure.reducingBuys += size;
      else exposure.reducingSells += size;
    } else if (order.side === 'buy') exposure.buys += size;
    else exposure.sells += size;
    exposure.cost += sign * fillCost(this.#markets(order.marketId), order);
  }
}

/** What the open orders add to the margin of the positions alone. */
export function orderMargin(account: AccountView, orders: readonly OrderView[], markets: Markets): Quote {
  return quote(initialMargin(account, orders, markets) - initialMargin(account, [], markets));
}
