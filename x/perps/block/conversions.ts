import type { CollateralAsset, CollateralParams } from '../../../gen/plimsoll/perps/v1/collateral.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { toBech32 } from '../../../runtime/crypto/address.js';
import { keyBytes } from '../../../runtime/store/key.js';
import { amountFor, conversionPrice, debtAllowed, payment, splitSale } from '../collateral/conversion.js';
import type { AssetState, Bid } from '../collateral/store.js';
import { collateralDenom, moduleName, type Deps } from '../deps.js';
import { quoteDivisorOf } from '../keeper.js';
import { collateralValue, usdcEquity } from '../margin/index.js';
import { changeCash } from '../msgs/common.js';
import { subaccountId } from '../subaccount-key.js';
import type { AccountView, AssetId, SubaccountKey } from '../types.js';
import { max, min } from '../units/index.js';
import type { AccountStanding } from './risk-scan.js';
import type { WorkingSet } from './working-set.js';

/** A bid while the block sells. */
interface OpenBid {
  readonly bid: Bid;
  readonly price: bigint;
  wanted: bigint;
  escrow: bigint;
  bought: bigint;
}

/** An asset that somebody bids for. */
interface Sale {
  readonly asset: CollateralAsset;
  readonly state: AssetState;
  readonly quoteDivisor: bigint;
  readonly bids: readonly OpenBid[];
}

/**
 * Sells collateral of accounts that owe USDC, and the exchange's inventory,
 * to this block's bids: oldest sale first, which is the cheapest; each at the
 * one price of its age, pro rata over the bids that reach it. So the order of
 * bids in the block changes nothing. What is left of the bids goes back.
 * risk-model section 6. Before the risk scan, so that what a sale brings in
 * counts. O(bids * accounts for sale), of which params bound the second.
 */
export function sellCollateral(ctx: Context, deps: Deps): void {
  const { keeper } = deps;
  const sales = openSales(ctx, deps);
  if (sales.size === 0) return;
  const params = keeper.params(ctx).collateral!;
  const markets = keeper.markets(ctx);
  let left = params.maxConversions;
  for (const [startMs, key] of [...first(keeper.collateral.conversions(ctx), left)]) {
    if (left-- === 0) break;
    const account = keeper.account(ctx, key);
    let debt = -usdcEquity(account, markets);
    for (const { assetId, amount } of account.collateral) {
      const sale = sales.get(assetId);
      if (sale === undefined || debt <= 0n) continue;
      const price = conversionPrice(sale.state, ctx.block.timeMs - startMs, params);
      const sold = sell(ctx, sale, min(amount, amountFor(debt, price, sale.quoteDivisor)), price, key);
      if (sold.amount === 0n) continue;
      keeper.collateral.setBalance(ctx, key, assetId, amount - sold.amount);
      changeCash(ctx, deps, key, sold.proceeds);
      debt -= sold.proceeds;
    }
  }
  for (const sale of sales.values()) sellInventory(ctx, deps, sale, params);
  for (const { asset, bids } of sales.values()) {
    for (const { bid, bought, escrow } of bids) {
      const buyer = keyBytes(bid.buyer);
      if (bought > 0n) deps.bank.sendFromModule(ctx, moduleName, buyer, asset.denom, bought);
      if (escrow > 0n) deps.bank.sendFromModule(ctx, moduleName, buyer, collateralDenom, escrow);
    }
  }
}

function* first<T>(from: Iterable<T>, count: number): Iterable<T> {
  let left = count;
  for (const each of from) {
    if (left-- === 0) return;
    yield each;
  }
}

/** This block's bids by asset, in asset order. On a stale price nothing is sold. */
function openSales(ctx: Context, { keeper }: Deps): Map<AssetId, Sale> {
  const bids = new Map<AssetId, OpenBid[]>();
  for (const [bid, { amount, escrow }] of keeper.collateral.bids(ctx)) {
    const open = { bid, price: bid.price, wanted: amount, escrow, bought: 0n };
    const list = bids.get(bid.assetId);
    if (list === undefined) bids.set(bid.assetId, [open]);
    else list.push(open);
  }
  const sales = new Map<AssetId, Sale>();
  for (const [id, list] of bids) {
    const asset = keeper.collateral.asset(ctx, id)!;
    sales.set(id, { asset, state: keeper.collateral.state(ctx, id), quoteDivisor: quoteDivisorOf(asset), bids: list });
  }
  return sales;
}

/** Sells up to an amount; returns what was sold and what it brought in. */
function sell(
  ctx: Context,
  { asset, state, quoteDivisor, bids }: Sale,
  forSale: bigint,
  price: bigint,
  seller: SubaccountKey | undefined,
): { readonly amount: bigint; readonly proceeds: bigint } {
  let amount = 0n;
  let proceeds = 0n;
  if (state.stale || price === 0n) return { amount, proceeds };
  for (const [index, part] of splitSale(forSale, price, bids).entries()) {
    if (part === 0n) continue;
    const bid = bids[index]!;
    const paid = payment(part, price, quoteDivisor);
    bid.wanted -= part;
    bid.bought += part;
    bid.escrow -= paid;
    amount += part;
    proceeds += paid;
    ctx.emit('plimsoll.perps.v1.EventCollateralSold', {
      seller: seller === undefined ? undefined : subaccountId(seller),
      buyer: toBech32(keyBytes(bid.bid.buyer)),
      assetId: asset.id,
      amount: part.toString(),
      price,
      proceeds: paid.toString(),
    });
  }
  return { amount, proceeds };
}

/** What the fees bought of bankrupt accounts turns into fees again. */
function sellInventory(ctx: Context, { keeper }: Deps, sale: Sale, params: CollateralParams): void {
  const totals = keeper.collateral.totals(ctx, sale.asset.id);
  if (totals.inventory === 0n) return;
  const price = conversionPrice(sale.state, ctx.block.timeMs - totals.inventorySinceMs, params);
  const sold = sell(ctx, sale, totals.inventory, price, undefined);
  if (sold.amount === 0n) return;
  keeper.collateral.setTotals(ctx, { ...totals, inventory: totals.inventory - sold.amount });
  const ledger = keeper.ledger(ctx);
  keeper.setLedger(ctx, { ...ledger, fees: ledger.fees + sold.proceeds });
}

/**
 * Puts the collateral of accounts that owe more USDC than they may up for
 * sale, and takes it off again when they owe none. risk-model section 6.
 * @param looked accounts that the block looked at; of those that it touched counts how they stand now
 */
export function followDebts(ctx: Context, deps: Deps, work: WorkingSet, looked: readonly AccountStanding[]): void {
  const { keeper } = deps;
  if (!keeper.collateral.anyBalance(ctx) && !keeper.collateral.anyConversion(ctx)) return;
  const params = keeper.params(ctx).collateral!;
  const accounts = new Map<SubaccountKey, AccountView>();
  for (const { account } of looked) accounts.set(account.key, account);
  for (const account of work.accounts()) accounts.set(account.key, account);
  for (const key of [...accounts.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const account = accounts.get(key)!;
    const forSale = keeper.collateral.conversionStart(ctx, key) !== undefined;
    if (account.collateral.length === 0 && !forSale) continue;
    const debt = max(0n, -usdcEquity(account, work.markets));
    const value = collateralValue(account.collateral, work.markets);
    if (forSale && (debt === 0n || account.collateral.length === 0)) {
      keeper.collateral.endConversion(ctx, key);
      ctx.emit('plimsoll.perps.v1.EventConversionEnded', { subaccount: subaccountId(key) });
    } else if (!forSale && debt > debtAllowed(value, params)) {
      keeper.collateral.startConversion(ctx, key, ctx.block.timeMs);
      ctx.emit('plimsoll.perps.v1.EventConversionStarted', {
        subaccount: subaccountId(key),
        debt: debt.toString(),
        collateralValue: value.toString(),
      });
    }
  }
}

/**
 * What happens to the collateral of a bankrupt account whose deficit is paid:
 * it is worth exactly what the account still owes. The exchange's fees buy it
 * at value_c as far as they go and sell it again; the rest stays with the
 * account, for sale at the lowest price from now on. ADR 0015.
 */
export function takeCollateralOver(ctx: Context, { keeper }: Deps, work: WorkingSet, key: SubaccountKey): void {
  const account = work.account(key);
  const { timeMs } = ctx.block;
  for (const holding of account.collateral) {
    const { assetId, amount } = holding;
    const worth = collateralValue([holding], work.markets);
    const fees = max(0n, work.ledger.fees);
    if (worth === 0n) continue;
    const taken = worth <= fees ? amount : (amount * fees) / worth;
    if (taken === 0n) continue;
    const paid = worth - collateralValue([{ assetId, amount: amount - taken }], work.markets);
    if (paid > fees) continue;
    work.takeHolding(account, assetId, taken);
    work.addCash(account, paid);
    work.addFees(-paid);
    const totals = keeper.collateral.totals(ctx, assetId);
    const sinceMs = totals.inventory === 0n ? timeMs : totals.inventorySinceMs;
    keeper.collateral.setTotals(ctx, {
      ...totals,
      inventory: totals.inventory + taken,
      inventorySinceMs: sinceMs,
    });
    ctx.emit('plimsoll.perps.v1.EventCollateralTaken', {
      subaccount: subaccountId(key),
      assetId,
      amount: taken.toString(),
      paid: paid.toString(),
    });
  }
  if (account.collateral.length === 0) return;
  const { conversionMs } = keeper.params(ctx).collateral!;
  keeper.collateral.endConversion(ctx, key);
  keeper.collateral.startConversion(ctx, key, max(0n, timeMs - conversionMs));
}
