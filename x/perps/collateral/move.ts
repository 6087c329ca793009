import { Peg, type CollateralAsset } from '../../../gen/plimsoll/perps/v1/collateral.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { fdiv, million } from '../../../runtime/math/integers.js';
import type { Deps } from '../deps.js';
import { errors } from '../errors.js';
import { promises } from '../keeper-bids/reserve.js';
import { keeperBids } from '../keeper-bids/store.js';
import { assetValue, initialMargin, spareEquity, usableEquity } from '../margin/index.js';
import { equityBefore } from '../withdrawals/standing-before.js';
import { quote, type MarketId, type Markets, type SubaccountKey } from '../types.js';

/** May an account that holds the asset open anything in the market? Class C and D want USDC only. risk-model section 6. */
export function acceptsAsset(asset: CollateralAsset, id: MarketId, markets: Markets): boolean {
  const { class: solvencyClass } = markets(id);
  return (solvencyClass === 'A' || solvencyClass === 'B') && !asset.barredMarketIds.includes(id);
}

/**
 * Lets an amount of an asset into the exchange: not while its price says
 * nothing, its peg is weak, or it would be too large a part of all
 * collateral. The caps bind here and nowhere else: what moves afterwards
 * forces nobody out.
 * @throws perps/112, perps/113
 */
export function requireRoom(ctx: Context, { keeper }: Deps, asset: CollateralAsset, amount: bigint): void {
  const { collateral } = keeper;
  const state = collateral.state(ctx, asset.id);
  if (asset.closed) throw errors.depositClosed(`amount: ${asset.denom} is not accepted any more`);
  if (state.stale || state.price === 0n) throw errors.depositClosed(`amount: ${asset.denom} has no current price`);
  if (state.peg !== Peg.PEG_HELD)
    throw errors.depositClosed(
      `amount: ${asset.denom} counts for ${state.price}; deposits wait until it is back at 0.98`,
    );
  const markets = keeper.markets(ctx);
  let total: bigint = keeper.ledger(ctx).totalCash;
  for (const { assetId, held } of collateral.allTotals(ctx)) total += assetValue(markets.asset(assetId), held);
  const view = markets.asset(asset.id);
  const { held } = collateral.totals(ctx, asset.id);
  const added = assetValue(view, held + amount) - assetValue(view, held);
  const limit = fdiv((total + added) * BigInt(asset.totalSharePpm), million);
  if (assetValue(view, held + amount) > limit)
    throw errors.collateralCap(
      `amount: ${asset.denom} would be worth ${assetValue(view, held + amount)}; at most ${limit} of all collateral`,
    );
}

/** Credits an account. @throws perps/114 when it trades where only USDC is accepted */
export function giveAsset(
  ctx: Context,
  { keeper }: Deps,
  key: SubaccountKey,
  asset: CollateralAsset,
  amount: bigint,
): void {
  const { collateral } = keeper;
  const markets = keeper.markets(ctx);
  const used = keeper.account(ctx, key).positions.map(({ marketId }) => marketId);
  for (const [at] of keeper.ordersOf(ctx, key)) used.push(at.marketId);
  for (const [at] of keeperBids.of(ctx, key)) used.push(at.marketId);
  for (const id of used) {
    if (!acceptsAsset(asset, id, markets))
      throw errors.usdcOnly(`amount: ${asset.denom} with market ${id} in use; use another subaccount`);
  }
  if (keeper.subaccount(ctx, key) === undefined)
    keeper.setSubaccount(ctx, key, { cash: quote(0n), underwaterHeight: 0n, settings: undefined });
  collateral.setBalance(ctx, key, asset.id, collateral.balance(ctx, key, asset.id) + amount);
  // Nothing of it is USDC, but the account changed.
  keeper.addNetDeposit(ctx, key, 0n);
}

/**
 * Debits an account, as long as what is left carries its initial margin, and
 * it owes nothing.
 * @throws perps/6
 */
export function takeAsset(ctx: Context, deps: Deps, key: SubaccountKey, asset: CollateralAsset, amount: bigint): void {
  const { keeper } = deps;
  const { collateral } = keeper;
  const balance = collateral.balance(ctx, key, asset.id);
  if (amount > balance)
    throw errors.insufficientCollateral(`amount: ${amount}; the account has ${balance} ${asset.denom}`);
  collateral.setBalance(ctx, key, asset.id, balance - amount);
  keeper.addNetDeposit(ctx, key, 0n);
  const account = keeper.account(ctx, key);
  const markets = keeper.markets(ctx);
  const required = initialMargin(account, promises(ctx, keeper, key, markets), markets);
  const spare = spareEquity(account, markets, usableEquity(account, markets), required);
  if (spare < 0n)
    throw errors.insufficientCollateral(
      `amount: ${amount}; without it ${-spare} USDC quanta of initial margin are missing`,
    );
  const before = equityBefore(ctx, deps, account);
  if (before < 0n)
    throw errors.insufficientCollateral(
      `amount: ${amount}; without it the account stood at ${before} at the last block's prices, and what this block gains may leave from the next on`,
    );
}
