import type { Context } from '../../runtime/baseapp/context.js';
import { dayMs } from '../../runtime/baseapp/time.js';
import { toBech32 } from '../../runtime/crypto/address.js';
import { hourOf } from '../../runtime/pool/hours.js';
import { workExits } from '../../runtime/pool/leaving.js';
import { sharePrice, withPrice } from '../../runtime/pool/shares.js';
import type { VaultStanding } from './expected_keepers.js';
import { collateralDenom, moduleName, type BackstopKeeper } from './keeper.js';
import { endHour, lossLimit, lossOf } from './losses.js';
import { assetsOf, mostOut, planEpoch } from './pricing.js';
import type { VaultMarketView, VaultView } from './types.js';

/**
 * Once the block's marks are known: vaults that lost too much close, an epoch
 * opens them again and lets mature shares out, and owners are paid. Runs
 * before anything trades, so that who leaves bears what came until then and
 * no account changes behind the end of a block. O(vaults * their markets).
 */
export function beginBlock(ctx: Context, keeper: BackstopKeeper): void {
  const { store, bank } = keeper;
  workExits(ctx, store, ({ number }) => number, {
    matured: (number, { shares }) => {
      const vault = store.vault(ctx, number);
      store.setVault(ctx, { ...vault, matureShares: vault.matureShares + shares });
    },
    paid: (number, owner, shares, assets) => {
      if (assets > 0n) bank.sendFromModule(ctx, moduleName, owner, collateralDenom, assets);
      ctx.emit('plimsoll.backstop.v1.EventExitPaid', {
        number,
        owner: toBech32(owner),
        shares: shares.toString(),
        amount: assets.toString(),
      });
    },
  });
  const day = ctx.block.timeMs / dayMs;
  const isEpoch = day !== store.epochDay(ctx);
  if (isEpoch) store.setEpochDay(ctx, day);
  for (const { number } of [...store.vaults(ctx)]) {
    const standing = keeper.accounts.standing(ctx, number);
    if (isEpoch) reopen(ctx, keeper, number, day);
    followLosses(ctx, keeper, number, standing, day);
    if (isEpoch) epoch(ctx, keeper, store.vault(ctx, number), standing, day);
  }
}

/** What a loss closed before this epoch is open again; a loss that still counts closes it anew. */
function reopen(ctx: Context, { store }: BackstopKeeper, number: number, day: bigint): void {
  const vault = store.vault(ctx, number);
  if (vault.closedUntilDay !== 0n && vault.closedUntilDay <= day) {
    store.setVault(ctx, { ...vault, closedUntilDay: 0n });
    ctx.emit('plimsoll.backstop.v1.EventVaultReopened', { number, marketId: 0 });
  }
  for (const market of [...store.markets(ctx, number)]) {
    if (market.closedUntilDay === 0n || market.closedUntilDay > day) continue;
    store.setMarket(ctx, { ...market, closedUntilDay: 0n });
    ctx.emit('plimsoll.backstop.v1.EventVaultReopened', { number, marketId: market.marketId });
  }
}

/** Ends hours, and closes what lost more than its share. risk-model section 11. */
function followLosses(
  ctx: Context,
  { store }: BackstopKeeper,
  number: number,
  { worth, positions }: VaultStanding,
  day: bigint,
): void {
  const { timeMs } = ctx.block;
  const params = store.params(ctx);
  let vault: VaultView = store.vault(ctx, number);
  const hour = hourOf(timeMs);
  const isNewHour = hour !== vault.hour;
  const ended = vault.hour;
  if (isNewHour) {
    vault = { ...vault, ...endHour(vault, ended, worth, timeMs), hour };
    store.setVault(ctx, vault);
  }
  const loss = lossOf(vault, worth, timeMs);
  const close = (marketId: number, lost: bigint, limit: bigint): void =>
    ctx.emit('plimsoll.backstop.v1.EventVaultClosed', {
      number,
      marketId,
      loss: lost.toString(),
      limit: limit.toString(),
      untilDay: day + 1n,
    });
  const limit = lossLimit(worth, loss, BigInt(params.classLossPpm));
  if (loss >= limit && vault.closedUntilDay === 0n && vault.shares > 0n) {
    vault = { ...vault, closedUntilDay: day + 1n };
    store.setVault(ctx, vault);
    close(0, loss, limit);
  }
  const held = new Map(positions.map(({ marketId, value }) => [marketId, value]));
  const marketLimit = lossLimit(worth, loss, BigInt(params.marketLossPpm));
  for (const before of [...store.markets(ctx, number)]) {
    const value = held.get(before.marketId) ?? 0n;
    let market: VaultMarketView = isNewHour ? { ...before, ...endHour(before, ended, value, timeMs) } : before;
    const lost = lossOf(market, value, timeMs);
    if (lost >= marketLimit && market.closedUntilDay === 0n) {
      market = { ...market, closedUntilDay: day + 1n };
      close(market.marketId, lost, marketLimit);
    }
    if (market !== before) store.setMarket(ctx, market);
  }
}

function epoch(ctx: Context, keeper: BackstopKeeper, vault: VaultView, standing: VaultStanding, day: bigint): void {
  const { store, accounts } = keeper;
  const { number, shares, matureShares } = vault;
  const assets = assetsOf(standing.worth, standing.maintenanceMargin);
  let changed = vault;
  if (shares > 0n || vault.prices.length > 0)
    changed = { ...changed, prices: withPrice(vault.prices, day, sharePrice(shares, assets)) };
  store.setVault(ctx, changed);
  if (matureShares === 0n || !standing.priced || store.payout(ctx, number) !== undefined) return;
  if (!accounts.isCalm(ctx, number)) return;
  const params = store.params(ctx);
  const most = mostOut(standing, { capPpm: BigInt(params.epochExitCapPpm), marginPpm: BigInt(params.marginPpm) });
  const plan = planEpoch(matureShares, shares, assets, most);
  if (plan.shares === 0n) return;
  if (plan.assets > 0n) accounts.debit(ctx, number, moduleName, plan.assets);
  store.setVault(ctx, {
    ...changed,
    base: changed.base - plan.assets,
    shares: shares - plan.shares,
    matureShares: matureShares - plan.shares,
    totalOut: vault.totalOut + plan.assets,
  });
  store.setPayout(ctx, {
    number,
    matureLeft: matureShares,
    sharesLeft: plan.shares,
    assetsLeft: plan.assets,
    cursor: '',
  });
  ctx.emit('plimsoll.backstop.v1.EventEpoch', {
    number,
    matureShares: matureShares.toString(),
    shares: plan.shares.toString(),
    assets: plan.assets.toString(),
  });
}
