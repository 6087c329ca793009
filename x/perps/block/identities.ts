import type { Context } from '../../../runtime/baseapp/context.js';
import { auditBooks, checkCustody, type AssetBooks, type Audit, type Violation } from '../accounting/audit.js';
import { collateralDenom, moduleName, type Deps } from '../deps.js';
import type { Stores } from '../../../runtime/store/collection.js';
import { min } from '../units/index.js';
import { withdrawalStore } from '../withdrawals/store.js';
import { usdcId } from '../withdrawals/types.js';
import type { WorkingSet } from './working-set.js';

/** Module account of the insurance tranches. */
const insuranceAccount = 'insurance';
/** Module account of what backstop vaults owe to owners who leave. */
const backstopAccount = 'backstop';
/** Blocks between two full recounts. */
const recountInterval = 1_000n;

/**
 * Checks the accounting identities of risk-model section 17 at the end of
 * the block. ID-1 and ID-2 from running totals; ID-4 for every account the
 * block touched, the others having passed the risk scan at the same marks;
 * INV-K2 for each asset; now and then everything is counted anew.
 * O(touched + markets + assets).
 */
export function checkIdentities(ctx: Context, deps: Deps, work: WorkingSet): Violation[] {
  if (ctx.block.height % recountInterval === 0n) return [...audit(ctx, deps).violations];
  const { keeper, bank, insurance } = deps;
  const found: Violation[] = [];
  const ledger = keeper.ledger(ctx);
  let clearing = 0n;
  for (const state of keeper.allMarketStates(ctx)) {
    clearing += state.clearingBalance;
    if (state.longQuanta !== state.shortQuanta) {
      found.push({
        identity: 'ID-2',
        detail: `market ${state.marketId}: long ${state.longQuanta}, short ${state.shortQuanta}`,
      });
    }
  }
  const pending = withdrawalStore.pending(ctx, usdcId);
  const claims = ledger.totalCash + ledger.fees + ledger.dust + ledger.recovery + clearing + pending - ledger.badDebt;
  const balance = bank.moduleBalance(ctx, moduleName, collateralDenom);
  if (claims !== balance) found.push({ identity: 'ID-1', detail: `claims ${claims} against a balance of ${balance}` });
  const tranches = insurance.totalBalance(ctx);
  const reserve = bank.moduleBalance(ctx, insuranceAccount, collateralDenom);
  if (tranches !== reserve)
    found.push({ identity: 'ID-1', detail: `tranches ${tranches} against a balance of ${reserve}` });
  found.push(...checkExits(ctx, deps));
  for (const asset of assetBooks(ctx, deps)) found.push(...checkCustody(asset));
  let least = 0n;
  for (const account of work.accounts()) least = min(least, work.equity(account));
  if (least < 0n) found.push({ identity: 'ID-4', detail: `an account ends with an equity of ${least}` });
  return found;
}

/** What vaults let out lies ready for its owners. */
function checkExits(from: Stores, { bank, backstop }: Deps): Violation[] {
  const due = backstop.payable(from);
  const kept = bank.moduleBalance(from, backstopAccount, collateralDenom);
  return due === kept ? [] : [{ identity: 'ID-1', detail: `vault exits of ${due} against a balance of ${kept}` }];
}

/** O(assets). */
function assetBooks(from: Stores, { keeper: { collateral }, bank }: Deps): AssetBooks[] {
  return [...collateral.assets(from)].map(({ id, denom }) => ({
    ...collateral.totals(from, id),
    pending: withdrawalStore.pending(from, id),
    bankBalance: bank.moduleBalance(from, moduleName, denom),
  }));
}

/** Counts everything anew from state, at any height. O(accounts + positions). */
export function audit(from: Stores, deps: Deps): Audit & { readonly bankBalance: bigint; readonly insurance: bigint } {
  const { keeper, bank, insurance } = deps;
  const ledger = keeper.ledger(from);
  const bankBalance = bank.moduleBalance(from, moduleName, collateralDenom);
  const tranches = insurance.totalBalance(from);
  const result = auditBooks({
    accounts: keeper.allAccounts(from),
    markets: keeper.markets(from),
    marketStates: [...keeper.allMarketStates(from)],
    totalCash: ledger.totalCash,
    fees: ledger.fees,
    dust: ledger.dust,
    recovery: ledger.recovery,
    badDebt: ledger.badDebt,
    pending: withdrawalStore.pending(from, usdcId),
    insurance: tranches,
    insuranceBalance: bank.moduleBalance(from, insuranceAccount, collateralDenom),
    bankBalance,
    assets: assetBooks(from, deps),
  });
  return { ...result, violations: [...result.violations, ...checkExits(from, deps)], bankBalance, insurance: tranches };
}
