import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { penaltyFor, splitPenalty } from '../liquidation/index.js';
import { subaccountId } from '../subaccount-key.js';
import { base, quote, type MarketView, type Ppm, type RiskParams } from '../types.js';
import { notional } from '../units/index.js';
import { payVault } from './backstop.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/**
 * Charges what a close costs beyond its price, at most the equity left, and
 * hands it on. risk-model section 10.4.
 * @param takenOver by keepers (L2), not closed in the auction (L1)
 */
export function chargePenalty(
  {
    ctx,
    deps,
    work,
    risk,
  }: { readonly ctx: Context; readonly deps: Deps; readonly work: WorkingSet; readonly risk: RiskParams },
  market: MarketView,
  account: WorkingAccount,
  rate: Ppm,
  quantity: bigint,
  takenOver: boolean,
): void {
  const closed = notional(market, base(quantity));
  work.noteLiquidated(market.id, closed);
  const equity = work.equity(account);
  const penalty = penaltyFor(closed, rate, equity);
  const left = quote(work.repayHaircuts(market.id, penalty));
  const { toInsurance, toBackstop, toFees } = splitPenalty(left, risk.penaltyInsuranceShare, risk.penaltyBackstopShare);
  work.addCash(account, -penalty);
  work.addFees(toFees);
  // What nobody owns earns nothing: its share is the tranche's.
  const byVault = payVault(ctx, deps, work, market, toBackstop);
  const byTranche = toInsurance + toBackstop - byVault;
  work.contribute(market.id, byTranche);
  ctx.emit('plimsoll.perps.v1.EventLiquidationPenalty', {
    subaccount: subaccountId(account.key),
    marketId: market.id,
    closedNotional: closed.toString(),
    penalty: penalty.toString(),
    toInsurance: byTranche.toString(),
    toFees: toFees.toString(),
    toBackstop: byVault.toString(),
    penaltyRatePpm: Number(rate),
    equity: equity.toString(),
    toRecovery: (penalty - left).toString(),
    takenOver,
  });
}
