import { NettingEnd } from '../../../gen/plimsoll/perps/v1/netting.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { standingOf, type MarketStanding } from '../breakers/index.js';
import { sideToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { promises } from '../keeper-bids/reserve.js';
import { forMarket } from '../market-failure.js';
import { net, type Wish } from '../matching/index.js';
import { endNetting } from '../netting/end.js';
import { nettings, type Netting } from '../netting/store.js';
import { subaccountId } from '../subaccount-key.js';
import { ppm, type MarketId, type MarketView, type Side } from '../types.js';
import { max, min } from '../units/index.js';
import { Fit } from './fit.js';
import type { WorkingSet } from './working-set.js';

/** Requests on each side of a market that one block looks at, the oldest first. */
const requestsPerSide = 500;

/**
 * Closes longs and shorts of stopped markets against each other at the oracle
 * price of the block, for those who asked for it before the block: nobody
 * knew the price. After the waterfall: whoever is bankrupt has been resolved
 * at mark, so that nobody's loss leaves by this door. No fee, no order, no
 * book. risk-model sections 14.1 and 14.4. O(markets), and O(requests *
 * (positions + orders)) where there are some.
 */
export function netPositions(ctx: Context, deps: Deps, work: WorkingSet): void {
  for (const market of [...deps.keeper.allMarkets(ctx)]) {
    const standing = standingOf(ctx, market);
    if (!standing.frozen) forMarket(market.id, 'netting', () => workRequests(ctx, deps, work, market, standing));
  }
}

function workRequests(ctx: Context, deps: Deps, work: WorkingSet, market: Market, standing: MarketStanding): void {
  const closing = openRequests(ctx, work, market.id, overBy(standing));
  if (closing.sell.length > 0 && closing.buy.length > 0 && hasItsPrice(ctx, deps, market))
    netMarket(ctx, deps, work, work.markets(market.id), closing);
}

/** A request with what of its position it may close. */
interface Candidate {
  readonly request: Netting;
  /** Base quanta, positive. */
  readonly quantity: bigint;
}

type Candidates = Readonly<Record<Side, readonly Candidate[]>>;

/** Ends requests that have no reason any more: all for the given one. @returns the others that were there before this block */
function openRequests(ctx: Context, work: WorkingSet, market: MarketId, over: NettingEnd | undefined): Candidates {
  const open: Record<Side, Candidate[]> = { sell: [], buy: [] };
  for (const side of ['sell', 'buy'] as const) {
    for (const request of oldest(ctx, market, side)) {
      const size = sizeOf(work, request);
      if (over !== undefined) endNetting(ctx, request, over);
      else if (size === 0n) endNetting(ctx, request, NettingEnd.NETTING_END_POSITION);
      else if (request.placedHeight < ctx.block.height)
        open[side].push({ request, quantity: request.quantity === 0n ? size : min(size, request.quantity) });
    }
  }
  return open;
}

function oldest(ctx: Context, market: MarketId, side: Side): Netting[] {
  const found: Netting[] = [];
  for (const request of nettings.onSide(ctx, market, side)) {
    if (found.length === requestsPerSide) break;
    found.push(request);
  }
  return found;
}

/** Why no request of a market stands any longer, if so. */
function overBy(standing: MarketStanding): NettingEnd | undefined {
  if (standing.permits('net') !== 'no') return undefined;
  return standing.mode === 'settlement' ? NettingEnd.NETTING_END_SETTLEMENT : NettingEnd.NETTING_END_NORMAL;
}

/** What is left of the position that a request is about, base quanta. */
function sizeOf(work: WorkingSet, { account, marketId, side }: Netting): bigint {
  const { positions } = work.known(account) ?? work.stored(account);
  const held = positions.find((position) => position.marketId === marketId)?.quantity ?? 0n;
  return max(0n, side === 'sell' ? held : -held);
}

/** A price that this block's votes brought, and that is not held back from where they see it. */
function hasItsPrice(ctx: Context, { oracle }: Deps, { oraclePairId }: Market): boolean {
  const price = oracle.price(ctx, oraclePairId);
  return price?.timeMs === ctx.block.timeMs && price.clampedBlocks === 0;
}

interface Close extends Wish {
  readonly request: Netting;
  readonly fit: Fit;
}

function netMarket(ctx: Context, deps: Deps, work: WorkingSet, market: MarketView, closing: Candidates): void {
  const { keeper } = deps;
  const share = ppm(BigInt(keeper.params(ctx).accountSharePpm));
  const closeOf = ({ request, quantity }: Candidate): Close => {
    const account = work.account(request.account);
    const orders = promises(ctx, keeper, account.key, work.markets);
    const fill = { market, side: request.side, price: market.oraclePrice };
    const fit = new Fit(account, orders, work.markets, fill, share);
    return { key: account.key, request, fit, quantity: fit.most(quantity) };
  };
  const closes = (side: Side): Close[] => closing[side].map(closeOf).filter(({ quantity }) => quantity > 0n);
  const { longs, shorts } = net(closes('sell'), closes('buy'), market.stepSize, ({ fit }, quantity) =>
    fit.carries(quantity),
  );
  // Buyers pay rounded up and sellers get rounded down: the difference is dust.
  let moved = 0n;
  for (const { wish, quantity } of [...longs, ...shorts]) moved += close(ctx, work, market, wish.request, quantity);
  work.addDust(-moved);
}

/** Closes at the oracle price and leaves what is left of the request; returns the signed change of cash. */
function close(ctx: Context, work: WorkingSet, market: MarketView, request: Netting, quantity: bigint): bigint {
  const account = work.account(request.account);
  const before = account.position(market.id)!;
  const cash = work.fill(account, market, request.side, quantity, market.oraclePrice);
  const after = account.position(market.id);
  ctx.emit('plimsoll.perps.v1.EventNetted', {
    subaccount: subaccountId(account.key),
    marketId: market.id,
    side: sideToProto(request.side),
    quantity,
    price: market.oraclePrice,
    positionQuantity: before.quantity,
    realisedProfit: (cash + (after?.entryValue ?? 0n) - before.entryValue).toString(),
  });
  const left = { ...request, quantity: max(0n, request.quantity - quantity) };
  if (after === undefined || (request.quantity > 0n && left.quantity === 0n))
    endNetting(ctx, left, NettingEnd.NETTING_END_FILLED);
  else if (request.quantity > 0n) nettings.set(ctx, left);
  return cash;
}
