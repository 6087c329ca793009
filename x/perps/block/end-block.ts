import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { runAuctions } from './auctions.js';
import { tellVaults } from './backstop.js';
import { lookAtLosses } from '../breakers/look.js';
import { settlePositions } from '../breakers/settle.js';
import { followDebts, sellCollateral } from './conversions.js';
import { checkIdentities } from './identities.js';
import { planLiquidations } from './liquidate.js';
import { netPositions } from './netting.js';
import { riskScan, standings, touched } from './risk-scan.js';
import { keepAges, residualsOf } from './residuals.js';
import { takeOverResiduals } from './takeovers.js';
import { resolveBankruptcies } from './waterfall.js';
import { releaseWithdrawals } from '../withdrawals/release.js';
import { measureLatency } from '../stress/chain/latency.js';
import { warnAccounts } from '../warnings/warn.js';
import { WorkingSet } from './working-set.js';

/**
 * The end of a block (risk-model section 9, steps 4 to 8): sell collateral of
 * accounts that owe USDC, find failing accounts, plan their closes, match one
 * auction for each market, give what that left to those who stand ready for
 * it, resolve what is bankrupt, net positions of those who ask for it in
 * stopped markets, and prove the books. An identity that fails
 * halts trading: the chain goes on, deposits and cancels are accepted.
 */
export function endBlock(ctx: Context, deps: Deps): void {
  const { keeper } = deps;
  if (keeper.ledger(ctx).haltedReason !== '') return;
  sellCollateral(ctx, deps);
  deps.accounts?.open(ctx, deps);
  const work = new WorkingSet(ctx, deps);
  const due = deps.health?.open(ctx, deps);
  const { failing, looked } = riskScan(ctx, deps, work, due?.accounts);
  const liquidations = planLiquidations(ctx, deps, work, failing);
  runAuctions(ctx, deps, work, liquidations);
  const residuals = residualsOf(ctx, deps, work, failing);
  takeOverResiduals(ctx, deps, work, residuals);
  resolveBankruptcies(ctx, deps, work);
  netPositions(ctx, deps, work);
  keepAges(ctx, work, residuals);
  settlePositions(ctx, deps, work);
  tellVaults(ctx, deps, work);
  work.flush();
  lookAtLosses(ctx, deps, (id) => work.noted(id));
  followDebts(ctx, deps, work, looked);
  const stood = [...standings(work, looked)];
  warnAccounts(ctx, deps, work, stood, due?.fallen ?? []);
  deps.health?.close(ctx.block.height, stood, work.markets);
  deps.accounts?.close(ctx, deps, work.changed());
  deps.liquidations?.close(ctx.block.height, touched(work, looked, due?.passed ?? []));
  measureLatency(
    ctx,
    work,
    failing.map(({ key }) => key),
  );

  const [broken] = checkIdentities(ctx, deps, work);
  releaseWithdrawals(ctx, deps, broken === undefined);
  if (broken === undefined) return;
  keeper.setLedger(ctx, { ...keeper.ledger(ctx), haltedReason: `${broken.identity}: ${broken.detail}` });
  ctx.emit('plimsoll.perps.v1.EventInvariantBroken', { identity: broken.identity, detail: broken.detail });
}
