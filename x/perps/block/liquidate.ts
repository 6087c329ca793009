import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import { KeeperBidEnd } from '../../../gen/plimsoll/perps/v1/keeper_bids.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { standingOf as marketStanding } from '../breakers/index.js';
import { sideToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { riskParamsOf } from '../keeper.js';
import { planClose, planCloseRiskiest, type CloseStep } from '../liquidation/index.js';
import { endBids } from '../keeper-bids/end.js';
import { dropOrder } from '../msgs/cancel.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketId } from '../types.js';
import type { Failing } from './risk-scan.js';
import { contributionsOf, standingOf, termsOf, triggerToProto } from './standing.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/** A liquidation's order in this block's auction. */
export interface LiquidationOrder {
  readonly account: WorkingAccount;
  readonly step: CloseStep;
}

/**
 * Cancels the failing accounts' orders and plans their closes. The solver
 * handles the worst accounts; beyond its bound each closes its riskiest
 * position, so that the work of a block stays bounded. risk-model section 10.
 */
export function planLiquidations(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  failing: readonly Failing[],
): Map<MarketId, LiquidationOrder[]> {
  const { keeper, insurance } = deps;
  const params = keeper.params(ctx);
  const risk = riskParamsOf(params);
  const pays = new Map<MarketId, boolean>();
  const tranchePays = (id: MarketId): boolean => {
    let known = pays.get(id);
    if (known === undefined) {
      known = insurance.insuresCloses(ctx, id);
      pays.set(id, known);
    }
    return known;
  };
  const open = new Map<MarketId, boolean>();
  const liquidates = (id: MarketId): boolean => {
    let known = open.get(id);
    if (known === undefined) {
      known = marketStanding(ctx, keeper.market(ctx, id)!).liquidates(ctx.block.height, ctx.block.timeMs);
      open.set(id, known);
    }
    return known;
  };
  const orders = new Map<MarketId, LiquidationOrder[]>();
  const terms = termsOf(params);
  for (const [rank, each] of failing.entries()) {
    const { key, closable, equity, maintenanceMargin } = each;
    const account = work.account(key);
    // Where nothing may close now, its own orders are what can still save it.
    const waits = account.positions.length > 0 && !account.positions.some(({ marketId }) => liquidates(marketId));
    if (waits && equity >= 0n) continue;
    ctx.emit('plimsoll.perps.v1.EventLiquidationStarted', {
      subaccount: subaccountId(key),
      standing: standingOf(account, work.markets, each, contributionsOf(account, work.markets)),
      trigger: triggerToProto(each.trigger),
      terms,
      closable,
    });
    for (const order of [...keeper.ordersOf(ctx, key)])
      dropOrder(ctx, keeper, order, CancelReason.CANCEL_REASON_LIQUIDATION);
    endBids(ctx, key, KeeperBidEnd.KEEPER_BID_END_LIQUIDATION);
    if (!closable) continue;
    const exact = rank < params.maxSolverAccounts;
    const plan = exact ? planClose : planCloseRiskiest;
    for (const step of plan(account, work.markets, risk, tranchePays)) {
      // A position whose market does not permit it waits; the plan for the others stands.
      if (!liquidates(step.marketId)) continue;
      const { reason } = step;
      ctx.emit('plimsoll.perps.v1.EventLiquidation', {
        subaccount: subaccountId(key),
        marketId: step.marketId,
        side: sideToProto(step.side),
        quantity: step.quantity,
        limitPrice: step.limitPrice,
        bankruptcyPrice: step.bankruptcyPrice,
        equity: equity.toString(),
        maintenanceMargin: maintenanceMargin.toString(),
        positionNotional: reason.notional.toString(),
        marginShare: reason.margin.toString(),
        equityShare: reason.equityShare.toString(),
        penaltyRatePpm: Number(step.penaltyRate),
        limitDistancePpm: step.distance,
        costRatePpm: Number(reason.cost),
        wantedQuantity: reason.wanted,
        insured: tranchePays(step.marketId),
        beyondSolver: !exact,
      });
      const list = orders.get(step.marketId);
      if (list === undefined) orders.set(step.marketId, [{ account, step }]);
      else list.push({ account, step });
    }
  }
  return orders;
}
