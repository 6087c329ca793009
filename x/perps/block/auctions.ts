import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import { MarketStatus, TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sideToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { orderView, riskParamsOf, type BookOrder } from '../keeper.js';
import { penaltyFor, splitPenalty } from '../liquidation/index.js';
import {
  fillCost,
  initialMargin,
  isRiskReducing,
  maintenanceMargin,
  spareEquity,
  usableEquity,
} from '../margin/index.js';
import { applyFill, runAuction } from '../matching/index.js';
import { dropOrder } from '../msgs/cancel.js';
import { subaccountId } from '../subaccount-key.js';
import { base, quote, type MarketId, type MarketView, type RiskParams, type Side } from '../types.js';
import { abs, cdiv, max, million, min, notional } from '../units/index.js';
import type { LiquidationOrder } from './liquidate.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/** Somebody in the auction: a book order, or a liquidation. */
interface Participant {
  readonly account: WorkingAccount;
  readonly side: Side;
  readonly price: bigint;
  /** What may fill: the rest of the order, less when a reduce-only order exceeds the position. */
  readonly quantity: bigint;
  readonly height: bigint;
  readonly key: string;
  readonly order: BookOrder | undefined;
  readonly liquidation: LiquidationOrder | undefined;
}

/** One batch auction for each market, in market order, then the rest of immediate orders is cancelled. risk-model section 9.6. */
export function runAuctions(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  liquidations: ReadonlyMap<MarketId, readonly LiquidationOrder[]>,
): void {
  const { keeper } = deps;
  const risk = riskParamsOf(keeper.params(ctx));
  const covered = new Map<string, boolean>();
  for (const market of [...keeper.allMarkets(ctx)]) {
    if (market.status === MarketStatus.MARKET_STATUS_HALTED) continue;
    const view = work.markets(market.id);
    if (view.markPrice === 0n) continue;
    auction(ctx, deps, work, view, liquidations.get(market.id) ?? [], covered, risk);
  }
  for (const at of [...keeper.immediateOrders(ctx)]) {
    const left = keeper.order(ctx, at);
    if (left !== undefined) dropOrder(ctx, keeper, left, CancelReason.CANCEL_REASON_IOC);
  }
}

function auction(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  market: MarketView,
  liquidations: readonly LiquidationOrder[],
  covered: Map<string, boolean>,
  risk: RiskParams,
): void {
  const closes = liquidations.map((liquidation) => closing(ctx, liquidation));
  const crossing = crossingOrders(ctx, deps, market, closes);
  if (crossing === undefined) return;
  const admit = (orders: readonly BookOrder[]): Participant[] => admitted(ctx, deps, work, market, orders, covered);
  const bids = [...admit(crossing.bids), ...closes.filter(({ side }) => side === 'buy')];
  const asks = [...admit(crossing.asks), ...closes.filter(({ side }) => side === 'sell')];
  const result = runAuction({
    bids,
    asks,
    referencePrice: market.markPrice,
    tickSize: market.tickSize,
    stepSize: market.stepSize,
  });
  if (result.clearingPrice === undefined) return;
  ctx.emit('plimsoll.perps.v1.EventAuction', {
    marketId: market.id,
    clearingPrice: result.clearingPrice,
    volume: result.volume,
  });
  // Buyers pay rounded up and sellers get rounded down: the difference is dust.
  let moved = 0n;
  for (const [index, bid] of bids.entries()) {
    moved += settleFill(ctx, deps, work, market, bid, result.bidFills[index]!, result.clearingPrice, covered, risk);
  }
  for (const [index, ask] of asks.entries()) {
    moved += settleFill(ctx, deps, work, market, ask, result.askFills[index]!, result.clearingPrice, covered, risk);
  }
  work.addDust(-moved);
  work.setState({ ...work.state(market.id), lastClearingPrice: result.clearingPrice });
}

function closing(ctx: Context, liquidation: LiquidationOrder): Participant {
  const { account, step } = liquidation;
  return {
    account,
    side: step.side,
    price: step.limitPrice,
    quantity: step.quantity,
    height: ctx.block.height,
    // Longer than any order's key of the same account, so never equal to one.
    key: `${account.key}liquidation`,
    order: undefined,
    liquidation,
  };
}

/** Orders that could trade: bids from the best ask up, asks from the best bid down. Undefined when nothing crosses. */
function crossingOrders(
  ctx: Context,
  { keeper }: Deps,
  market: MarketView,
  closes: readonly Participant[],
): { readonly bids: readonly BookOrder[]; readonly asks: readonly BookOrder[] } | undefined {
  const best = (side: Side): bigint | undefined => {
    let found: bigint | undefined;
    for (const [at] of keeper.bookSide(ctx, market.id, side)) {
      found = at.price;
      break;
    }
    for (const close of closes) {
      if (close.side !== side) continue;
      if (found === undefined || (side === 'buy' ? close.price > found : close.price < found)) found = close.price;
    }
    return found;
  };
  const bestBid = best('buy');
  const bestAsk = best('sell');
  if (bestBid === undefined || bestAsk === undefined || bestBid < bestAsk) return undefined;
  const take = (side: Side, within: (price: bigint) => boolean): BookOrder[] => {
    const taken: BookOrder[] = [];
    for (const order of keeper.bookSide(ctx, market.id, side)) {
      if (!within(order[0].price)) break;
      taken.push(order);
    }
    return taken;
  };
  return { bids: take('buy', (price) => price >= bestAsk), asks: take('sell', (price) => price <= bestBid) };
}

/** Lets orders in that their account can still carry, and cancels the others. Orders come in priority order. */
function admitted(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  market: MarketView,
  orders: readonly BookOrder[],
  covered: Map<string, boolean>,
): Participant[] {
  const { keeper } = deps;
  const participants: Participant[] = [];
  /** What earlier reduce-only orders of an account took of its position. */
  const reduced = new Map<string, bigint>();
  for (const order of orders) {
    const [at, { remaining, reduceOnly }] = order;
    const account = work.account(at.account);
    let quantity: bigint = remaining;
    if (reduceOnly) {
      const held = account.position(market.id)?.quantity ?? 0n;
      const reducible = at.side === 'buy' ? max(0n, -held) : max(0n, held);
      const taken = reduced.get(at.account) ?? 0n;
      quantity = min(remaining, reducible - taken);
      if (quantity <= 0n) {
        dropOrder(ctx, keeper, order, CancelReason.CANCEL_REASON_REDUCE_ONLY);
        continue;
      }
      if (!isCovered(ctx, deps, work, account, covered) && !reducesRisk(work, market, account, order, quantity)) {
        dropOrder(ctx, keeper, order, CancelReason.CANCEL_REASON_UNDERCOLLATERALIZED);
        continue;
      }
      reduced.set(at.account, taken + quantity);
    } else if (!isCovered(ctx, deps, work, account, covered)) {
      dropOrder(ctx, keeper, order, CancelReason.CANCEL_REASON_UNDERCOLLATERALIZED);
      continue;
    }
    participants.push({
      account,
      side: at.side,
      price: at.price,
      quantity,
      height: at.height,
      key: tieKey(at.account, at.clientId),
      order,
      liquidation: undefined,
    });
  }
  return participants;
}

/** Breaks ties between orders of one block and price; known before the block, whoever proposes it. */
const tieKey = (account: string, clientId: bigint): string => account + clientId.toString(16).padStart(16, '0');

/** Does usable equity still carry all the account's orders? Decided once for each account and block, before its first fill. */
function isCovered(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  account: WorkingAccount,
  known: Map<string, boolean>,
): boolean {
  let covered = known.get(account.key);
  if (covered === undefined) {
    const orders = [...deps.keeper.ordersOf(ctx, account.key)].map(orderView);
    const required = initialMargin(account, orders, work.markets);
    covered = spareEquity(account, work.markets, usableEquity(account, work.markets), required) >= 0n;
    known.set(account.key, covered);
  }
  return covered;
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
  const before = { equity: work.equity(account), maintenanceMargin: maintenanceMargin(account, work.markets) };
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
  ctx: Context,
  { keeper }: Deps,
  work: WorkingSet,
  market: MarketView,
  participant: Participant,
  quantity: bigint,
  price: bigint,
  covered: ReadonlyMap<string, boolean>,
  risk: RiskParams,
): bigint {
  if (quantity === 0n) return 0n;
  const { account, side, order, liquidation } = participant;
  const cash = work.fill(account, market, side, quantity, price);
  let fee = 0n;
  if (liquidation !== undefined) {
    chargePenalty(ctx, work, market, account, liquidation, quantity, risk);
  } else {
    const rate = participant.height < ctx.block.height ? market.makerFee : market.takerFee;
    fee = cdiv(abs(cash) * rate, million);
    // An account that covers its orders has reserved the fee; otherwise a fee never creates a deficit.
    if (covered.get(account.key) !== true) fee = min(fee, max(0n, work.equity(account)));
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
  });
  if (order !== undefined) {
    const [at, resting] = order;
    const remaining = base(resting.remaining - quantity);
    if (remaining === 0n) keeper.removeOrder(ctx, at);
    else {
      keeper.updateOrder(ctx, at, { ...resting, remaining });
      // What a reduce-only order cannot reduce any more is of no use; the rest of IOC orders goes after all auctions.
      if (
        resting.reduceOnly &&
        resting.timeInForce !== TimeInForce.TIME_IN_FORCE_IOC &&
        account.position(market.id) === undefined
      ) {
        dropOrder(ctx, keeper, [at, { ...resting, remaining }], CancelReason.CANCEL_REASON_REDUCE_ONLY);
      }
    }
  }
  return cash;
}

function chargePenalty(
  ctx: Context,
  work: WorkingSet,
  market: MarketView,
  account: WorkingAccount,
  { step }: LiquidationOrder,
  quantity: bigint,
  risk: RiskParams,
): void {
  const closed = notional(market, base(quantity));
  const penalty = penaltyFor(closed, step.penaltyRate, work.equity(account));
  const { toInsurance, toFees } = splitPenalty(penalty, risk.penaltyInsuranceShare);
  work.addCash(account, -penalty);
  work.addFees(toFees);
  work.contribute(market.id, toInsurance);
  ctx.emit('plimsoll.perps.v1.EventLiquidationPenalty', {
    subaccount: subaccountId(account.key),
    marketId: market.id,
    closedNotional: closed.toString(),
    penalty: penalty.toString(),
    toInsurance: toInsurance.toString(),
    toFees: toFees.toString(),
  });
}
