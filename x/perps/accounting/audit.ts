import { positionValue } from '../units/amounts.js';
import { collateralValue } from '../margin/collateral.js';
import { unsettledFunding } from '../margin/equity.js';
import { quote, type AccountView, type AssetId, type MarketId, type Markets, type Quote } from '../types.js';

/** The books of the exchange, as the accounting identities see them (risk-model section 17). */
export interface Books {
  /** Every subaccount. */
  readonly accounts: Iterable<AccountView>;
  readonly markets: Markets;
  readonly marketStates: readonly {
    readonly marketId: MarketId;
    readonly clearingBalance: bigint;
    readonly longQuanta: bigint;
    readonly shortQuanta: bigint;
  }[];
  /** Sum of cash as the ledger keeps it. */
  readonly totalCash: bigint;
  readonly fees: bigint;
  readonly dust: bigint;
  /** Penalties that repaid haircuts and wait to be collected. */
  readonly recovery: bigint;
  readonly badDebt: bigint;
  /** W: withdrawals that left accounts and were not paid yet. */
  readonly pending: bigint;
  /** Sum of insurance tranches, and what the insurance account holds. */
  readonly insurance: bigint;
  readonly insuranceBalance: bigint;
  /** What the exchange's account holds. */
  readonly bankBalance: bigint;
  /** Collateral other than USDC: as the exchange has it in its books, and what its account holds. */
  readonly assets: readonly AssetBooks[];
}

export interface AssetBooks {
  readonly assetId: AssetId;
  /** Sum over all subaccounts. */
  readonly held: bigint;
  readonly inventory: bigint;
  /** Withdrawals that left accounts and were not paid yet. */
  readonly pending: bigint;
  readonly bankBalance: bigint;
}

export interface Violation {
  readonly identity: 'ID-1' | 'ID-2' | 'ID-3' | 'ID-4' | 'INV-K2';
  readonly detail: string;
}

export interface Audit {
  readonly violations: readonly Violation[];
  readonly totalEquity: Quote;
  /** Smallest equity; zero when there are no accounts. */
  readonly leastEquity: Quote;
  readonly accounts: number;
  readonly positions: number;
  readonly negativeAccounts: number;
}

/** ID-1 of an asset: accounts, inventory and pending withdrawals hold what the exchange's account holds. risk-model section 6, INV-K2. */
export function checkCustody({ assetId, held, inventory, pending, bankBalance }: AssetBooks): Violation[] {
  if (held + inventory + pending === bankBalance) return [];
  const detail = `asset ${assetId}: accounts ${held}, inventory ${inventory}, pending ${pending}, against a balance of ${bankBalance}`;
  return [{ identity: 'INV-K2', detail }];
}

/** Recounts everything and names each identity that does not hold. O(accounts + positions). */
export function auditBooks(books: Books): Audit {
  const violations: Violation[] = [];
  const sides = new Map<MarketId, { long: bigint; short: bigint; unsettled: bigint }>();
  for (const { marketId } of books.marketStates) sides.set(marketId, { long: 0n, short: 0n, unsettled: 0n });
  const counted = new Map<AssetId, bigint>();
  let cash = 0n;
  let totalEquity = 0n;
  let unsettled = 0n;
  let least: bigint | undefined;
  let accounts = 0;
  let positions = 0;
  let negativeAccounts = 0;
  for (const account of books.accounts) {
    accounts++;
    cash += account.cash;
    let equity: bigint = account.cash;
    for (const { assetId, amount } of account.collateral) {
      const held = books.assets.find((each) => each.assetId === assetId);
      if (held === undefined)
        violations.push({ identity: 'INV-K2', detail: `an account holds unknown asset ${assetId}` });
      counted.set(assetId, (counted.get(assetId) ?? 0n) + amount);
    }
    for (const position of account.positions) {
      positions++;
      const market = books.markets(position.marketId);
      const side = sides.get(position.marketId)!;
      if (position.quantity > 0n) side.long += position.quantity;
      else side.short -= position.quantity;
      const funding = unsettledFunding(market, position);
      side.unsettled += funding;
      unsettled += funding;
      equity += positionValue(market, position.quantity) + funding;
    }
    totalEquity += equity;
    // Marks cancel between accounts, prices of collateral do not: it stays out of the sum.
    equity += collateralValue(account.collateral, books.markets);
    if (least === undefined || equity < least) least = equity;
    if (equity < 0n) {
      negativeAccounts++;
      violations.push({ identity: 'ID-4', detail: `an account's equity is ${equity}` });
    }
  }

  let clearing = 0n;
  for (const state of books.marketStates) {
    clearing += state.clearingBalance;
    const { long, short, unsettled: owed } = sides.get(state.marketId)!;
    if (long !== short || long !== state.longQuanta || short !== state.shortQuanta) {
      violations.push({
        identity: 'ID-2',
        detail: `market ${state.marketId}: long ${long}, short ${short}, recorded ${state.longQuanta} and ${state.shortQuanta}`,
      });
    }
    if (owed > state.clearingBalance) {
      violations.push({
        identity: 'ID-3',
        detail: `market ${state.marketId}: unsettled funding ${owed} exceeds its clearing balance ${state.clearingBalance}`,
      });
    }
  }
  const claims = cash + books.fees + books.dust + books.recovery + clearing + books.pending - books.badDebt;
  if (claims !== books.bankBalance || cash !== books.totalCash) {
    violations.push({
      identity: 'ID-1',
      detail: `claims ${claims} (cash ${cash}, recorded ${books.totalCash}) against a balance of ${books.bankBalance}`,
    });
  }
  if (books.insurance !== books.insuranceBalance) {
    violations.push({
      identity: 'ID-1',
      detail: `tranches ${books.insurance} against a balance of ${books.insuranceBalance}`,
    });
  }
  for (const asset of books.assets) {
    const { assetId, held } = asset;
    const sum = counted.get(assetId) ?? 0n;
    if (sum !== held)
      violations.push({ identity: 'INV-K2', detail: `asset ${assetId}: accounts hold ${sum}, recorded ${held}` });
    violations.push(...checkCustody(asset));
  }
  // Marks cancel between long and short: only the rounding of each value remains.
  const rounding = cash + unsettled - totalEquity;
  if (rounding < 0n || rounding > BigInt(positions)) {
    violations.push({ identity: 'ID-3', detail: `equity ${totalEquity} differs from cash and funding by ${rounding}` });
  }
  return {
    violations,
    totalEquity: quote(totalEquity),
    leastEquity: quote(least ?? 0n),
    accounts,
    positions,
    negativeAccounts,
  };
}
