import { OrderPlacement } from '../../../gen/plimsoll/perps/v1/tx.js';
import { OrderType, TimeInForce } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { AppError } from '../../../runtime/baseapp/errors.js';
import { abs, fdiv } from '../../../runtime/math/integers.js';
import { standingOf } from '../breakers/index.js';
import { sideToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { isStale } from '../keeper.js';
import { equity, maintenanceMargin, maintenanceMarginOf } from '../margin/index.js';
import { OrderDesk } from '../msgs/order-desk.js';
import { subaccountId } from '../subaccount-key.js';
import { base, type AccountView, type MarketId, type MarketView, type Markets, type Side } from '../types.js';
import { notional } from '../units/index.js';
import { vaultKey } from './account.js';
import { hedgeLimit, planHedge, type HedgePlan } from './hedge.js';
import { vaultHoldings } from './store.js';
import { inventoryLimit } from './takeover.js';

/** Client id of a vault's hedge order; its unwinding order in the same market has another one. */
const clientId = 2n;

/** The hedge of a vault as this block wants it. */
export interface Hedge {
  readonly marketId: MarketId;
  readonly plan: HedgePlan;
}

/**
 * The one market in which a vault hedges now, and what it wants there: where
 * it has a hedge, or the deepest market of class A in the cluster of what
 * needs most margin. Vaults of classes C and D never hedge: nothing offsets
 * what they hold. A hedge is bounded like inventory, and none is begun or
 * enlarged while the market is closed to the vault. risk-model section 11. O(markets).
 */
export function hedgeOf(ctx: Context, deps: Deps, number: number, account: AccountView): Hedge | undefined {
  if (number > 2 || account.positions.length === 0) return undefined;
  const { keeper, backstop } = deps;
  const markets = keeper.markets(ctx);
  const known = account.positions.find(({ marketId }) => vaultHoldings.get(ctx, number, marketId)?.hedge === true);
  const marketId = known?.marketId ?? deepest(ctx, deps, account, markets);
  if (marketId === undefined) return undefined;
  const market = markets(marketId);
  // Without fresh prices nothing is known of what it brings: it stays as it is.
  if (!isPriced(ctx, deps, [marketId, ...account.positions.map((each) => each.marketId)]))
    return known === undefined ? undefined : { marketId, plan: asItIs(account, markets, known.quantity) };
  const limits = backstop.limits(ctx, number, marketId);
  const held = abs(known?.quantity ?? 0n);
  const largest =
    limits === undefined
      ? held
      : fdiv(inventoryLimit(market, equity(account, markets), limits) * market.quoteDivisor, market.markPrice);
  return { marketId, plan: planHedge(account, market, markets, largest) };
}

/** Orders what a hedge wants more of, to fill in this block or not at all. */
export function sendHedge(ctx: Context, deps: Deps, number: number, { marketId, plan }: Hedge): void {
  const market = deps.keeper.marketView(ctx, marketId);
  const listed = deps.keeper.market(ctx, marketId)!;
  const side: Side = plan.order > 0n ? 'buy' : 'sell';
  const limit = hedgeLimit(market, side);
  const quantity = abs(plan.order);
  if (quantity === 0n || limit === undefined) return;
  if (notional(market, base(quantity)) < BigInt(listed.minOrderNotional)) return;
  if (standingOf(ctx, listed).permits('match') !== 'yes') return;
  try {
    ctx.atomically((inner) => {
      new OrderDesk(inner, deps, vaultKey(number)).place(
        OrderPlacement.fromPartial({
          marketId,
          clientId,
          side: sideToProto(side),
          type: OrderType.ORDER_TYPE_LIMIT,
          quantity,
          price: limit,
          timeInForce: TimeInForce.TIME_IN_FORCE_IOC,
        }),
      );
      const { timeMs } = ctx.block;
      const found = vaultHoldings.get(inner, number, marketId) ?? { number, marketId, sinceMs: timeMs, sentMs: timeMs };
      vaultHoldings.set(inner, { ...found, hedge: true });
      inner.emit('plimsoll.perps.v1.EventVaultHedge', {
        vault: subaccountId(vaultKey(number)),
        marketId,
        side: sideToProto(side),
        quantity,
        limitPrice: limit,
        marginBefore: plan.before.toString(),
        marginAfter: plan.after.toString(),
      });
    });
  } catch (error) {
    // A market that takes no such order now; the next block tries again.
    if (!(error instanceof AppError)) throw error;
  }
}

/** The market of class A with the largest depth unit among those that the vault does not hold, in the cluster of its largest margin. */
function deepest(ctx: Context, { keeper }: Deps, account: AccountView, markets: Markets): MarketId | undefined {
  let heaviest: { readonly market: MarketView; readonly margin: bigint } | undefined;
  for (const { marketId, quantity } of account.positions) {
    const market = markets(marketId);
    const margin = maintenanceMarginOf(market, quantity);
    if (heaviest === undefined || margin > heaviest.margin) heaviest = { market, margin };
  }
  let found: MarketView | undefined;
  for (const { id } of keeper.allMarkets(ctx)) {
    const market = markets(id);
    if (market.class !== 'A' || market.loading.cluster !== heaviest!.market.loading.cluster) continue;
    if (account.positions.some(({ marketId }) => marketId === id) || market.markPrice === 0n) continue;
    if (found === undefined || market.depthUnit > found.depthUnit) found = market;
  }
  return found?.id;
}

function asItIs(account: AccountView, markets: Markets, target: bigint): HedgePlan {
  const margin = maintenanceMargin(account, markets);
  return { target, excess: 0n, order: 0n, before: margin, after: margin };
}

function isPriced(ctx: Context, { keeper }: Deps, ids: readonly MarketId[]): boolean {
  const params = keeper.params(ctx);
  return ids.every((id) => !isStale(keeper.marketState(ctx, id), params, ctx.block.timeMs));
}
