import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import type { OrderAmendment, OrderCancellation } from '../../../gen/plimsoll/perps/v1/tx.js';
import { Trigger } from '../../../gen/plimsoll/perps/v1/breakers.js';
import { OrderType, TimeInForce, type Market, type Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { ConditionalOrder } from '../../../gen/plimsoll/perps/v1/conditional.js';
import { withRemaining } from '../book/terms.js';
import { closedToOpening, requireThawed, standingOf } from '../breakers/index.js';
import { acceptsAsset } from '../collateral/move.js';
import { restingOrderToProto, sideToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { bidViews } from '../keeper-bids/reserve.js';
import { isStale, orderView, type BookOrder, type PerpsKeeper } from '../keeper.js';
import type { BookKey } from '../book/store.js';
import { depthLimitExceeded, equity, OrderExposures, spareEquity, usableEquity } from '../margin/index.js';
import { subaccountId } from '../subaccount-key.js';
import {
  base,
  quote,
  type AccountView,
  type MarketId,
  type Markets,
  type OrderView,
  type Quote,
  type SubaccountKey,
} from '../types.js';
import { abs, min, notional, quoteAmountDown } from '../units/index.js';
import { crowdsVault } from '../vaults/crowding.js';
import { crowdSurcharge } from '../vaults/gamma.js';
import { bracketLegs } from '../conditional/bracket.js';
import { watchExpiry } from '../conditional/expiry.js';
import { link, idOfOrder } from '../conditional/links.js';
import { keepConditional } from '../conditional/orders.js';
import { pairConditional, requireConditionalRoom, requireFreeConditional, requireFreeId } from '../conditional/room.js';
import { links } from '../conditional/store.js';
import { byUser, cancelWaits, dropOrder, endWaiting, notOpen } from './cancel.js';
import { requireMarket } from './common.js';
import { requireShare } from './account-share.js';
import { auctionTerms, requireRoomToRest } from './auction-terms.js';
import { limitOf, requireForm, type Placement } from './order-form.js';
import { requireExpiry } from './order-expiry.js';
import { hintOfLimit, orderLimit, orderParams } from './order-params.js';
import { orderToProto } from './order-proto.js';

/**
 * The orders of one subaccount while a message works on them: read once, so
 * that each further order of a batch costs the same whatever is open. Marks
 * and collateral do not move meanwhile. What fails changes nothing.
 */
export class OrderDesk {
  readonly #ctx: Context;
  readonly #deps: Deps;
  readonly #key: SubaccountKey;
  readonly #params: Params;
  readonly #markets: Markets;
  readonly #account: AccountView;
  readonly #usableEquity: Quote;
  readonly #open = new Map<string, BookOrder>();
  readonly #openIn = new Map<MarketId, number>();
  /** Markets of the account's keeper bids. */
  readonly #bidIn = new Set<MarketId>();
  readonly #exposures: OrderExposures;
  #equity: Quote | undefined;
  readonly #read = new Map<MarketId, Market>();
  /** Markets that take any order now. */
  readonly #opened = new Set<MarketId>();
  /** By market and side. */
  readonly #crowded = new Map<string, boolean>();

  constructor(ctx: Context, deps: Deps, key: SubaccountKey) {
    const { keeper } = deps;
    this.#ctx = ctx;
    this.#deps = deps;
    this.#key = key;
    this.#params = keeper.params(ctx);
    this.#markets = keeper.markets(ctx);
    this.#account = keeper.account(ctx, key);
    this.#usableEquity = usableEquity(this.#account, this.#markets);
    this.#exposures = new OrderExposures(this.#account, this.#markets);
    for (const order of keeper.ordersOf(ctx, key)) this.#count(order, 1);
    for (const bid of bidViews(ctx, key, this.#markets)) {
      this.#exposures.add(bid);
      this.#bidIn.add(bid.marketId);
    }
  }

  /**
   * Enters an order into this block's auction, with its bracket.
   * @param byAlgo sent by the algorithm of the same client id
   */
  place(placement: Placement, byAlgo = false): BookOrder {
    const { otherClientId } = placement;
    let legs: readonly ConditionalOrder[] = [];
    const [at, terms] = this.#admit(placement, byAlgo, (entry, market) => {
      legs = bracketLegs(placement, entry, market);
      if (legs.length > 0) this.#requireLegs(entry, legs);
      if (otherClientId !== 0n) requireFreeConditional(this.#ctx, entry, otherClientId);
    });

    const linked = byAlgo || legs.length > 0 || otherClientId !== 0n;
    const placed: BookOrder = [at, { ...terms, linked }];
    this.#enter(placed);
    watchExpiry(this.#ctx, idOfOrder(at), terms);
    if (linked) {
      for (const leg of legs)
        keepConditional(this.#ctx, this.#keeper, { ...idOfOrder(at), clientId: leg.clientId }, leg);
      if (otherClientId !== 0n) pairConditional(this.#ctx, at, otherClientId);
      link(this.#ctx, idOfOrder(at), { legs: legs.map(({ clientId }) => clientId), otherClientId, algo: byAlgo });
    }
    this.#ctx.emit('plimsoll.perps.v1.EventOrderPlaced', { order: orderToProto(placed) });
    for (const order of legs) this.#ctx.emit('plimsoll.perps.v1.EventConditionalPlaced', { order });
    return placed;
  }

  /** Ends an order of any kind. */
  cancel(which: OrderCancellation): void {
    const order = this.#open.get(idOf(which.marketId, which.clientId));
    const id = { account: this.#key, marketId: which.marketId, clientId: which.clientId };
    if (endWaiting(this.#ctx, this.#keeper, id, byUser) === undefined) {
      if (order === undefined) throw notOpen(which);
      if (cancelWaits(this.#ctx, this.#keeper, order)) return;
      dropOrder(this.#ctx, this.#keeper, order, CancelReason.CANCEL_REASON_USER);
    }
    if (order !== undefined) this.#count(order, -1);
  }

  /** Changes an order: a smaller size keeps its place, a new price or a larger size enters this block anew. */
  amend(amendment: OrderAmendment): BookOrder {
    const order = this.#find(amendment);
    const [at, resting] = order;
    if (standingOf(this.#ctx, this.#market(at.marketId)).holdsBack(at.height, this.#ctx.block.timeMs))
      throw errors.cancelWaits(
        `client_id: ${at.clientId} stands until the auction has ended; cancel it, and it leaves then if it did not fill`,
      );
    if (links.get(this.#ctx, idOfOrder(at))?.algo === true)
      throw errors.invalidAmendment(`client_id: ${at.clientId} is moved by its algorithm; cancel it and place another`);
    const remaining = amendment.remaining === 0n ? resting.remaining : base(amendment.remaining);
    const price = amendment.price === 0n ? at.price : amendment.price;
    if (price !== at.price || remaining > resting.remaining) return this.move(order, price, remaining);
    if (remaining === resting.remaining)
      throw errors.invalidAmendment(
        `remaining, price: nothing would change; ${remaining} are left at a price of ${price}`,
      );
    const market = this.#market(at.marketId);
    if (remaining % market.stepSize !== 0n)
      throw errors.offStep(`remaining: ${remaining}; the step of ${market.ticker} is ${market.stepSize}`);
    const quantity = resting.quantity - resting.remaining + remaining;
    const smaller: BookOrder = [at, { ...withRemaining(resting, remaining), quantity }];
    this.#keeper.setOrder(this.#ctx, ...smaller);
    this.#count(order, -1);
    this.#count(smaller, 1);
    this.#tellAmended(smaller, false);
    return smaller;
  }

  /** Enters an open order anew at a price and size; what hangs on it stays. It fails whole, and the order stays where it was. */
  move(order: BookOrder, price: bigint, remaining: bigint): BookOrder {
    const [at, resting] = order;
    const placement: Placement = {
      ...restingOrderToProto(resting),
      marketId: at.marketId,
      clientId: at.clientId,
      side: sideToProto(at.side),
      quantity: remaining,
      price: resting.type === OrderType.ORDER_TYPE_LIMIT ? price : 0n,
      displayQuantity: min(resting.displayQuantity, remaining),
      maxSlippagePpm: 0,
      takeProfit: undefined,
      stopLoss: undefined,
      otherClientId: 0n,
    };
    this.#count(order, -1);
    let admitted: BookOrder;
    try {
      admitted = this.#admit(placement, resting.linked);
    } catch (error) {
      this.#count(order, 1);
      throw error;
    }
    const [to, terms] = admitted;
    const quantity = resting.quantity - resting.remaining + remaining;
    const moved: BookOrder = [to, { ...terms, quantity, linked: resting.linked }];
    this.#enter(moved);
    this.#tellAmended(moved, true);
    return moved;
  }

  /** Equity of the account, for limits that grow with it. */
  get equity(): Quote {
    return (this.#equity ??= equity(this.#account, this.#markets));
  }

  find(which: OrderCancellation): BookOrder | undefined {
    return this.#open.get(idOf(which.marketId, which.clientId));
  }

  get #keeper(): PerpsKeeper {
    return this.#deps.keeper;
  }

  /**
   * Checks an order against the market, the account's other orders and its
   * margin, and counts its exposure. Writes nothing.
   * @param hasId the client id is its own already
   * @param alsoRequire what else must hold of it; throws if it does not
   */
  #admit(placement: Placement, hasId: boolean, alsoRequire?: (at: BookKey, market: Market) => void): BookOrder {
    const market = this.#market(placement.marketId);
    const side = requireForm(placement, market);
    requireExpiry(placement, this.#ctx.block, orderParams(this.#params));
    this.#requireOpen(market, placement);
    const placed: BookOrder = [
      {
        marketId: market.id,
        side,
        price: limitOf(placement, side, this.#markets(market.id), this.#params),
        height: this.#ctx.block.height,
        account: this.#key,
        clientId: placement.clientId,
      },
      {
        type: placement.type,
        timeInForce: placement.timeInForce || TimeInForce.TIME_IN_FORCE_IOC,
        reduceOnly: placement.reduceOnly,
        quantity: placement.quantity,
        remaining: base(placement.quantity),
        ...auctionTerms(placement),
        goodTilTimeMs: placement.goodTilTimeMs,
        goodTilBlock: placement.goodTilBlock,
        linked: false,
      },
    ];
    requireRoomToRest(this.#ctx, this.#deps, placed);
    this.#requireRoom(placed);
    if (!hasId) requireFreeId(this.#ctx, idOfOrder(placed[0]));
    if (placement.reduceOnly) this.#requireSomethingToReduce(placed);
    else this.#requireSize(placed, market);
    alsoRequire?.(placed[0], market);
    this.#expose(placed);
    return placed;
  }

  #enter(placed: BookOrder): void {
    this.#keeper.setOrder(this.#ctx, ...placed);
    this.#list(placed, 1);
  }

  #tellAmended([at, { remaining }]: BookOrder, enteredAnew: boolean): void {
    this.#ctx.emit('plimsoll.perps.v1.EventOrderAmended', {
      subaccount: subaccountId(this.#key),
      marketId: at.marketId,
      clientId: at.clientId,
      remaining,
      price: at.price,
      enteredAnew,
    });
  }

  #requireLegs(at: BookKey, legs: readonly ConditionalOrder[]): void {
    for (const { clientId } of legs) {
      if (clientId === at.clientId || this.#open.has(idOf(at.marketId, clientId)))
        throw errors.duplicateClientId(`client_id: ${clientId} of the bracket names another order of this market`);
      requireFreeId(this.#ctx, { ...idOfOrder(at), clientId });
    }
    requireConditionalRoom(this.#ctx, this.#params, this.#key, this.equity, legs.length);
  }

  #find(which: OrderCancellation): BookOrder {
    const found = this.#open.get(idOf(which.marketId, which.clientId));
    if (found === undefined) throw notOpen(which);
    return found;
  }

  /** A market, read once for the message. */
  #market(id: MarketId): Market {
    let market = this.#read.get(id);
    if (market === undefined) {
      market = requireMarket(this.#ctx, this.#deps, id);
      this.#read.set(id, market);
    }
    return market;
  }

  /** Nothing that decides on it changes while the message runs. */
  #requireOpen(market: Market, placement: Placement): void {
    if (this.#opened.has(market.id)) return;
    requireOpen(this.#ctx, this.#deps, market, this.#params, placement);
    // Open for any order is open for one that only reduces, or only makes.
    if (!placement.reduceOnly && !placement.postOnly) this.#opened.add(market.id);
  }

  #count(order: BookOrder, sign: 1 | -1): void {
    this.#list(order, sign);
    if (sign > 0) this.#exposures.add(orderView(order));
    else this.#exposures.remove(orderView(order));
  }

  #list(order: BookOrder, sign: 1 | -1): void {
    const [{ marketId, clientId }] = order;
    const left = (this.#openIn.get(marketId) ?? 0) + sign;
    if (left === 0) this.#openIn.delete(marketId);
    else this.#openIn.set(marketId, left);
    if (sign > 0) this.#open.set(idOf(marketId, clientId), order);
    else this.#open.delete(idOf(marketId, clientId));
  }

  /** Limits on how much one subaccount may have open, and the walls around class D. */
  #requireRoom([at]: BookOrder): void {
    const params = this.#params;
    const own = orderParams(params);
    const most = params.maxOpenOrders;
    if (this.#open.size >= own.baseOpenOrders || this.#open.size >= most) {
      const limit = orderLimit(own, this.equity, most);
      if (this.#open.size >= limit) {
        throw errors.tooManyOrders(
          `${this.#open.size} orders are open; at most ${limit} at an equity of ${this.equity}: ${hintOfLimit(own, limit, most)}`,
        );
      }
    }
    if (this.#open.has(idOf(at.marketId, at.clientId))) {
      throw errors.duplicateClientId(`client_id: ${at.clientId} names an open order of this market`);
    }
    const held = new Set<MarketId>(this.#account.positions.map(({ marketId }) => marketId));
    for (const marketId of this.#openIn.keys()) held.add(marketId);
    for (const marketId of this.#bidIn) held.add(marketId);
    if (held.has(at.marketId)) return;
    if (held.size > 0 && this.#account.settings?.mode === 'isolated') {
      throw errors.isolatedSubaccount(
        `market_id: ${at.marketId}; market ${[...held][0]!} is in use, use another subaccount`,
      );
    }
    if (held.size >= params.maxMarkets)
      throw errors.tooManyMarkets(`${held.size} markets are in use; at most ${params.maxMarkets}`);
    const isIsolated = (id: MarketId): boolean => this.#markets(id).class === 'D';
    if (held.size > 0 && (isIsolated(at.marketId) || [...held].some(isIsolated))) {
      throw errors.isolatedMarket(`market_id: ${at.marketId}; use another subaccount`);
    }
  }

  /** Some markets want accounts with USDC only. risk-model section 6. */
  #requireAccepted(marketId: MarketId): void {
    for (const { assetId } of this.#account.collateral) {
      const asset = this.#deps.keeper.collateral.asset(this.#ctx, assetId)!;
      if (!acceptsAsset(asset, marketId, this.#markets))
        throw errors.usdcOnly(`market_id: ${marketId} while the account holds ${asset.denom}; use another subaccount`);
    }
  }

  #requireSomethingToReduce([{ marketId, side }]: BookOrder): void {
    const held = this.#held(marketId);
    if (side === 'buy' ? held >= 0n : held <= 0n) {
      throw errors.nothingToReduce(`side: a ${side} would not reduce a position of ${held}`);
    }
  }

  #requireSize([at, order]: BookOrder, market: Market): void {
    this.#requireAccepted(at.marketId);
    const view = this.#markets(market.id);
    const worth = quoteAmountDown(order.quantity, at.price, view.quoteDivisor);
    if (worth < BigInt(market.minOrderNotional)) {
      throw errors.orderTooSmall(
        `quantity: worth ${worth}; the least of ${market.ticker} is ${market.minOrderNotional}`,
      );
    }
    const reach = this.#exposures.reach(market.id, at.side) + order.quantity;
    if (reach > 0n && standingOf(this.#ctx, market).isActive(Trigger.TRIGGER_OPEN_INTEREST)) {
      throw errors.openInterestFull(
        `${market.ticker}: open interest is ${view.openInterest} of ${view.openInterestCap}; orders that only close a position are accepted`,
      );
    }
    if (reach <= abs(this.#held(market.id))) return;
    if (depthLimitExceeded(view, notional(view, base(reach)))) {
      throw errors.positionTooLarge(
        `quantity: the position could reach ${notional(view, base(reach))}; at most ${16n * view.depthUnit}`,
      );
    }
    requireShare(this.#ctx, this.#keeper, 'quantity', {
      market: view,
      side: at.side,
      reach,
      account: this.#account,
      promisedIn: [...this.#openIn.keys(), ...this.#bidIn],
      exposures: this.#exposures,
      markets: this.#markets,
    });
  }

  /** Counts an order's exposure, unless equity does not carry it; one that only reduces needs no margin. */
  #expose(placed: BookOrder): void {
    const view = orderView(placed);
    const surcharged = !view.reduceOnly && this.#crowds(view);
    const before = surcharged ? this.#exposures.margin() : 0n;
    this.#exposures.add(view);
    if (view.reduceOnly) return;
    const margin = this.#exposures.margin();
    const surcharge = surcharged ? crowdSurcharge(margin - before) : 0n;
    const required = quote(margin + surcharge);
    const spare = spareEquity(this.#account, this.#markets, this.#usableEquity, required);
    if (spare < 0n) {
      this.#exposures.remove(view);
      throw errors.insufficientMargin(
        `needs ${required} of initial margin for all positions and orders${surcharge === 0n ? '' : `, ${surcharge} of it because the backstop could not take more of this side`}; usable equity is ${required + spare}`,
      );
    }
  }

  /** Would the order add to a side of which the backstop could not take more? */
  #crowds({ marketId, side, remaining }: OrderView): boolean {
    if (this.#exposures.reach(marketId, side) + remaining <= abs(this.#held(marketId))) return false;
    const id = `${marketId}/${side}`;
    let known = this.#crowded.get(id);
    if (known === undefined) {
      known = crowdsVault(this.#ctx, this.#deps, this.#markets(marketId), side);
      this.#crowded.set(id, known);
    }
    return known;
  }

  #held(marketId: MarketId): bigint {
    return this.#account.positions.find((position) => position.marketId === marketId)?.quantity ?? 0n;
  }
}

const idOf = (marketId: MarketId, clientId: bigint): string => `${marketId}/${clientId}`;

/** @throws perps/7, perps/8, perps/9, perps/27, perps/161, perps/162, perps/170 */
function requireOpen(
  ctx: Context,
  { keeper, oracle }: Deps,
  market: Market,
  params: Params,
  { reduceOnly, postOnly }: Pick<Placement, 'reduceOnly' | 'postOnly'>,
): void {
  const standing = standingOf(ctx, market);
  requireThawed(standing, market);
  if (standing.mode === 'settlement')
    throw errors.marketSettled(`${market.ticker}: all positions are closed at its final price; no order is accepted`);
  if (standing.permits('reduce') === 'no') throw errors.marketClosed(`${market.ticker} is halted`);
  const state = keeper.marketState(ctx, market.id);
  if (state.markPrice === 0n) throw errors.noPrice(`${market.ticker}: validators have not agreed on a price yet`);
  if (reduceOnly) return;
  if (isStale(state, params, ctx.block.timeMs)) {
    throw errors.stalePrice(
      `${market.ticker}: price is ${ctx.block.timeMs - state.oracleTimeMs} ms old, at most ${params.staleMs}; reduce-only orders are accepted`,
    );
  }
  if (standing.permits(postOnly ? 'quote' : 'open') === 'no')
    throw errors.marketClosed(closedToOpening(market.ticker, standing.mode));
  // Margin at a price that is known to be behind would be too small on one side.
  const held = oracle.price(ctx, market.oraclePairId)?.clampedBlocks ?? 0;
  if (held !== 0) {
    throw errors.priceHeldBack(
      `${market.ticker}: validators see a price ${held > 0 ? 'above' : 'below'} the one that one block may bring; reduce-only orders are accepted`,
    );
  }
}
