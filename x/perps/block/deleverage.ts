import type { EventDeleveraged } from '../../../gen/plimsoll/perps/v1/events.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { sideToProto } from '../codecs.js';
import { deleverageCandidate, marginOf, planWaterFill, reaches } from '../liquidation/index.js';
import { subaccountId } from '../subaccount-key.js';
import { base, type MarketView, type Side } from '../types.js';
import { abs, notional } from '../units/index.js';
import type { Gains } from './gains.js';
import type { Solvent } from './solvent.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/** Closes the bankrupt positions of a market at mark: against each other first, then against the riskiest of the other side. */
export function deleverage(
  ctx: Context,
  work: WorkingSet,
  market: MarketView,
  bankrupts: readonly WorkingAccount[],
  solvent: Solvent,
  gains: Gains,
): void {
  let net = 0n;
  let moved = 0n;
  for (const account of bankrupts) {
    const quantity = account.position(market.id)?.quantity;
    if (quantity === undefined) continue;
    net += quantity;
    moved += closeAtMark(ctx, work, market, account, abs(quantity), bankruptReason);
  }
  if (net !== 0n) {
    // Bankrupt longs net: shorts are closed, and the other way round.
    const plan = solvent.riskiest(market, net > 0n ? 'short' : 'long', abs(net), (accounts, level) => {
      const candidates = accounts.map((account) =>
        deleverageCandidate(account, market, work.markets, work.equity(account)),
      );
      if (level > 0n && !reaches(market, abs(net), candidates, level)) return undefined;
      return { accounts, candidates, fill: planWaterFill(market, abs(net), candidates, level) };
    });
    for (const [index, cut] of plan.fill.cuts.entries()) {
      if (cut.quantity === 0n) continue;
      const account = work.account(plan.accounts[index]!.key);
      const candidate = plan.candidates[index]!;
      gains.remember(account);
      moved += closeAtMark(ctx, work, market, account, cut.quantity, {
        bankrupt: false,
        sideQuantity: abs(net),
        // No level tells accounts without equity apart.
        levelPpm: (cut.ratio === undefined ? 0n : (plan.fill.level ?? 0n)).toString(),
        ratioPpm: (cut.ratio ?? 0n).toString(),
        equity: candidate.equity.toString(),
        maintenanceMargin: marginOf(market, candidate).toString(),
        askedQuantity: cut.asked,
        hedgeQuantity: cut.hedge,
        maintenanceRatePpb: market.maintenanceRate,
        depthUnit: market.depthUnit.toString(),
        otherMargin: candidate.otherMargin.toString(),
        offsets: candidate.marginAt !== undefined,
      });
    }
  }
  work.addDust(-moved);
}

/** Why a position is closed at mark: the fields of the event that say so. */
type Reason = Pick<
  EventDeleveraged,
  | 'bankrupt'
  | 'sideQuantity'
  | 'levelPpm'
  | 'ratioPpm'
  | 'equity'
  | 'maintenanceMargin'
  | 'askedQuantity'
  | 'hedgeQuantity'
  | 'maintenanceRatePpb'
  | 'depthUnit'
  | 'otherMargin'
  | 'offsets'
>;

/** The account's own event of bankruptcy says the rest. */
const bankruptReason: Reason = {
  bankrupt: true,
  sideQuantity: 0n,
  levelPpm: '',
  ratioPpm: '',
  equity: '',
  maintenanceMargin: '',
  askedQuantity: 0n,
  hedgeQuantity: 0n,
  maintenanceRatePpb: 0n,
  depthUnit: '',
  otherMargin: '',
  offsets: false,
};

/** Closes part of a position at mark; returns the signed change of cash. */
function closeAtMark(
  ctx: Context,
  work: WorkingSet,
  market: MarketView,
  account: WorkingAccount,
  quantity: bigint,
  reason: Reason,
): bigint {
  const held = account.position(market.id)!.quantity;
  const side: Side = held > 0n ? 'sell' : 'buy';
  const cash = work.fill(account, market, side, quantity, market.markPrice);
  if (reason.bankrupt) work.noteLiquidated(market.id, notional(market, base(quantity)));
  ctx.emit('plimsoll.perps.v1.EventDeleveraged', {
    subaccount: subaccountId(account.key),
    marketId: market.id,
    side: sideToProto(side),
    quantity,
    price: market.markPrice,
    positionQuantity: held,
    ...reason,
  });
  return cash;
}
