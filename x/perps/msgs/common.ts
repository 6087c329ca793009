import type { Coin } from '../../../gen/cosmos/base/v1beta1/coin.js';
import type { CollateralAsset } from '../../../gen/plimsoll/perps/v1/collateral.js';
import type { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { parseAddress } from '../../../runtime/baseapp/address.js';
import { parseAmount } from '../../../runtime/baseapp/coins.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import type { Stores } from '../../../runtime/store/collection.js';
import { giveAsset, takeAsset } from '../collateral/move.js';
import { collateralDenom, type Deps } from '../deps.js';
import { errors } from '../errors.js';
import { promises } from '../keeper-bids/reserve.js';
import { isStale } from '../keeper.js';
import { initialMargin, spareEquity, usableEquity, usdcEquity } from '../margin/index.js';
import { maxSubaccountNumber, subaccountKey } from '../subaccount-key.js';
import { quote, type AccountView, type MarketId, type Quote, type SubaccountKey } from '../types.js';
import { max, min } from '../units/index.js';

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
export function requireCollateral(ctx: Context, { keeper }: Deps, coin: Coin | undefined): Collateral {
  if (coin === undefined) throw errors.invalidDenom('amount: missing');
  const amount = parseAmount(coin.amount, 'amount');
  if (coin.denom === collateralDenom) return { asset: undefined, amount };
  const accepted = [...keeper.collateral.assets(ctx)];
  const asset = accepted.find(({ denom }) => denom === coin.denom);
  if (asset !== undefined) return { asset, amount };
  const names = [collateralDenom, ...accepted.map(({ denom }) => denom)];
  throw errors.invalidDenom(
    `amount: ${JSON.stringify(coin.denom.slice(0, 140))}; only ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} collateral`,
  );
}

/** @throws perps/23 */
export function requireAuthority(deps: Deps, authority: string): void {
  if (authority !== deps.authority) throw errors.unauthorized(`authority: ${authority}; expected ${deps.authority}`);
}

/** USDC that could leave the account without leaving it under initial margin; never negative. risk-model section 4.5. */
export function freeCollateral(ctx: Stores, { keeper }: Pick<Deps, 'keeper'>, account: AccountView): Quote {
  const markets = keeper.markets(ctx);
  const promised = promises(ctx, keeper, account.key, markets);
  const required = initialMargin(account, promised, markets);
  const spare = spareEquity(account, markets, usableEquity(account, markets), required);
  // A loss or a debt in cash never leaves as money, whatever collateral stands behind it.
  return quote(max(0n, min(spare, usdcEquity(account, markets))));
}

/** Takes collateral out of an account. @throws perps/3, perps/6, perps/8 */
export function takeCollateral(ctx: Context, deps: Deps, key: SubaccountKey, { asset, amount }: Collateral): void {
  const { keeper } = deps;
  const state = keeper.subaccount(ctx, key);
  if (state === undefined) throw errors.subaccountNotFound('nothing was ever deposited here');
  const account = keeper.account(ctx, key);
  const params = keeper.params(ctx);
  for (const { marketId } of account.positions) {
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
