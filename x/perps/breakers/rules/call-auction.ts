import type { BreakerParams, CallAuction } from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { billion, max, min } from '../../../../runtime/math/integers.js';
import type { Ppb } from '../../types.js';

/** The end of a call auction is drawn from so long a time, and cancels of what it collected wait in as long a time before. */
export const closingMs = 5_000n;

/** risk-model section 14.3. @param lengthMs planned; never so long that it could last longer than an auction may */
export function startAuction(nowMs: bigint, startHeight: bigint, lengthMs: bigint, params: BreakerParams): CallAuction {
  const length = min(lengthMs, longest(params));
  return {
    startMs: nowMs,
    startHeight,
    endMs: nowMs + length,
    lengthMs: length,
    extensions: 0,
    clearingHeight: 0n,
    rushing: false,
  };
}

const longest = ({ maxAuctionMs }: BreakerParams): bigint => max(0n, maxAuctionMs - closingMs);

/** B1 still holds at the planned end: half as long again. Undefined when it cannot grow any more. */
export function prolonged(auction: CallAuction, nowMs: bigint, params: BreakerParams): CallAuction | undefined {
  const lengthMs = min((auction.lengthMs * 3n) / 2n, longest(params));
  const endMs = auction.startMs + lengthMs;
  return endMs <= nowMs ? undefined : { ...auction, lengthMs, endMs };
}

/** The price was outside the collar: a while longer, with a wider one. Undefined when that may not be. */
export function extended(auction: CallAuction, nowMs: bigint, params: BreakerParams): CallAuction | undefined {
  if (auction.extensions >= params.maxExtensions) return undefined;
  const endMs = min(nowMs + params.extensionMs, auction.startMs + longest(params));
  if (endMs <= nowMs) return undefined;
  return { ...auction, endMs, extensions: auction.extensions + 1, clearingHeight: 0n, rushing: false };
}

/**
 * Does the auction end with this block? From its planned end on each block
 * draws anew, so that nobody knows a block before; five seconds later it
 * does, and so it does when it has lasted as long as an auction may (INV-X4).
 * @param draw anything, from the hash of the block before
 */
export function endsNow({ startMs, endMs }: CallAuction, nowMs: bigint, draw: bigint, params: BreakerParams): boolean {
  if (nowMs - startMs >= params.maxAuctionMs) return true;
  return nowMs >= endMs + (draw % (closingMs + 1n));
}

/** Cancels of orders that the auction collected wait from here on: who shows an order at the end stands by it. */
export const isClosing = ({ endMs }: CallAuction, nowMs: bigint): boolean => nowMs >= endMs - closingMs;

/** Within which the price must be. */
export interface Collar {
  readonly low: bigint;
  readonly high: bigint;
}

/** O * (1 ± max(beta, 2 sigma_60s)), half as wide again for each extension; rounded towards O. risk-model section 14.3. */
export function collarOf(price: bigint, beta: Ppb, sigma: Ppb, extensions: number): Collar {
  let width: bigint = max(beta, 2n * sigma);
  for (let extension = 0; extension < extensions; extension++) width = (width * 3n) / 2n;
  const reach = (price * min(width, billion)) / billion;
  return { low: price - reach, high: price + reach };
}
