import { settle } from '../funding/index.js';
import {
  depthLimitExceeded,
  initialMargin,
  isRiskReducing,
  marginStanding,
  spareEquity,
  usableEquity,
  withinShare,
  type Standing,
} from '../margin/index.js';
import { applyFill } from '../matching/index.js';
import {
  base,
  quote,
  type AccountView,
  type MarketView,
  type Markets,
  type OrderView,
  type Ppm,
  type Price,
  type Side,
} from '../types.js';
import { abs, cdiv, notional } from '../units/index.js';

/** A fill outside the book, whatever its size. */
export interface OutsideFill {
  readonly market: MarketView;
  readonly side: Side;
  readonly price: Price;
}

/**
 * How much of a fill outside the book an account can carry: quantities after
 * which it stands by the rule of risk-model section 4.5. An account with
 * equity of zero or more keeps it so. Its positions and the given orders come first.
 */
export class Fit {
  readonly #before: Standing;

  constructor(
    readonly account: AccountView,
    readonly orders: readonly OrderView[],
    readonly markets: Markets,
    readonly fill: OutsideFill,
    /** The largest part of the market's open interest that an account may open. */
    readonly share: Ppm,
  ) {
    this.#before = marginStanding(account, markets);
  }

  /** Does it stand after a fill of this quantity, base quanta? O(positions + orders). */
  carries(quantity: bigint): boolean {
    const { markets, share } = this;
    const { market } = this.fill;
    const after = this.#filled(quantity);
    const held = quantityIn(after, market);
    if (abs(held) > abs(quantityIn(this.account, market))) {
      if (depthLimitExceeded(market, notional(market, base(held)))) return false;
      if (!withinShare({ market, quantity: abs(held) }, share)) return false;
    }
    const required = initialMargin(after, this.orders, markets);
    if (spareEquity(after, markets, usableEquity(after, markets), required) >= 0n) return true;
    return isRiskReducing(this.#before, marginStanding(after, markets));
  }

  /**
   * All that is wanted, or else a part of it that fits, in whole steps, found
   * by halving: of a fill that first closes and then opens, not always the
   * largest. O(log(steps) * (positions + orders)).
   */
  most(wanted: bigint): bigint {
    if (wanted === 0n || this.carries(wanted)) return wanted;
    const { stepSize } = this.fill.market;
    let low = 0n;
    let high = cdiv(wanted, stepSize);
    while (high - low > 1n) {
      const middle = (low + high) / 2n;
      if (this.carries(middle * stepSize)) low = middle;
      else high = middle;
    }
    return low * stepSize;
  }

  #filled(quantity: bigint): AccountView {
    const { account } = this;
    const { market, side, price } = this.fill;
    const held = account.positions.find(({ marketId }) => marketId === market.id);
    const settled = held === undefined ? undefined : settle(market, held);
    const { position, cash } = applyFill(market, settled?.position, side, quantity, price);
    const others = account.positions.filter(({ marketId }) => marketId !== market.id);
    return {
      ...account,
      cash: quote(account.cash + (settled?.cash ?? 0n) + cash),
      positions: position === undefined ? others : [...others, position].sort((a, b) => a.marketId - b.marketId),
    };
  }
}

const quantityIn = ({ positions }: AccountView, { id }: MarketView): bigint =>
  positions.find(({ marketId }) => marketId === id)?.quantity ?? 0n;
