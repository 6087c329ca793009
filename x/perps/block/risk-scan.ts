import type { Context } from '../../../runtime/baseapp/context.js';
import { isFrozen } from '../breakers/freeze.js';
import type { Deps } from '../deps.js';
import { isStale, riskParamsOf } from '../keeper.js';
import { clampedHealth, marginStanding, type Standing } from '../margin/index.js';
import { trigger, type Trigger } from '../liquidation/index.js';
import { quote, type MarketId, type Ppm, type Quote, type StoredAccount, type SubaccountKey } from '../types.js';
import type { WorkingSet } from './working-set.js';

/** An account to be liquidated in this block. */
export interface Failing {
  readonly key: SubaccountKey;
  readonly health: Ppm;
  readonly equity: Quote;
  readonly maintenanceMargin: Quote;
  readonly trigger: Trigger;
  /** False when a position cannot be priced: only bankruptcy is resolved then. */
  readonly closable: boolean;
}

/** An account with what tells how far it is from failing. */
export interface AccountStanding extends Standing {
  readonly account: StoredAccount;
}

export interface RiskScan {
  /** Worst first, ties by key. */
  readonly failing: readonly Failing[];
  /** All that were looked at, as the scan found them. */
  readonly looked: readonly AccountStanding[];
}

/**
 * Finds the accounts that this block's prices put under maintenance margin.
 * Accounts under it for the first block are marked. risk-model sections 9.4
 * and 10.1.
 * @param due accounts to look at; undefined: all, O(positions)
 */
export function riskScan(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  due: readonly SubaccountKey[] | undefined,
): RiskScan {
  const { keeper } = deps;
  const params = keeper.params(ctx);
  const risk = riskParamsOf(params);
  const { height, timeMs } = ctx.block;
  const stale = new Map<MarketId, boolean>();
  const isStaleMarket = (id: MarketId): boolean => {
    let known = stale.get(id);
    if (known === undefined) {
      // A frozen market has its last mark, and shields nobody from what he loses elsewhere.
      known = isStale(keeper.marketState(ctx, id), params, timeMs) && !isFrozen(ctx, id);
      stale.set(id, known);
    }
    return known;
  };
  const failing: Failing[] = [];
  const looked: AccountStanding[] = [];

  const check = (account: StoredAccount): void => {
    const { key, cash, positions, collateral, underwaterHeight } = account;
    // Who owes cash with nothing left is bankrupt: a sale of its last collateral may have come before.
    if (positions.length === 0 && collateral.length === 0 && cash >= 0n) {
      looked.push({ account, equity: cash, maintenanceMargin: quote(0n) });
      return;
    }
    const standing = marginStanding(account, work.markets);
    looked.push({ account, ...standing });
    if (standing.equity >= standing.maintenanceMargin) {
      if (underwaterHeight !== 0n) work.account(key).underwaterHeight = 0n;
      return;
    }
    const closable =
      !positions.some(({ marketId }) => isStaleMarket(marketId)) &&
      !collateral.some(({ assetId }) => work.markets.asset(assetId).stale);
    const reason = trigger({ ...standing, underwaterHeight, height, params: risk });
    work.account(key).underwaterHeight = height;
    if (reason !== undefined && (closable || standing.equity < 0n)) {
      failing.push({ key, health: clampedHealth(standing), ...standing, trigger: reason, closable });
    }
  };

  if (due === undefined) for (const account of work.everybody()) check(account);
  else for (const key of due) check(work.stored(key));
  failing.sort((a, b) => {
    if (a.health !== b.health) return a.health < b.health ? -1 : 1;
    return a.key < b.key ? -1 : 1;
  });
  return { failing, looked };
}

/** How all accounts stand at the end of the block that the scan or the working set looked at; of others nothing changed. */
export function* standings(work: WorkingSet, looked: readonly AccountStanding[]): Iterable<AccountStanding> {
  for (const standing of looked) if (work.known(standing.account.key) === undefined) yield standing;
  for (const account of work.accounts()) yield { account, ...marginStanding(account, work.markets) };
}

/** Accounts that the scan or the working set looked at, or that were woken and passed. */
export function* touched(
  work: WorkingSet,
  looked: readonly AccountStanding[],
  passed: Iterable<SubaccountKey>,
): Iterable<SubaccountKey> {
  for (const { account } of looked) yield account.key;
  for (const { key } of work.accounts()) yield key;
  yield* passed;
}
