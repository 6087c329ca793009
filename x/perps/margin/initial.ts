import { billion, cdiv, max, million, min } from '../../../runtime/math/integers.js';
import {
  base,
  ppb,
  quote,
  type AccountView,
  type Base,
  type MarketId,
  type MarketView,
  type Markets,
  type OrderView,
  type Ppb,
  type Quote,
} from '../types.js';
import { notional, quoteAmountUp } from '../units/amounts.js';
import { concentration } from './concentration.js';

/**
 * Rounding that filling a whole order may cost: payment and value, one
 * quantum each. An order that fills in parts rounds at each of them, at most
 * five quanta that no reserve of fixed size could hold: payment, value, fee,
 * and what the reserve of the rest rounds up.
 */
const roundingReserve = 2n;

/** Initial margin rate with open-interest scaling: twice m_open, rising to 100 % as OI goes from half its cap to the cap. risk-model section 4.3. */
export function openInterestScaledRate(market: MarketView): Ppb {
  const rate = 2n * market.openingRate;
  const cap = market.openInterestCap;
  const low = cap / 2n;
  if (market.openInterest <= low || rate >= billion) return ppb(min(rate, billion));
  const span = max(1n, cap - low);
  return ppb(rate + cdiv((billion - rate) * min(market.openInterest - low, span), span));
}

/** Initial margin of an exposure, rounded up: 2 * a(m_open), scaled, and twice the concentration. */
function exposureMargin(market: MarketView, quantity: Base): Quote {
  const size = notional(market, quantity);
  return quote(cdiv(size * openInterestScaledRate(market), billion) + 2n * concentration(market, size));
}

interface Exposure {
  position: bigint;
  buys: bigint;
  sells: bigint;
  reducingBuys: bigint;
  reducingSells: bigint;
  /** Loss against mark and fees if every order fills at its limit. */
  cost: bigint;
}

/**
 * Worst size a market's position can reach when any of the orders fill.
 * Reduce-only orders take the position towards zero and no further.
 */
function worstQuantity(exposure: Exposure): Base {
  const { position, buys, sells, reducingBuys, reducingSells } = exposure;
  const reducedLong = position - min(reducingSells, max(0n, position));
  const reducedShort = position + min(reducingBuys, max(0n, -position));
  const long = max(0n, max(position, reducedShort) + buys);
  const short = max(0n, -(min(position, reducedLong) - sells));
  return base(max(long, short));
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
    for (const { marketId, quantity } of account.positions) sum += exposureMargin(markets(marketId), quantity);
    return quote(sum);
  }
  const exposures = new OrderExposures(account, markets);
  for (const order of orders) exposures.add(order);
  return exposures.margin();
}

/** The sums that initial margin is made of, kept while orders come and go: each costs O(1), the margin O(markets). */
export class OrderExposures {
  readonly #exposures = new Map<MarketId, Exposure>();
  readonly #markets: Markets;

  constructor(account: AccountView, markets: Markets) {
    this.#markets = markets;
    for (const { marketId, quantity } of account.positions) this.#at(marketId).position = quantity;
  }

  add(order: OrderView): void {
    this.#count(order, 1n);
  }

  remove(order: OrderView): void {
    this.#count(order, -1n);
  }

  /** Initial margin of everything that is in. */
  margin(): Quote {
    // A sum: the order of markets does not matter.
    let sum = 0n;
    for (const [id, exposure] of this.#exposures)
      sum += exposureMargin(this.#markets(id), worstQuantity(exposure)) + exposure.cost;
    return quote(sum);
  }

  /** Size that the position reaches when every order of one side fills that may open; negative when it stays on the other side. */
  reach(id: MarketId, side: OrderView['side']): Base {
    const { position, buys, sells } = this.#at(id);
    return base(side === 'buy' ? position + buys : sells - position);
  }

  #at(id: MarketId): Exposure {
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
