import type { Stores } from '../../../runtime/store/collection.js';
import type { Keepers } from '../../../app/app.js';
import { auditBooks } from '../../../x/perps/accounting/audit.js';
import { collateralDenom } from '../../../x/perps/deps.js';
import { withdrawalStore } from '../../../x/perps/withdrawals/store.js';
import { vaultNumbers } from '../../../x/perps/vaults/account.js';
import type { AccountView, PositionView } from '../../../x/perps/types.js';

/** What a recount of committed state found. */
export interface BlockAudit {
  /** Identities that do not hold, ID-4 apart. */
  readonly violations: readonly string[];
  /** Accounts with negative equity (ID-4). */
  readonly negativeAccounts: number;
  readonly insurance: bigint;
  /** What the backstop vaults are worth at mark. */
  readonly vaults: bigint;
  readonly badDebt: bigint;
  /** Why the chain stopped trading by itself; empty while it trades. */
  readonly haltedReason: string;
}

const exchange = 'perps';
const reserve = 'insurance';

/**
 * Recounts the books of risk-model section 17 from what was committed: every
 * account and position, the sum of the tranches one by one, and the bank's
 * balances. Nothing is taken from the chain's own checks. O(accounts + positions).
 */
export function auditBlock(from: Stores, { perps, bank, insurance, backstop }: Keepers): BlockAudit {
  const ledger = perps.ledger(from);
  const tranches = insurance.recount(from);
  const { violations, negativeAccounts } = auditBooks({
    accounts: joined(perps.subaccounts(from), perps.allPositions(from)),
    markets: perps.markets(from),
    marketStates: [...perps.allMarketStates(from)],
    totalCash: ledger.totalCash,
    fees: ledger.fees,
    dust: ledger.dust,
    recovery: ledger.recovery,
    badDebt: ledger.badDebt,
    pending: sumOfQueue(from),
    insurance: tranches,
    insuranceBalance: bank.moduleBalance(from, reserve, collateralDenom),
    bankBalance: bank.moduleBalance(from, exchange, collateralDenom),
    assets: [],
  });
  const books = violations
    .filter(({ identity }) => identity !== 'ID-4')
    .map(({ identity, detail }) => `${identity}: ${detail}`);
  return {
    violations: books,
    negativeAccounts,
    insurance: tranches,
    vaults: vaultNumbers.reduce((sum, number) => sum + backstop.accounts.worth(from, number), 0n),
    badDebt: ledger.badDebt,
    haltedReason: ledger.haltedReason,
  };
}

/** USDC that waits to be withdrawn, entry by entry. O(entries). */
function sumOfQueue(from: Stores): bigint {
  let sum = 0n;
  for (const { assetId, amount } of withdrawalStore.queue(from)) if (assetId === 0) sum += amount;
  return sum;
}

type Subaccounts = ReturnType<Keepers['perps']['subaccounts']>;
type Positions = ReturnType<Keepers['perps']['allPositions']>;

/** Accounts with their positions; both come in key order. A position without account would be left over: it is an error. */
function* joined(subaccounts: Subaccounts, positions: Positions): Iterable<AccountView> {
  const rest = positions[Symbol.iterator]();
  let next = rest.next();
  for (const [key, { cash }] of subaccounts) {
    const own: PositionView[] = [];
    while (next.done !== true && next.value[0][0] === key) {
      own.push(next.value[1]);
      next = rest.next();
    }
    // A replay's traders bring USDC only.
    yield { key, cash, positions: own, collateral: [] };
  }
  if (next.done !== true) throw new Error('a position belongs to no subaccount');
}
