import {
  KeeperBidEnd,
  type MsgCancelKeeperBid,
  type MsgCancelKeeperBidResponse,
  type MsgPlaceKeeperBid,
  type MsgPlaceKeeperBidResponse,
} from '../../../gen/plimsoll/perps/v1/keeper_bids.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { parseAmount } from '../../../runtime/baseapp/coins.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sideFromProto } from '../codecs.js';
import { standingOf } from '../breakers/index.js';
import { acceptsAsset } from '../collateral/move.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { isStale } from '../keeper.js';
import { depthLimitExceeded, initialMargin, OrderExposures, spareEquity, usableEquity } from '../margin/index.js';
import { requireShare } from '../msgs/account-share.js';
import { requireMarket, requireSubaccountKey } from '../msgs/common.js';
import { base, ppm, quote, type AccountView, type MarketId, type Markets, type Quote } from '../types.js';
import { abs, max, notional } from '../units/index.js';
import { discountCap, discountStep } from './clearing.js';
import { endBid } from './end.js';
import { keeperBidParams } from './params.js';
import { promises, stepsWorth } from './reserve.js';
import { bidToProto, keeperBids, type Bid } from './store.js';

/**
 * Stands ready to take failing positions over. From now on initial margin
 * for the whole bid stays free in the account, as for an order that would
 * fill at mark. docs/liquidation.md
 * @throws perps/4, 7, 8, 9, 15, 16, 17, 21, 22, 141, 142, 143, 195
 */
export function placeKeeperBid(ctx: Context, deps: Deps, msg: MsgPlaceKeeperBid): MsgPlaceKeeperBidResponse {
  const { keeper } = deps;
  keeper.requireRunning(ctx);
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const market = requireMarket(ctx, deps, msg.marketId);
  requirePriced(ctx, deps, market);
  const markets = keeper.markets(ctx);
  const bid = bidOf(ctx, deps, msg, account, markets);
  if (keeperBids.get(ctx, bid[0]) !== undefined)
    throw errors.duplicateKeeperBid(`client_id: ${msg.clientId} names a bid of this market; cancel it first`);
  const view = keeper.account(ctx, account);
  requireMarketRoom(ctx, deps, view, market.id, markets);
  requireCover(ctx, deps, view, bid, markets);
  requireBidRoom(ctx, deps, bid);
  keeperBids.add(ctx, bid);
  const proto = bidToProto(bid);
  ctx.emit('plimsoll.perps.v1.EventKeeperBidPlaced', { bid: proto });
  return { bid: proto };
}

/** Takes a bid back. Always possible, also while trading is halted. @throws perps/140 */
export function cancelKeeperBid(ctx: Context, _deps: Deps, msg: MsgCancelKeeperBid): MsgCancelKeeperBidResponse {
  const account = requireSubaccountKey(msg.owner, msg.subaccountNumber);
  const id = { account, marketId: msg.marketId, clientId: msg.clientId };
  const terms = keeperBids.get(ctx, id);
  if (terms === undefined)
    throw errors.keeperBidNotFound(
      `client_id: ${msg.clientId} is no bid in market ${msg.marketId}; it may have filled or been displaced`,
    );
  endBid(ctx, [id, terms], KeeperBidEnd.KEEPER_BID_END_USER);
  return { remaining: terms.remaining.toString() };
}

/** Margin of a bid counts at a price that holds. */
function requirePriced(ctx: Context, { keeper }: Deps, market: Market): void {
  if (standingOf(ctx, market).permits('takeover') === 'no') throw errors.marketClosed(`${market.ticker} is halted`);
  const state = keeper.marketState(ctx, market.id);
  if (state.markPrice === 0n) throw errors.noPrice(`${market.ticker}: validators have not agreed on a price yet`);
  const params = keeper.params(ctx);
  if (isStale(state, params, ctx.block.timeMs))
    throw errors.stalePrice(
      `${market.ticker}: price is ${ctx.block.timeMs - state.oracleTimeMs} ms old, at most ${params.staleMs}`,
    );
}

/** What the message says of the bid. */
function bidOf(ctx: Context, { keeper }: Deps, msg: MsgPlaceKeeperBid, account: string, markets: Markets): Bid {
  const side = sideFromProto(msg.side);
  if (side === undefined) throw errors.invalidKeeperBid('side: expected SIDE_BUY for longs or SIDE_SELL for shorts');
  const amount = quote(parseAmount(msg.maxNotional, 'max_notional'));
  const { minNotional } = keeperBidParams(keeper.params(ctx));
  const market = markets(msg.marketId);
  const least = max(BigInt(minNotional), notional(market, base(market.stepSize)));
  if (amount < least) throw errors.invalidKeeperBid(`max_notional: ${amount}; expected at least ${least}`);
  if (notional(market, stepsWorth(market, amount)) > 16n * market.depthUnit)
    throw errors.positionTooLarge(`max_notional: ${amount}; at most ${16n * market.depthUnit}`);
  const minDiscount = ppm(BigInt(msg.minDiscountPpm));
  const most = discountCap(market);
  if (minDiscount % discountStep !== 0n || minDiscount > most)
    throw errors.invalidKeeperBid(
      `min_discount_ppm: ${minDiscount}; expected a multiple of ${discountStep} from 0 to ${most}`,
    );
  return [
    { account, marketId: msg.marketId, clientId: msg.clientId },
    { side, maxNotional: amount, remaining: amount, minDiscount, placedHeight: ctx.block.height },
  ];
}

/** A bid may open a position: the walls between markets hold for it as for an order. */
function requireMarketRoom(ctx: Context, { keeper }: Deps, account: AccountView, id: MarketId, markets: Markets): void {
  for (const { assetId } of account.collateral) {
    const asset = keeper.collateral.asset(ctx, assetId)!;
    if (!acceptsAsset(asset, id, markets))
      throw errors.usdcOnly(`market_id: ${id} while the account holds ${asset.denom}; use another subaccount`);
  }
  const used = new Set<MarketId>(account.positions.map(({ marketId }) => marketId));
  for (const [{ marketId }] of keeper.ordersOf(ctx, account.key)) used.add(marketId);
  for (const [{ marketId }] of keeperBids.of(ctx, account.key)) used.add(marketId);
  if (used.size === 0 || used.has(id)) return;
  if (account.settings?.mode === 'isolated')
    throw errors.isolatedSubaccount(`market_id: ${id}; market ${[...used][0]!} is in use, use another subaccount`);
  const { maxMarkets } = keeper.params(ctx);
  if (used.size >= maxMarkets) throw errors.tooManyMarkets(`${used.size} markets are in use; at most ${maxMarkets}`);
  const isIsolated = (other: MarketId): boolean => markets(other).class === 'D';
  if (isIsolated(id) || [...used].some(isIsolated))
    throw errors.isolatedMarket(`market_id: ${id}; use another subaccount`);
}

/** Usable equity carries the bid besides everything that the account holds and promised. */
function requireCover(ctx: Context, { keeper }: Deps, account: AccountView, bid: Bid, markets: Markets): void {
  const [{ marketId }, { side, remaining }] = bid;
  const market = markets(marketId);
  const wanted = {
    marketId,
    side,
    price: market.markPrice,
    remaining: stepsWorth(market, remaining),
    reduceOnly: false,
  };
  const all = [...promises(ctx, keeper, account.key, markets), wanted];
  const exposures = new OrderExposures(account, markets);
  for (const each of all) exposures.add(each);
  const reach = notional(market, exposures.reach(marketId, side));
  if (exposures.reach(marketId, side) > 0n && depthLimitExceeded(market, reach))
    throw errors.positionTooLarge(`max_notional: the position could reach ${reach}; at most ${16n * market.depthUnit}`);
  const reached = exposures.reach(marketId, side);
  const held = account.positions.find((position) => position.marketId === marketId)?.quantity ?? 0n;
  if (reached > abs(held)) {
    const promisedIn = all.map((each) => each.marketId);
    requireShare(ctx, keeper, 'max_notional', {
      market,
      side,
      reach: reached,
      account,
      promisedIn,
      exposures,
      markets,
    });
  }
  const required: Quote = initialMargin(account, all, markets);
  const usable = usableEquity(account, markets);
  if (spareEquity(account, markets, usable, required) < 0n)
    throw errors.insufficientMargin(
      `max_notional: needs ${required} of initial margin for all positions, orders and bids; usable equity is ${usable}`,
    );
}

/** Room for one more; in a full side a bid that asks less takes the place of the last. */
function requireBidRoom(ctx: Context, { keeper }: Deps, [id, terms]: Bid): void {
  const { maxBidsPerSubaccount, maxBidsPerSide } = keeperBidParams(keeper.params(ctx));
  let own = 0;
  for (const _ of keeperBids.of(ctx, id.account)) own++;
  if (own >= maxBidsPerSubaccount)
    throw errors.tooManyKeeperBids(`${own} bids are open; at most ${maxBidsPerSubaccount}`);
  const side = { marketId: id.marketId, side: terms.side };
  if (keeperBids.count(ctx, side) < BigInt(maxBidsPerSide)) return;
  const [last] = keeperBids.onSide(ctx, side, true);
  if (last === undefined || last[1].minDiscount <= terms.minDiscount)
    throw errors.tooManyKeeperBids(
      `min_discount_ppm: ${terms.minDiscount}; the side has ${maxBidsPerSide} bids that ask at most ${last?.[1].minDiscount ?? 0n}, ask less than that`,
    );
  endBid(ctx, last, KeeperBidEnd.KEEPER_BID_END_DISPLACED);
}
