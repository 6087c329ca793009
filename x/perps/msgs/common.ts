import type { Coin } from '../../../gen/cosmos/base/v1beta1/coin.js';
import type { CollateralAsset } from '../../../gen/plimsoll/perps/v1/collateral.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import { parseAmount } from '../../../runtime/baseapp/coins.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Stores } from '../../../runtime/store/collection.js';
import { standingOf } from '../breakers/index.js';
import { giveAsset, takeAsset } from '../collateral/move.js';
import { collateralDenom, type Deps } from '../deps.js';
import { errors } from '../errors.js';
import { promises } from '../keeper-bids/reserve.js';
import { isStale } from '../keeper.js';
import { initialMargin, spareEquity, usableEquity, usdcEquity } from '../margin/index.js';
import { maxSubaccountNumber, subaccountKey } from '../subaccount-key.js';
import { quote, type AccountView, type MarketId, type Quote, type SubaccountKey } from '../types.js';
import { max, min } from '../units/index.js';
import { delayedProfit } from '../withdrawals/delayed-profit.js';
import { withdrawalParams } from '../withdrawals/params.js';
import { equityBefore } from '../withdrawals/standing-before.js';

/** A listed market. @throws perps/4 */
export function requireMarket(ctx: Context, { keeper }: Deps, id: MarketId): Market {
  const market = keeper.market(ctx, id);
  if (market === undefined) throw errors.marketNotFound(`market_id: ${id}`);
  return market;
}

/** The signer's subaccount. @throws sdk/7, perps/2 */
export function requireSubaccountKey(owner: string, number: number, field = 'subaccount_number'): SubaccountKey {
  if (number > maxSubaccountNumber)
    throw errors.invalidSubaccount(`${field}: ${number}; numbers go from 0 to ${maxSubaccountNumber}`);
  return subaccountKey(parseAddress(owner, 'owner'), number);
}

/** An amount in a message: of an asset, or of USDC when there is none. */
export interface Collateral {
  readonly asset: CollateralAsset | undefined;
  readonly amount: bigint;
}

/** A positive amount of an accepted collateral. @throws perps/5, sdk/10 */
export function requireCollateral(ctx: Context, deps: Deps, coin: Coin | undefined): Collateral {
  if (coin === undefined) throw errors.invalidDenom('amount: missing');
  const amount = parseAmount(coin.amount, 'amount');
  return { asset: requireDenom(ctx, deps, coin.denom, 'amount'), amount };
}

/** The asset of a denomination that is collateral; undefined for USDC. @throws perps/5 */
export function requireDenom(
  ctx: Context,
  { keeper }: Deps,
  wanted: string,
  field: string,
): CollateralAsset | undefined {
  if (wanted === collateralDenom) return undefined;
  const accepted = [...keeper.collateral.assets(ctx)];
  const asset = accepted.find(({ denom }) => denom === wanted);
  if (asset !== undefined) return asset;
  const names = [collateralDenom, ...accepted.map(({ denom }) => denom)];
  throw errors.invalidDenom(
    `${field}: ${JSON.stringify(wanted.slice(0, 140))}; only ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} collateral`,
  );
}

/** @throws perps/23 */
export function requireAuthority(deps: Deps, authority: string): void {
  if (authority !== deps.authority) throw errors.unauthorized(`authority: ${authority}; expected ${deps.authority}`);
}

/** USDC that could leave the account without leaving it under initial margin; never negative. risk-model section 4.5. */
export function spareCollateral(from: Stores, { keeper }: Pick<Deps, 'keeper'>, account: AccountView): Quote {
  const markets = keeper.markets(from);
  const required = initialMargin(account, promises(from, keeper, account.key, markets), markets);
  const spare = spareEquity(account, markets, usableEquity(account, markets), required);
  // A loss or a debt in cash never leaves as money, whatever collateral stands behind it.
  return quote(max(0n, min(spare, usdcEquity(account, markets))));
}

/**
 * What of that may leave now. Gains of this block stay until its losses are
 * paid, and profit of class C and D markets stays for its delay: both carry
 * margin meanwhile. risk-model sections 4.5 and 13.
 */
export function freeCollateral(ctx: Context, deps: Pick<Deps, 'keeper'>, account: AccountView): Quote {
  const { keeper } = deps;
  const { profitDelayMs } = withdrawalParams(keeper.params(ctx));
  const delayed = delayedProfit(ctx, account.key, ctx.block.timeMs, profitDelayMs);
  const own = min(usdcEquity(account, keeper.markets(ctx)) - delayed, equityBefore(ctx, deps, account));
  return quote(max(0n, min(spareCollateral(ctx, deps, account), own)));
}

/** Takes collateral out of an account. @throws perps/3, perps/6, perps/8 */
export function takeCollateral(ctx: Context, deps: Deps, key: SubaccountKey, { asset, amount }: Collateral): void {
  const { keeper } = deps;
  const state = keeper.subaccount(ctx, key);
  if (state === undefined) throw errors.subaccountNotFound('nothing was ever deposited here');
  const account = keeper.account(ctx, key);
  const params = keeper.params(ctx);
  for (const { marketId } of account.positions) {
    // A market that is being settled has its final price.
    if (standingOf(ctx, keeper.market(ctx, marketId)!).mode === 'settlement') continue;
    if (isStale(keeper.marketState(ctx, marketId), params, ctx.block.timeMs)) {
      throw errors.stalePrice(`market ${marketId}: no withdrawal while a position cannot be priced`);
    }
  }
  if (asset !== undefined) return takeAsset(ctx, deps, key, asset, amount);
  const free = freeCollateral(ctx, deps, account);
  if (amount > free) throw errors.insufficientCollateral(`amount: ${amount}; free are ${free}`);
  changeCash(ctx, deps, key, -amount);
}

/** Puts collateral into an account. @throws perps/114 */
export function giveCollateral(ctx: Context, deps: Deps, key: SubaccountKey, { asset, amount }: Collateral): void {
  if (asset === undefined) changeCash(ctx, deps, key, amount);
  else giveAsset(ctx, deps, key, asset, amount);
}

/** Moves an account's cash and the ledger's total with it. */
export function changeCash(ctx: Context, { keeper }: Pick<Deps, 'keeper'>, key: SubaccountKey, change: bigint): void {
  const state = keeper.subaccount(ctx, key) ?? { cash: quote(0n), underwaterHeight: 0n, settings: undefined };
  keeper.setSubaccount(ctx, key, { ...state, cash: quote(state.cash + change) });
  const ledger = keeper.ledger(ctx);
  keeper.setLedger(ctx, { ...ledger, totalCash: ledger.totalCash + change });
  keeper.addNetDeposit(ctx, key, change);
}
