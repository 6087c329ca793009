import type { Context } from '../../runtime/baseapp/context.js';
import { dayMs } from '../../runtime/baseapp/time.js';
import { toBech32 } from '../../runtime/crypto/address.js';
import { workExits } from '../../runtime/pool/leaving.js';
import { sharePrice, withPrice } from '../../runtime/pool/shares.js';
import { idToProto } from './codecs.js';
import { planEpoch } from './exits.js';
import { collateralDenom, moduleName, type InsuranceKeeper } from './keeper.js';
import { exitRulesOf } from './params.js';
import type { TrancheView } from './types.js';

/**
 * Requests grow mature, each day lets mature shares out at one price, and
 * their owners are paid a bounded number in each block. risk-model section 12.5.
 */
export function endBlock(ctx: Context, keeper: InsuranceKeeper): void {
  const { store, bank } = keeper;
  workExits(ctx, store, ({ tranche }) => tranche, {
    matured: (id, { shares }) => {
      const tranche = store.tranche(ctx, id)!;
      store.setTranche(ctx, { ...tranche, matureShares: tranche.matureShares + shares });
    },
    paid: (id, owner, shares, assets) => {
      if (assets > 0n) bank.sendFromModule(ctx, moduleName, owner, collateralDenom, assets);
      ctx.emit('plimsoll.insurance.v1.EventExitPaid', {
        tranche: idToProto(id),
        owner: toBech32(owner),
        shares: shares.toString(),
        amount: assets.toString(),
      });
    },
  });
  const day = ctx.block.timeMs / dayMs;
  if (day === store.epochDay(ctx)) return;
  store.setEpochDay(ctx, day);
  for (const tranche of [...store.tranches(ctx)]) epoch(ctx, keeper, tranche, day);
}

function epoch(ctx: Context, { store, markets }: InsuranceKeeper, tranche: TrancheView, day: bigint): void {
  const { id, senior, shares, matureShares } = tranche;
  let changed = tranche;
  if (shares > 0n || tranche.prices.length > 0) {
    changed = { ...changed, prices: withPrice(tranche.prices, day, sharePrice(shares, senior)) };
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
