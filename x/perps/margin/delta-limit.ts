import { abs, fdiv, max, million, min } from '../../../runtime/math/integers.js';
import { base, quote, type MarketView, type Ppm, type Quote, type Side } from '../types.js';
import { notional } from '../units/amounts.js';

/**
 * How much of a market one account may open: a share of its open-interest cap,
 * rounded down; undefined when there is no such limit. The limit of 16 D is
 * another one (`depthLimitExceeded`). risk-model section 11.
 * @param share ppm; zero is no limit
 */
export const shareLimit = (market: Pick<MarketView, 'openInterestCap'>, share: Ppm): Quote | undefined =>
  share === 0n ? undefined : quote(fdiv(market.openInterestCap * share, million));

/** What a position may reach in a market, base quanta: positive in the direction asked, negative on the other side. */
export interface Reach {
  readonly market: MarketView;
  readonly quantity: bigint;
}

/** Is a position within the limit of its market? One on the other side is. */
export function withinShare({ market, quantity }: Reach, share: Ppm): boolean {
  const limit = shareLimit(market, share);
  return limit === undefined || quantity <= 0n || notional(market, base(quantity)) <= limit;
}

/** Value on balance at mark of what an account may reach in a cluster; what is on the other side takes off. */
export function netReach(reaches: readonly Reach[]): Quote {
  let sum = 0n;
  for (const { market, quantity } of reaches) {
    const size = notional(market, base(abs(quantity)));
    sum += quantity < 0n ? -size : size;
  }
  return quote(sum);
}

/**
 * How much more of one market an account's orders may open in one auction,
 * whatever was permitted when they were placed: marks and caps have moved
 * since. What closes a position needs no room, and nothing is ever closed for
 * the limit. Orders are counted as the auction reaches them; what orders of
 * the other side close meanwhile is not counted on.
 */
export class ShareRoom {
  readonly #market: MarketView;
  readonly #limit: bigint | undefined;
  /** By side and account: what its earlier orders of this auction took. */
  readonly #taken = new Map<string, bigint>();

  constructor(market: MarketView, share: Ppm) {
    const limit = shareLimit(market, share);
    this.#market = market;
    this.#limit = limit === undefined ? undefined : fdiv(limit * market.quoteDivisor, market.markPrice);
  }

  /**
   * How much of an order may fill, whole steps, rounded down. O(1).
   * @param held signed position before the auction
   */
  take(account: string, side: Side, quantity: bigint, held: bigint): bigint {
    if (this.#limit === undefined) return quantity;
    const id = `${side}/${account}`;
    const before = this.#taken.get(id) ?? 0n;
    // May turn a position over into one as large: that opens nothing more.
    const reached = (side === 'buy' ? held : -held) + before;
    const left = max(0n, max(this.#limit, abs(held)) - reached);
    const { stepSize } = this.#market;
    const taken = quantity <= left ? quantity : min(quantity, fdiv(left, stepSize) * stepSize);
    this.#taken.set(id, before + taken);
    return taken;
  }
}
