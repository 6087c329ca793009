import type { Context } from '../../runtime/baseapp/context.js';
import { dayMs } from '../../runtime/baseapp/time.js';
import { fromBech32, toBech32 } from '../../runtime/crypto/address.js';
import { idToProto } from './codecs.js';
import { planEpoch, serve } from './exits.js';
import { collateralDenom, moduleName, type InsuranceKeeper } from './keeper.js';
import { exitRulesOf } from './params.js';
import { sharePrice } from './shares.js';
import type { TrancheView } from './types.js';

/** Requests that one block matures, and owners that it pays. */
const perBlock = 200;
/** Prices at the last epochs: thirty days between the first and the last. */
const pricesKept = 31;

/**
 * Requests grow mature, each day lets mature shares out at one price, and
 * their owners are paid a bounded number in each block. risk-model section 12.5.
 */
export function endBlock(ctx: Context, keeper: InsuranceKeeper): void {
  const { store } = keeper;
  let budget = perBlock;
  for (const { tranche } of [...store.payouts(ctx)]) budget = payOut(ctx, keeper, tranche, budget);
  const paying = [...store.payouts(ctx)].length > 0;
  // What matures while an epoch is paid waits for the next one.
  if (!paying) for (; budget > 0 && mature(ctx, keeper); budget--);
  const day = ctx.block.timeMs / dayMs;
  if (day === store.epochDay(ctx)) return;
  store.setEpochDay(ctx, day);
  for (const tranche of [...store.tranches(ctx)]) epoch(ctx, keeper, tranche, day);
}

function mature(ctx: Context, { store }: InsuranceKeeper): boolean {
  const exit = store.firstCooled(ctx, ctx.block.timeMs);
  if (exit === undefined) return false;
  store.setExit(ctx, { ...exit, mature: true });
  const tranche = store.tranche(ctx, exit.tranche)!;
  store.setTranche(ctx, { ...tranche, matureShares: tranche.matureShares + exit.shares });
  return true;
}

function epoch(ctx: Context, { store, markets }: InsuranceKeeper, tranche: TrancheView, day: bigint): void {
  const { id, senior, shares, matureShares } = tranche;
  let changed = tranche;
  if (shares > 0n || tranche.prices.length > 0) {
    const prices = [...tranche.prices, { day, price: sharePrice(shares, senior) }].slice(-pricesKept);
    changed = { ...changed, prices };
    store.setTranche(ctx, changed);
  }
  if (matureShares === 0n || store.payout(ctx, id) !== undefined || !markets.isCalm(ctx, id)) return;
  const plan = planEpoch(tranche, matureShares, exitRulesOf(store.params(ctx)));
  if (plan.shares === 0n) return;
  store.setTranche(ctx, {
    ...changed,
    senior: senior - plan.assets,
    shares: shares - plan.shares,
    matureShares: matureShares - plan.shares,
    totalOut: tranche.totalOut + plan.assets,
  });
  store.setPayout(ctx, {
    tranche: id,
    matureLeft: matureShares,
    sharesLeft: plan.shares,
    assetsLeft: plan.assets,
    cursor: '',
  });
  ctx.emit('plimsoll.insurance.v1.EventEpoch', {
    tranche: idToProto(id),
    matureShares: matureShares.toString(),
    shares: plan.shares.toString(),
    assets: plan.assets.toString(),
    fee: plan.fee.toString(),
  });
}

/** Pays owners in their order until all are served or the budget is spent. @returns the budget that is left */
function payOut(ctx: Context, { store, bank }: InsuranceKeeper, id: TrancheView['id'], budget: number): number {
  for (let left = budget; left > 0; left--) {
    const payout = store.payout(ctx, id);
    if (payout === undefined) return left;
    const after = payout.cursor === '' ? new Uint8Array(0) : fromBech32(payout.cursor);
    const exit = store.nextMature(ctx, id, after)!;
    const { shares, assets, left: rest } = serve(payout, exit.shares);
    const owner = toBech32(exit.owner);
    store.setShares(ctx, id, exit.owner, store.shares(ctx, id, exit.owner) - shares);
    if (shares === exit.shares) store.deleteExit(ctx, id, exit.owner);
    else store.setExit(ctx, { ...exit, shares: exit.shares - shares });
    store.setPayout(ctx, { ...payout, ...rest, cursor: owner });
    if (assets > 0n) bank.sendFromModule(ctx, moduleName, exit.owner, collateralDenom, assets);
    ctx.emit('plimsoll.insurance.v1.EventExitPaid', {
      tranche: idToProto(id),
      owner,
      shares: shares.toString(),
      amount: assets.toString(),
    });
  }
  return 0;
}
