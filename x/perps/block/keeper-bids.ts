import { KeeperBidEnd } from '../../../gen/plimsoll/perps/v1/keeper_bids.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sideToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { clearDiscount, discountCeiling, type Demand, type Offer } from '../keeper-bids/clearing.js';
import { endBid } from '../keeper-bids/end.js';
import { keeperBidParams } from '../keeper-bids/params.js';
import { stepsWorth } from '../keeper-bids/reserve.js';
import { keeperBids, type Bid, type BidSide } from '../keeper-bids/store.js';
import { orderView, riskParamsOf } from '../keeper.js';
import { forMarket } from '../market-failure.js';
import { planCloseWithin, type CloseStep } from '../liquidation/index.js';
import { orderKey } from '../book/store.js';
import { subaccountId } from '../subaccount-key.js';
import {
  base,
  ppm,
  price,
  quote,
  type MarketId,
  type MarketView,
  type Price,
  type RiskParams,
  type Side,
  type SubaccountKey,
} from '../types.js';
import { abs, fdiv, max, million, min, notional } from '../units/index.js';
import { Fit } from './fit.js';
import { chargePenalty } from './penalties.js';
import type { Residual } from './residuals.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/** What keepers may take of an account in one market. */
interface Close extends Demand {
  readonly account: WorkingAccount;
  readonly step: CloseStep;
  /** Base quanta that were taken. */
  taken: bigint;
}

interface BidOffer extends Offer {
  readonly bid: Bid;
}

/** Closes of one market and side, worst account first, with the keepers' side. */
interface Queue extends BidSide {
  readonly closes: Close[];
}

/**
 * Stage L2: keepers' standing bids take over what the book did not close,
 * each market and side at one discount, which the failing account pays out
 * of its own equity. Penalties follow when all markets are done, so that
 * they never eat what another market's discount is paid from. risk-model
 * section 10.5. O(closes * solver + bids * log), nothing where nobody bids.
 * @param due accounts that may be taken over, worst first
 */
export function takeByKeepers(ctx: Context, deps: Deps, work: WorkingSet, due: readonly Residual[]): void {
  const risk = riskParamsOf(deps.keeper.params(ctx));
  const queues = queuesOf(ctx, deps, work, due, risk);
  for (const queue of queues) forMarket(queue.marketId, 'takeovers', () => clearQueue(ctx, deps, work, queue));
  for (const { marketId, closes } of queues)
    forMarket(marketId, 'takeovers', () => {
      const market = work.markets(marketId);
      for (const { account, step, taken } of closes)
        if (taken > 0n) chargePenalty({ ctx, deps, work, risk }, market, account, step.penaltyRate, taken, true);
    });
}

/** Plans the closes of those accounts that somebody bids for, by market, longs before shorts. */
function queuesOf(
  ctx: Context,
  { keeper }: Deps,
  work: WorkingSet,
  due: readonly Residual[],
  risk: RiskParams,
): Queue[] {
  const { maxAccountsPerBlock } = keeperBidParams(keeper.params(ctx));
  const wanted = new Map<string, boolean>();
  const isWanted = (marketId: MarketId, side: Side): boolean => {
    const name = `${marketId}/${side}`;
    let known = wanted.get(name);
    if (known === undefined) wanted.set(name, (known = keeperBids.count(ctx, { marketId, side }) > 0n));
    return known;
  };
  const queues = new Map<string, Queue>();
  let planned = 0;
  for (const { account, health, age, equity, legs } of due) {
    if (equity < 0n || !legs.some(({ position }) => isWanted(position.marketId, takerSide(position.quantity))))
      continue;
    if (++planned > maxAccountsPerBlock) break;
    const steps = planCloseWithin(account, work.markets, risk, (_, market, share, size) =>
      discountCeiling(market, share, size, age),
    );
    for (const step of steps) {
      const side: Side = step.side === 'sell' ? 'buy' : 'sell';
      if (step.distance < 0n || !isWanted(step.marketId, side)) continue;
      const market = work.markets(step.marketId);
      const quantity = health < risk.sliceHealth ? step.quantity : min(step.quantity, sliceLeft(account, market, risk));
      if (quantity === 0n) continue;
      const name = `${step.marketId}/${side}`;
      let queue = queues.get(name);
      if (queue === undefined) queues.set(name, (queue = { marketId: step.marketId, side, closes: [] }));
      queue.closes.push({ account, step, ceiling: step.distance, quantity, taken: 0n });
    }
  }
  return [...queues.values()].sort((a, b) =>
    a.marketId !== b.marketId ? a.marketId - b.marketId : a.side === 'buy' ? -1 : 1,
  );
}

/** What a keeper does who takes a position of this sign over. */
const takerSide = (held: bigint): Side => (held > 0n ? 'buy' : 'sell');

/** What the auction left of the slice that a block may close of a position, in whole steps. risk-model section 10.2. */
function sliceLeft(account: WorkingAccount, market: MarketView, risk: RiskParams): bigint {
  const began = abs(account.stored.positions.find(({ marketId }) => marketId === market.id)?.quantity ?? 0n);
  const now = abs(account.position(market.id)?.quantity ?? 0n);
  const slice = max(fdiv(notional(market, base(began)) * risk.sliceShare, million), risk.sliceNotional);
  const closed = notional(market, base(max(0n, began - now)));
  return min(now, max(0n, stepsWorth(market, quote(slice - closed))));
}

function clearQueue(ctx: Context, deps: Deps, work: WorkingSet, { marketId, side, closes }: Queue): void {
  const market = work.markets(marketId);
  const clearing = clearDiscount(offersOf(ctx, deps, work, market, side), closes, market.stepSize);
  if (clearing === undefined) return;
  const { discount, fills, takes } = clearing;
  const at = discounted(market, side, discount);
  let moved = 0n;
  for (const { offer, quantity } of fills)
    moved += work.fill(work.account(offer.bid[0].account), market, side, quantity, at);
  for (const { demand, quantity } of takes) {
    moved += work.fill(demand.account, market, demand.step.side, quantity, at);
    demand.taken = quantity;
  }
  // Buyers pay rounded up and sellers get rounded down: the difference is dust.
  work.addDust(-moved);

  const left = takes.map(({ quantity }) => quantity);
  let next = 0;
  for (const { offer, quantity } of fills) {
    let { bid } = offer;
    for (let rest = quantity; rest > 0n; left[next] === 0n && next++) {
      const part = min(rest, left[next]!);
      rest -= part;
      left[next]! -= part;
      bid = takenOf(bid, notional(market, base(part)));
      tell(ctx, market, takes[next]!.demand.account.key, bid, part, at, discount);
    }
    keepRest(ctx, market, bid);
  }
}

/** Mark less the discount for longs, mark more for shorts; the discount rounded down. */
function discounted(market: MarketView, side: Side, discount: bigint): Price {
  const offset = fdiv(market.markPrice * discount, million);
  return price(max(1n, side === 'buy' ? market.markPrice - offset : market.markPrice + offset));
}

/** The bids of a side with what their accounts can carry: those of one account together, what asks least first. */
function offersOf(ctx: Context, { keeper }: Deps, work: WorkingSet, market: MarketView, side: Side): BidOffer[] {
  const share = ppm(BigInt(keeper.params(ctx).accountSharePpm));
  const byAccount = new Map<SubaccountKey, { bid: Bid; quantity: bigint }[]>();
  for (const bid of [...keeperBids.onSide(ctx, { marketId: market.id, side })]) {
    const { account } = bid[0];
    const wanted = { bid, quantity: stepsWorth(market, bid[1].remaining) };
    const own = byAccount.get(account);
    if (own === undefined) byAccount.set(account, [wanted]);
    else own.push(wanted);
  }
  const offers: BidOffer[] = [];
  for (const [key, own] of byAccount) {
    const orders = [...keeper.ordersOf(ctx, key)].map(orderView);
    const total = own.reduce((sum, { quantity }) => sum + quantity, 0n);
    // No fill of a bid is worse than at mark. Other bids wait for what is left.
    const fill = { market, side, price: market.markPrice };
    let left = new Fit(work.account(key), orders, work.markets, fill, share).most(total);
    for (const { bid, quantity } of own) {
      const offered = min(quantity, left);
      left -= offered;
      if (offered > 0n) offers.push({ key: orderKey(bid[0]), minDiscount: bid[1].minDiscount, quantity: offered, bid });
    }
  }
  return offers;
}

const takenOf = ([id, terms]: Bid, taken: bigint): Bid => [
  id,
  { ...terms, remaining: quote(max(0n, terms.remaining - taken)) },
];

function tell(
  ctx: Context,
  market: MarketView,
  failing: SubaccountKey,
  [id, { side, remaining }]: Bid,
  quantity: bigint,
  at: Price,
  discount: bigint,
): void {
  ctx.emit('plimsoll.perps.v1.EventKeeperFill', {
    subaccount: subaccountId(failing),
    keeper: subaccountId(id.account),
    marketId: market.id,
    clientId: id.clientId,
    remaining: remaining.toString(),
    side: sideToProto(side),
    quantity,
    price: at,
    discountPpm: Number(discount),
    notional: notional(market, base(quantity)).toString(),
  });
}

/** Leaves what a fill left of a bid; less than a step is of no use. */
function keepRest(ctx: Context, market: MarketView, bid: Bid): void {
  if (stepsWorth(market, bid[1].remaining) === 0n) endBid(ctx, bid, KeeperBidEnd.KEEPER_BID_END_FILLED);
  else keeperBids.setRemaining(ctx, bid, bid[1].remaining);
}
