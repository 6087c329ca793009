import type { KeeperBid } from '../../gen/plimsoll/perps/v1/keeper_bids.js';
import { Side, type Market } from '../../gen/plimsoll/perps/v1/types.js';

/** What a keeper wants to stand on the chain, and how far it goes. Amounts in quote quanta (10^-6 USDC). */

/** One bid that is kept standing. */
export interface WantedBid {
  readonly marketId: number;
  /** Buy takes failing longs over, sell shorts. */
  readonly side: Side;
  readonly notional: bigint;
  /** Least discount on the mark, ppm: a multiple of 500. */
  readonly minDiscountPpm: number;
}

export interface Limits {
  /** Most notional that a market's position may reach: bids shrink with the room that is left. */
  readonly maxInventory: bigint;
  /** Most notional that one hedging order closes. */
  readonly hedgeNotional: bigint;
  /** Farthest from mark that a hedge may trade, ppm. */
  readonly hedgeSlippagePpm: number;
  /** Least notional of a bid that the chain accepts. */
  readonly minBid: bigint;
}

/** A market as planning needs it. */
export type MarketNow = Pick<Market, 'id' | 'tickSize' | 'stepSize' | 'baseExponent' | 'priceExponent'> & {
  readonly markPrice: bigint;
  /** Base quanta, signed. */
  readonly position: bigint;
  /** Largest discount that a failing account pays. */
  readonly maxDiscountPpm: number;
};

export interface BidChanges {
  /** Client ids of bids to take back. */
  readonly cancel: readonly bigint[];
  readonly place: readonly (WantedBid & { readonly clientId: bigint })[];
}

const million = 1_000_000n;
const abs = (x: bigint): bigint => (x < 0n ? -x : x);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Quote quanta = base quanta * price / divisor. */
const divisorOf = ({ baseExponent, priceExponent }: MarketNow): bigint =>
  10n ** BigInt(-(baseExponent + priceExponent + 6));

/** Notional of the position at mark, rounded down. */
export const inventoryOf = (market: MarketNow): bigint => (abs(market.position) * market.markPrice) / divisorOf(market);

/**
 * Which bids of a market to take back and which to place, so that each
 * wanted one stands with at least half of what it should have: what it wants,
 * or the room that is left until the inventory is full. A bid that would
 * make the inventory smaller always has room for that.
 * @param wanted bids of this market; the client id of each is its place in the list, from 1
 */
export function planBids(
  market: MarketNow,
  wanted: readonly WantedBid[],
  open: readonly Pick<KeeperBid, 'clientId' | 'side' | 'remaining' | 'minDiscountPpm'>[],
  { maxInventory, minBid }: Limits,
): BidChanges {
  const cancel: bigint[] = [];
  const place: (WantedBid & { clientId: bigint })[] = [];
  const held = inventoryOf(market);
  const ids = new Set(wanted.map((_, index) => BigInt(index + 1)));
  for (const { clientId } of open) if (!ids.has(clientId)) cancel.push(clientId);
  for (const [index, bid] of wanted.entries()) {
    const clientId = BigInt(index + 1);
    const standing = open.find((each) => each.clientId === clientId);
    const adds = bid.side === Side.SIDE_BUY ? market.position >= 0n : market.position <= 0n;
    const room = adds ? maxInventory - held : maxInventory + held;
    // Less than the chain allows as the rate moves: a bid above it could not fill, and would be refused.
    const minDiscountPpm = Math.min(bid.minDiscountPpm, Math.floor(market.maxDiscountPpm / 500) * 500);
    const size = min(bid.notional, room);
    const same = standing !== undefined && standing.side === bid.side && standing.minDiscountPpm === minDiscountPpm;
    if (same && BigInt(standing.remaining) * 2n >= size && BigInt(standing.remaining) <= room) continue;
    if (standing !== undefined) cancel.push(clientId);
    if (size >= minBid) place.push({ ...bid, notional: size, minDiscountPpm, clientId });
  }
  return { cancel, place };
}

export interface Hedge {
  readonly side: Side;
  /** Base quanta, a multiple of the step. */
  readonly quantity: bigint;
  /** Limit price, on tick. */
  readonly price: bigint;
}

/** The order that closes part of a position: reduce-only, within the slippage that is allowed. Undefined when nothing can close. */
export function planHedge(market: MarketNow, { hedgeNotional, hedgeSlippagePpm }: Limits): Hedge | undefined {
  const { position, markPrice, stepSize, tickSize } = market;
  if (position === 0n || markPrice === 0n) return undefined;
  const most = (hedgeNotional * divisorOf(market)) / markPrice;
  const quantity = (min(abs(position), most) / stepSize) * stepSize;
  if (quantity === 0n) return undefined;
  const slip = (markPrice * BigInt(hedgeSlippagePpm)) / million;
  return position > 0n
    ? { side: Side.SIDE_SELL, quantity, price: ((markPrice - slip + tickSize - 1n) / tickSize) * tickSize }
    : { side: Side.SIDE_BUY, quantity, price: ((markPrice + slip) / tickSize) * tickSize };
}
