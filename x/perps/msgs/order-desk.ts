import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import type { OrderAmendment, OrderCancellation } from '../../../gen/plimsoll/perps/v1/tx.js';
import { MarketStatus, TimeInForce, type Market, type Params } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { RestingOrder } from '../codecs.js';
import { withRemaining } from '../book/terms.js';
import { acceptsAsset } from '../collateral/move.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { isStale, orderView, type BookOrder } from '../keeper.js';
import { depthLimitExceeded, OrderExposures, spareEquity, usableEquity } from '../margin/index.js';
import { subaccountId } from '../subaccount-key.js';
import { base, type AccountView, type MarketId, type Markets, type Quote, type SubaccountKey } from '../types.js';
import { abs, notional, quoteAmountDown } from '../units/index.js';
import { dropOrder, notOpen } from './cancel.js';
import { auctionTerms, requireRoomToRest } from './auction-terms.js';
import { limitOf, requireForm, type Placement } from './order-form.js';
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
  readonly #exposures: OrderExposures;
  readonly #read = new Map<MarketId, Market>();
  /** Markets that take any order now. */
  readonly #opened = new Set<MarketId>();

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
  }

  /** Enters an order into this block's auction. */
  place(placement: Placement): BookOrder {
    const { keeper } = this.#deps;
    const market = this.#market(placement.marketId);
    const side = requireForm(placement, market);
    this.#requireOpen(market, placement.reduceOnly);
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
      },
    ];
    requireRoomToRest(this.#ctx, this.#deps, placed);
    this.#requireRoom(placed);
    if (placement.reduceOnly) this.#requireSomethingToReduce(placed);
    else this.#requireSize(placed, market);
    this.#expose(placed);

    const [at, order] = placed;
    keeper.setOrder(this.#ctx, at, order);
    this.#list(placed, 1);
    this.#ctx.emit('plimsoll.perps.v1.EventOrderPlaced', { order: orderToProto(placed) });
    return placed;
  }

  /** Takes an order off the book. */
  cancel(which: OrderCancellation): void {
    const order = this.#find(which);
    dropOrder(this.#ctx, this.#deps.keeper, order, CancelReason.CANCEL_REASON_USER);
    this.#count(order, -1);
  }

  /** Makes an order smaller; it keeps its place. */
  amend({ remaining, ...which }: OrderAmendment): void {
    const order = this.#find(which);
    const [at, resting] = order;
    const market = this.#deps.keeper.market(this.#ctx, which.marketId)!;
    if (remaining === 0n || remaining >= resting.remaining)
      throw errors.invalidOrder(
        `remaining: ${remaining}; expected less than the ${resting.remaining} that are left, and not zero`,
      );
    if (remaining % market.stepSize !== 0n)
      throw errors.offStep(`remaining: ${remaining}; the step of ${market.ticker} is ${market.stepSize}`);
    const smaller: RestingOrder = withRemaining(resting, remaining);
    this.#deps.keeper.setOrder(this.#ctx, at, smaller);
    this.#count(order, -1);
    this.#count([at, smaller], 1);
    this.#ctx.emit('plimsoll.perps.v1.EventOrderAmended', { subaccount: subaccountId(this.#key), ...which, remaining });
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
      market = this.#deps.keeper.market(this.#ctx, id);
      if (market === undefined) throw errors.marketNotFound(`market_id: ${id}`);
      this.#read.set(id, market);
    }
    return market;
  }

  /** Nothing that decides on it changes while the message runs. */
  #requireOpen(market: Market, reduceOnly: boolean): void {
    if (this.#opened.has(market.id)) return;
    requireOpen(this.#ctx, this.#deps, market, this.#params, reduceOnly);
    // Open for any order is open for one that only reduces.
    if (!reduceOnly) this.#opened.add(market.id);
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
    if (this.#open.size >= params.maxOpenOrders) {
      throw errors.tooManyOrders(`${this.#open.size} orders are open; at most ${params.maxOpenOrders}`);
    }
    if (this.#open.has(idOf(at.marketId, at.clientId))) {
      throw errors.duplicateClientId(`client_id: ${at.clientId} names an open order of this market`);
    }
    const held = new Set<MarketId>(this.#account.positions.map(({ marketId }) => marketId));
    for (const marketId of this.#openIn.keys()) held.add(marketId);
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
    if (reach > abs(this.#held(market.id)) && depthLimitExceeded(view, notional(view, base(reach)))) {
      throw errors.positionTooLarge(
        `quantity: the position could reach ${notional(view, base(reach))}; at most ${16n * view.depthUnit}`,
      );
    }
  }

  /** Counts an order's exposure, unless equity does not carry it; one that only reduces needs no margin. */
  #expose(placed: BookOrder): void {
    const view = orderView(placed);
    this.#exposures.add(view);
    if (view.reduceOnly) return;
    const required = this.#exposures.margin();
    const spare = spareEquity(this.#account, this.#markets, this.#usableEquity, required);
    if (spare < 0n) {
      this.#exposures.remove(view);
      throw errors.insufficientMargin(
        `needs ${required} of initial margin for all positions and orders; usable equity is ${required + spare}`,
      );
    }
  }

  #held(marketId: MarketId): bigint {
    return this.#account.positions.find((position) => position.marketId === marketId)?.quantity ?? 0n;
  }
}

const idOf = (marketId: MarketId, clientId: bigint): string => `${marketId}/${clientId}`;

function requireOpen(
  ctx: Context,
  { keeper, oracle }: Deps,
  market: Market,
  params: Params,
  reduceOnly: boolean,
): void {
  if (market.status === MarketStatus.MARKET_STATUS_HALTED) throw errors.marketClosed(`${market.ticker} is halted`);
  const state = keeper.marketState(ctx, market.id);
  if (state.markPrice === 0n) throw errors.noPrice(`${market.ticker}: validators have not agreed on a price yet`);
  if (reduceOnly) return;
  if (market.status !== MarketStatus.MARKET_STATUS_NORMAL) {
    throw errors.marketClosed(`${market.ticker} accepts reduce-only orders only`);
  }
  if (isStale(state, params, ctx.block.timeMs)) {
    throw errors.stalePrice(
      `${market.ticker}: price is ${ctx.block.timeMs - state.oracleTimeMs} ms old, at most ${params.staleMs}; reduce-only orders are accepted`,
    );
  }
  // Margin at a price that is known to be behind would be too small on one side.
  const held = oracle.price(ctx, market.oraclePairId)?.clampedBlocks ?? 0;
  if (held !== 0) {
    throw errors.priceHeldBack(
      `${market.ticker}: validators see a price ${held > 0 ? 'above' : 'below'} the one that one block may bring; reduce-only orders are accepted`,
    );
  }
}
