import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import { OrderPlacement } from '../../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { AppError } from '../../../runtime/baseapp/errors.js';
import { isFrozen } from '../breakers/freeze.js';
import { sideToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { isStale } from '../keeper.js';
import { forMarket } from '../market-failure.js';
import { dropOrder } from '../msgs/cancel.js';
import { OrderDesk } from '../msgs/order-desk.js';
import { quote, type MarketId } from '../types.js';
import { vaultKey, vaultNumbers } from './account.js';
import { hedgeOf, sendHedge } from './send-hedges.js';
import { tradeVolume, vaultHoldings } from './store.js';
import { planUnwind, type Unwind } from './unwind.js';

/** Client id of a vault's order in a market: it has one at a time. */
const clientId = 1n;

/**
 * Offers a part of everything that vaults hold in this block's auctions:
 * reduce-only orders like any others, except for what hedges the rest, and
 * orders a hedge where that is worth it. A market that takes no order now, or
 * has no fresh price, is offered nothing. risk-model sections 9.7 and 11.
 * O(vaults * (their positions + markets)).
 */
export function sendUnwinds(ctx: Context, deps: Deps): void {
  const { keeper } = deps;
  if (keeper.ledger(ctx).haltedReason !== '') return;
  for (const number of vaultNumbers) {
    const account = keeper.account(ctx, vaultKey(number));
    const { positions } = account;
    for (const holding of vaultHoldings.of(ctx, number))
      if (!positions.some(({ marketId }) => marketId === holding.marketId)) vaultHoldings.delete(ctx, holding);
    const hedge = hedgeOf(ctx, deps, number, account);
    for (const { marketId, quantity } of positions) {
      if (isFrozen(ctx, marketId)) continue;
      const offered = marketId === hedge?.marketId ? hedge.plan.excess : quantity;
      forMarket(marketId, 'offers of vaults', () => offer(ctx, deps, number, marketId, offered));
    }
    if (hedge !== undefined) forMarket(hedge.marketId, 'hedges of vaults', () => sendHedge(ctx, deps, number, hedge));
  }
}

function offer(ctx: Context, deps: Deps, number: number, marketId: MarketId, quantity: bigint): void {
  const { keeper } = deps;
  const { timeMs } = ctx.block;
  const market = keeper.market(ctx, marketId)!;
  const found = vaultHoldings.get(ctx, number, marketId);
  const holding = found ?? { number, marketId, sinceMs: timeMs, sentMs: timeMs - 1_000n, hedge: false };
  const params = keeper.params(ctx);
  const plan = planUnwind(keeper.marketView(ctx, marketId), {
    quantity,
    volume: tradeVolume.lastHour(ctx, marketId, timeMs),
    least: quote(BigInt(market.minOrderNotional)),
    heldMs: timeMs - holding.sinceMs,
    elapsedMs: timeMs - holding.sentMs,
    farthest: BigInt(params.maxLimitDistancePpm),
  });
  const isPriced = !isStale(keeper.marketState(ctx, marketId), params, timeMs);
  vaultHoldings.set(ctx, { ...holding, sentMs: timeMs });
  try {
    ctx.atomically((inner) => send(inner, deps, number, marketId, isPriced ? plan : undefined));
  } catch (error) {
    // A market that is closed to orders; the next block tries again.
    if (!(error instanceof AppError)) throw error;
  }
}

/** Replaces what the last block left on the book. */
function send(ctx: Context, deps: Deps, number: number, marketId: MarketId, plan: Unwind | undefined): void {
  const { keeper } = deps;
  const account = vaultKey(number);
  const resting = keeper.order(ctx, { account, marketId, clientId });
  if (resting !== undefined && plan?.passive === true && resting[0].side === plan.side) {
    const [{ price }, { remaining }] = resting;
    if (price !== plan.price || remaining > plan.quantity)
      new OrderDesk(ctx, deps, account).move(resting, plan.price, plan.quantity);
    return;
  }
  if (resting !== undefined) dropOrder(ctx, keeper, resting, CancelReason.CANCEL_REASON_ALGO);
  if (plan === undefined || plan.quantity === 0n) return;
  new OrderDesk(ctx, deps, account).place(
    OrderPlacement.fromPartial({
      marketId,
      clientId,
      side: sideToProto(plan.side),
      type: OrderType.ORDER_TYPE_LIMIT,
      quantity: plan.quantity,
      price: plan.price,
      timeInForce: plan.passive ? TimeInForce.TIME_IN_FORCE_GTC : TimeInForce.TIME_IN_FORCE_IOC,
      reduceOnly: true,
    }),
  );
}
