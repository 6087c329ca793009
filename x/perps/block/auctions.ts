import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import { FillReason } from '../../../gen/plimsoll/perps/v1/standing.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { clearCallAuction, dropEnded, type CallResult } from '../breakers/end-auction.js';
import { standingOf, type Collar } from '../breakers/index.js';
import type { BookView } from '../book/book-view.js';
import type { BookEntry } from '../book/entry.js';
import { takers } from '../book/post-only.js';
import { afterFill, withRemaining } from '../book/terms.js';
import { sideToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { orderView, riskParamsOf, type BookOrder } from '../keeper.js';
import {
  fillCost,
  initialMargin,
  isRiskReducing,
  maintenanceMargin,
  marginStanding,
  ShareRoom,
  spareEquity,
  usableEquity,
} from '../margin/index.js';
import {
  applyFill,
  runAuction,
  type AuctionFill,
  type AuctionOrder,
  type Level,
  type SelfTrade,
} from '../matching/index.js';
import { endsWithBlock } from '../msgs/auction-terms.js';
import { orderFilled, orderGone } from '../conditional/links.js';
import { forMarket } from '../market-failure.js';
import { dropOrder } from '../msgs/cancel.js';
import { isExpired } from '../msgs/order-expiry.js';
import { subaccountId } from '../subaccount-key.js';
import { base, ppm, quote, type MarketId, type MarketView, type RiskParams, type Side } from '../types.js';
import { abs, cdiv, max, million, min, quoteAmountDown } from '../units/index.js';
import { tradeVolume } from '../vaults/store.js';
import type { LiquidationOrder } from './liquidate.js';
import { OpeningRoom } from './opening-room.js';
import { chargePenalty } from './penalties.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/** A liquidation's close: an ordinary limit order, but nobody's that could cancel or prevent it. */
class Close implements AuctionOrder {
  readonly side: Side;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly hidden = 0n;
  readonly reduces = false;
  readonly allOrNone = false;
  readonly owner = '';
  readonly selfTrade = 'newest';
  readonly key: string;

  constructor(
    readonly liquidation: LiquidationOrder,
    readonly height: bigint,
  ) {
    const { account, step } = liquidation;
    this.side = step.side;
    this.price = step.limitPrice;
    this.quantity = step.quantity;
    // Longer than any order's name, so never equal to one.
    this.key = `${account.key}liquidation of a position`;
  }
}

type Participant = BookEntry | Close;

/** What the auctions of a block work with. */
interface Round {
  readonly ctx: Context;
  readonly deps: Deps;
  readonly work: WorkingSet;
  readonly book: BookView;
  readonly risk: RiskParams;
  /** Whether an account carries its orders: decided once, before its first fill. */
  readonly covered: Map<string, boolean>;
}

/** One batch auction for each market, in market order, then what ends with the block is cancelled. risk-model section 9.6. */
export function runAuctions(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  liquidations: ReadonlyMap<MarketId, readonly LiquidationOrder[]>,
): void {
  const { keeper } = deps;
  const risk = riskParamsOf(keeper.params(ctx));
  const round: Round = { ctx, deps, work, book: keeper.book(ctx), risk, covered: new Map() };
  /** Markets whose orders wait for a call auction, also those that would end with the block. */
  const collecting = new Set<MarketId>();
  for (const market of [...keeper.allMarkets(ctx)]) {
    const standing = standingOf(ctx, market);
    if (standing.collects) collecting.add(market.id);
    const view = work.markets(market.id);
    if (view.markPrice === 0n || !standing.matches(ctx.block.height)) continue;
    const closes = liquidations.get(market.id) ?? [];
    forMarket(market.id, 'auction', () => {
      if (standing.clears(ctx.block.height)) clearCallAuction(ctx, deps, view, (c) => auction(round, view, closes, c));
      else auction(round, view, closes);
    });
  }
  for (const order of [...keeper.touchedOrders(ctx)])
    if (endsWithBlock(order[1]) && !collecting.has(order[0].marketId)) dropEnded(ctx, keeper, order);
}

/**
 * One market's auction. A call auction has a collar: when its price lies
 * outside, nothing happens. In it nobody makes and nobody takes, so that
 * post-only orders stay.
 */
function auction(
  round: Round,
  market: MarketView,
  liquidations: readonly LiquidationOrder[],
  collar?: Collar,
): CallResult {
  const { ctx, deps, work, book } = round;
  const { keeper } = deps;
  if (collar === undefined) dropTakers(round, market.id);
  const closes = liquidations.map((liquidation) => new Close(liquidation, ctx.block.height));
  const levels = (side: Side): Iterable<Level<Participant>> =>
    book.levels(
      market.id,
      side,
      closes.filter((close) => close.side === side),
    );
  const refused: (readonly [BookEntry, CancelReason])[] = [];
  const { clearingPrice, volume, bidFills, askFills, selfTrades } = runAuction<Participant>({
    bids: levels('buy'),
    asks: levels('sell'),
    referencePrice: collar === undefined ? market.markPrice : market.oraclePrice,
    tickSize: market.tickSize,
    stepSize: market.stepSize,
    allOrNone: book.hasWholes(market.id),
    admit: admission(round, market, refused),
  });
  if (
    collar !== undefined &&
    clearingPrice !== undefined &&
    (clearingPrice < collar.low || clearingPrice > collar.high)
  )
    return { price: clearingPrice, inside: false };
  for (const [{ order }, reason] of refused) dropOrder(ctx, keeper, order, reason);
  const shrunk = yieldToOwn(round, selfTrades);
  if (clearingPrice === undefined) return { price: undefined, inside: true };
  ctx.emit('plimsoll.perps.v1.EventAuction', { marketId: market.id, clearingPrice, volume });
  // Buyers pay rounded up and sellers get rounded down: the difference is dust.
  let moved = 0n;
  for (const fill of bidFills) moved += settleFill(round, market, fill, 'buy', clearingPrice, shrunk);
  for (const fill of askFills) moved += settleFill(round, market, fill, 'sell', clearingPrice, shrunk);
  work.addDust(-moved);
  work.setState({ ...work.state(market.id), lastClearingPrice: clearingPrice });
  const traded = quoteAmountDown(volume, clearingPrice, market.quoteDivisor);
  tradeVolume.add(ctx, market.id, ctx.block.timeMs, traded);
  return { price: clearingPrice, inside: true };
}

/** Cancels the post-only orders of this block that would take. */
function dropTakers({ ctx, deps, book }: Round, market: MarketId): void {
  for (const entry of takers(book, market, ctx.block.height)) {
    book.drop(entry);
    dropOrder(ctx, deps.keeper, entry.order, CancelReason.CANCEL_REASON_POST_ONLY);
  }
}

/** What may fill of the orders that the auction reaches: those that their account cannot carry any more are refused. */
function admission(
  round: Round,
  market: MarketView,
  refused: (readonly [BookEntry, CancelReason])[],
): (order: Participant) => bigint {
  const { work } = round;
  const room = new OpeningRoom(market, work.state(market.id).longQuanta);
  const shares = new ShareRoom(market, ppm(BigInt(round.deps.keeper.params(round.ctx).accountSharePpm)));
  /** What reduce-only orders of an account that come before took of its position. */
  const reduced = new Map<string, bigint>();
  const openable = ({ account, side }: BookEntry, quantity: bigint, held: bigint): bigint =>
    side === 'sell' ? quantity : room.take({ account, quantity, held });
  return (entry) => {
    if (entry instanceof Close) return entry.quantity;
    const refuse = (reason: CancelReason): bigint => {
      refused.push([entry, reason]);
      return 0n;
    };
    // The sweep of begin block did not come this far yet.
    if (isExpired(entry.order[1], round.ctx.block)) return refuse(CancelReason.CANCEL_REASON_EXPIRED);
    const account = work.account(entry.account);
    const held = account.position(market.id)?.quantity ?? 0n;
    if (!entry.reduces) {
      if (!isCovered(round, account)) return refuse(CancelReason.CANCEL_REASON_UNDERCOLLATERALIZED);
      const wanted = shares.take(entry.account, entry.side, entry.quantity, held);
      const quantity = openable(entry, wanted, held);
      return entry.allOrNone && quantity < entry.quantity ? 0n : quantity;
    }
    const reducible = entry.side === 'buy' ? max(0n, -held) : max(0n, held);
    const taken = reduced.get(entry.account) ?? 0n;
    const wanted = min(entry.quantity, reducible - taken);
    if (wanted <= 0n) return refuse(CancelReason.CANCEL_REASON_REDUCE_ONLY);
    // A buy that opened before it may have covered the same short.
    const quantity = openable(entry, wanted, held);
    if (entry.allOrNone && quantity < entry.quantity) return 0n;
    if (!isCovered(round, account) && !reducesRisk(work, market, account, entry.order, quantity))
      return refuse(CancelReason.CANCEL_REASON_UNDERCOLLATERALIZED);
    reduced.set(entry.account, taken + quantity);
    return quantity;
  };
}

/** Cancels or shrinks orders that gave way to another of their owner. Returns those that stay. */
function yieldToOwn(
  { ctx, deps: { keeper } }: Round,
  selfTrades: readonly SelfTrade<Participant>[],
): ReadonlyMap<Participant, BookOrder> {
  const shrunk = new Map<Participant, BookOrder>();
  for (const { order: entry, left, given } of selfTrades) {
    // A close has no owner.
    const [at, order] = (entry as BookEntry).order;
    if (left === 0n) {
      dropOrder(ctx, keeper, [at, order], CancelReason.CANCEL_REASON_SELF_TRADE);
      continue;
    }
    const smaller = withRemaining(order, order.remaining - given);
    keeper.setOrder(ctx, at, smaller);
    shrunk.set(entry, [at, smaller]);
    ctx.emit('plimsoll.perps.v1.EventOrderAmended', {
      subaccount: subaccountId(at.account),
      marketId: at.marketId,
      clientId: at.clientId,
      remaining: smaller.remaining,
      price: at.price,
      enteredAnew: false,
    });
  }
  return shrunk;
}

/** Does usable equity still carry all the account's orders? Decided once for each account and block, before its first fill. */
function isCovered({ ctx, deps, work, covered }: Round, account: WorkingAccount): boolean {
  let known = covered.get(account.key);
  if (known === undefined) {
    const orders = [...deps.keeper.ordersOf(ctx, account.key)].map(orderView);
    const required = initialMargin(account, orders, work.markets);
    known = spareEquity(account, work.markets, usableEquity(account, work.markets), required) >= 0n;
    covered.set(account.key, known);
  }
  return known;
}

/** Would filling the order at its limit leave the account no less healthy? Keeps a failing account from selling its loss to the insurance. */
function reducesRisk(
  work: WorkingSet,
  market: MarketView,
  account: WorkingAccount,
  order: BookOrder,
  quantity: bigint,
): boolean {
  const [at] = order;
  const before = marginStanding(account, work.markets);
  const { position } = applyFill(market, account.position(market.id), at.side, quantity, at.price);
  const positions = account.positions.filter(({ marketId }) => marketId !== market.id);
  if (position !== undefined) positions.push(position);
  const after = {
    equity: quote(before.equity - fillCost(market, orderView(order), base(quantity))),
    maintenanceMargin: maintenanceMargin({ ...account, positions }, work.markets),
  };
  return isRiskReducing(before, after);
}

/** Books one fill with its fee or penalty and updates the order. Returns the signed change of cash by the fill. */
function settleFill(
  round: Round,
  market: MarketView,
  { order: participant, quantity }: AuctionFill<Participant>,
  side: Side,
  price: bigint,
  shrunk: ReadonlyMap<Participant, BookOrder>,
): bigint {
  const { ctx, work } = round;
  const liquidation = participant instanceof Close ? participant.liquidation : undefined;
  const order = participant instanceof Close ? undefined : (shrunk.get(participant) ?? participant.order);
  const account = liquidation?.account ?? work.account(order![0].account);
  const cash = work.fill(account, market, side, quantity, price);
  let fee = 0n;
  let reason = FillReason.FILL_REASON_LIQUIDATION;
  if (liquidation !== undefined) {
    chargePenalty(round, market, account, liquidation.step.penaltyRate, quantity, false);
  } else {
    const makes = participant.height < ctx.block.height || order![1].postOnly;
    reason = makes ? FillReason.FILL_REASON_MAKER : FillReason.FILL_REASON_TAKER;
    fee = cdiv(abs(cash) * (makes ? market.makerFee : market.takerFee), million);
    // An account that covers its orders has reserved the fee; otherwise a fee never creates a deficit.
    if (round.covered.get(account.key) !== true) fee = min(fee, max(0n, work.equity(account)));
    work.addCash(account, -fee);
    work.addTradingFee(market.id, fee);
  }
  ctx.emit('plimsoll.perps.v1.EventFill', {
    subaccount: subaccountId(account.key),
    marketId: market.id,
    clientId: order?.[0].clientId ?? 0n,
    side: sideToProto(side),
    price,
    quantity,
    quoteAmount: abs(cash).toString(),
    fee: fee.toString(),
    liquidation: liquidation !== undefined,
    reason,
    limitPrice: liquidation?.step.limitPrice ?? order![0].price,
    openQuantity: liquidation?.step.quantity ?? order![1].remaining,
  });
  if (order !== undefined) keepRest(round, order, quantity, account);
  return cash;
}

/** Leaves on the book what a fill left of an order. */
function keepRest({ ctx, deps: { keeper } }: Round, order: BookOrder, quantity: bigint, account: WorkingAccount): void {
  orderFilled(ctx, keeper, order, quantity);
  if (quantity === order[1].remaining) {
    keeper.removeOrder(ctx, order[0]);
    orderGone(ctx, order);
    return;
  }
  const left = afterFill(order, quantity, ctx.block.height);
  keeper.setOrder(ctx, ...left);
  // What a reduce-only order cannot reduce any more is of no use; the rest of what ends with the block goes after all auctions.
  const [at, terms] = left;
  if (terms.reduceOnly && !endsWithBlock(terms) && account.position(at.marketId) === undefined)
    dropOrder(ctx, keeper, left, CancelReason.CANCEL_REASON_REDUCE_ONLY);
}
