import { CancelReason } from '../../../gen/plimsoll/perps/v1/events.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sideToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { riskParamsOf } from '../keeper.js';
import { planClose, planCloseRiskiest, type CloseStep } from '../liquidation/index.js';
import { maintenanceMargin } from '../margin/index.js';
import { dropOrder } from '../msgs/cancel.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketId } from '../types.js';
import type { Failing } from './risk-scan.js';
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
  const orders = new Map<MarketId, LiquidationOrder[]>();
  for (const [rank, { key, closable, equity }] of failing.entries()) {
    for (const order of [...keeper.ordersOf(ctx, key)])
      dropOrder(ctx, keeper, order, CancelReason.CANCEL_REASON_LIQUIDATION);
    const account = work.account(key);
    if (!closable) continue;
    const plan = rank < params.maxSolverAccounts ? planClose : planCloseRiskiest;
    const margin = maintenanceMargin(account, work.markets);
    for (const step of plan(account, work.markets, risk, tranchePays)) {
      ctx.emit('plimsoll.perps.v1.EventLiquidation', {
        subaccount: subaccountId(key),
        marketId: step.marketId,
        side: sideToProto(step.side),
        quantity: step.quantity,
        limitPrice: step.limitPrice,
        bankruptcyPrice: step.bankruptcyPrice,
        equity: equity.toString(),
        maintenanceMargin: margin.toString(),
      });
      const list = orders.get(step.marketId);
      if (list === undefined) orders.set(step.marketId, [{ account, step }]);
      else list.push({ account, step });
    }
  }
  return orders;
}
