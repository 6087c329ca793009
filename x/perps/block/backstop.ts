import type { Context } from '../../../runtime/baseapp/context.js';
import { sideToProto } from '../codecs.js';
import type { Deps } from '../deps.js';
import { riskParamsOf } from '../keeper.js';
import { maintenanceMargin } from '../margin/index.js';
import { forMarket } from '../market-failure.js';
import { subaccountId } from '../subaccount-key.js';
import { base, quote, type MarketView, type RiskParams, type Side } from '../types.js';
import { notional } from '../units/index.js';
import { isVault, vaultKey, vaultNumberOf, vaultNumbers } from '../vaults/account.js';
import { sizeTakeover, takeoverPayment, takeoverRoom } from '../vaults/takeover.js';
import type { Residual, ResidualLeg } from './residuals.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

const other = (side: Side): Side => (side === 'buy' ? 'sell' : 'buy');

/**
 * Stage L3: vaults take positions of residual accounts over, each of the
 * class of its market, at mark and for a payment, within their limits. They
 * take of accounts that can pay for the risk and are too ill to wait: what
 * they leave waits, or goes on when it is bankrupt. Worst accounts first, of
 * each what contributes most margin first. risk-model sections 10.5 and 11.
 * O(residual accounts * positions * log(size)) margin evaluations, of which
 * the accounts behind the solver's bound need only those of the vault.
 */
export function takeByVaults(ctx: Context, deps: Deps, work: WorkingSet, residuals: readonly Residual[]): void {
  const { least, most } = deps.backstop.healthRange(ctx);
  const params = deps.keeper.params(ctx);
  const risk = riskParamsOf(params);
  let rank = 0;
  for (const residual of residuals) {
    if (residual.health < least || residual.health >= most) continue;
    // A vault sells on the book or falls with it; no vault takes of another one.
    if (isVault(residual.account.key)) continue;
    const exact = rank++ < params.maxSolverAccounts;
    const legs = [...residual.legs].sort((a, b) =>
      a.margin === b.margin ? a.market.id - b.market.id : a.margin > b.margin ? -1 : 1,
    );
    for (const leg of legs)
      forMarket(leg.market.id, 'takeovers', () => takeLeg(ctx, deps, work, residual, leg, exact ? risk : undefined));
  }
}

/** @param risk undefined: the account is not measured, and as much as may be is taken */
function takeLeg(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  residual: Residual,
  leg: ResidualLeg,
  risk: RiskParams | undefined,
): void {
  const { market, position } = leg;
  const { account } = residual;
  const number = vaultNumberOf(market);
  const limits = deps.backstop.limits(ctx, number, market.id);
  if (limits === undefined) return;
  const equity = work.equity(account);
  if (risk !== undefined && hasTarget(work, account, equity, risk)) return;
  const vault = work.account(vaultKey(number));
  // Isolated markets stay apart inside a vault too.
  if (market.class === 'D' && vault.positions.some(({ marketId }) => marketId !== market.id)) return;
  const worth = work.equity(vault);
  const room = takeoverRoom(vault, worth, market, position.quantity, limits, work.markets);
  if (room === 0n) return;
  const { paymentPpm } = limits;
  const quantity =
    risk === undefined
      ? room
      : sizeTakeover(
          { account, equity, leg, room, paymentPpm, targetHealth: risk.targetHealth, least: leastOf(market, risk) },
          work.markets,
        );
  if (quantity === 0n) return;
  const side: Side = position.quantity > 0n ? 'sell' : 'buy';
  const payment = takeoverPayment(leg, quantity, paymentPpm);
  const moved =
    work.fill(account, market, side, quantity, market.markPrice) +
    work.fill(vault, market, other(side), quantity, market.markPrice);
  work.addDust(-moved);
  work.addCash(account, -payment);
  work.addCash(vault, payment);
  const taken = notional(market, base(quantity));
  work.noteLiquidated(market.id, taken);
  deps.backstop.tookOver(ctx, number, market.id, taken, payment);
  ctx.emit('plimsoll.perps.v1.EventBackstopTakeover', {
    subaccount: subaccountId(account.key),
    vault: subaccountId(vault.key),
    marketId: market.id,
    side: sideToProto(side),
    quantity,
    price: market.markPrice,
    notional: taken.toString(),
    payment: payment.toString(),
    healthPpm: Number(residual.health),
    equityShare: leg.share.toString(),
    marginShare: leg.margin.toString(),
  });
}

const leastOf = (market: MarketView, risk: RiskParams) =>
  market.class === 'A' || market.class === 'B' ? risk.minLiquidationAB : risk.minLiquidationCD;

/** An earlier leg was enough. */
const hasTarget = (work: WorkingSet, account: WorkingAccount, equity: bigint, risk: RiskParams): boolean =>
  1_000_000n * equity >= risk.targetHealth * maintenanceMargin(account, work.markets);

/** Tells the vaults' books what their positions moved in this block, in order of vault and market. */
export function tellVaults(ctx: Context, deps: Deps, work: WorkingSet): void {
  for (const number of vaultNumbers) {
    const vault = work.known(vaultKey(number));
    if (vault === undefined) continue;
    for (const [marketId, cash] of [...vault.marketCash].sort(([a], [b]) => a - b))
      deps.backstop.moved(ctx, number, marketId, cash);
  }
}

/** Gives the vault behind a market its share of a penalty. @returns what it took: nothing when nobody owns it */
export function payVault(ctx: Context, deps: Deps, work: WorkingSet, market: MarketView, share: bigint): bigint {
  const number = vaultNumberOf(market);
  if (share === 0n || !deps.backstop.isOwned(ctx, number)) return 0n;
  work.addCash(work.account(vaultKey(number)), quote(share));
  deps.backstop.earned(ctx, number, share);
  return share;
}
