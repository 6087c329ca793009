import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { isStale, riskParamsOf } from '../keeper.js';
import { assetOf, clampedHealth, equity, maintenanceMargin } from '../margin/index.js';
import { trigger } from '../liquidation/index.js';
import type { AccountView, MarketId, PositionView, Ppm, Quote, SubaccountKey } from '../types.js';
import type { WorkingSet } from './working-set.js';

/** An account to be liquidated in this block. */
export interface Failing {
  readonly key: SubaccountKey;
  readonly health: Ppm;
  readonly equity: Quote;
  /** False when a position cannot be priced: only bankruptcy is resolved then. */
  readonly closable: boolean;
}

/** An account as the scan saw it. */
export interface Looked extends AccountView {
  readonly underwaterHeight: bigint;
}

export interface RiskScan {
  /** Worst first, ties by key. */
  readonly failing: readonly Failing[];
  readonly looked: readonly Looked[];
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
      known = isStale(keeper.marketState(ctx, id), params, timeMs);
      stale.set(id, known);
    }
    return known;
  };
  const failing: Failing[] = [];
  const looked: Looked[] = [];

  const check = (key: SubaccountKey, positions: readonly PositionView[]): void => {
    const state = keeper.subaccount(ctx, key)!;
    const account = {
      key,
      cash: state.cash,
      positions,
      collateral: keeper.collateralOf(ctx, key),
      underwaterHeight: state.underwaterHeight,
      settings: state.settings,
    };
    looked.push(account);
    if (positions.length === 0 && account.collateral.length === 0) return;
    const standing = {
      equity: equity(account, work.markets),
      maintenanceMargin: maintenanceMargin(account, work.markets),
    };
    if (standing.equity >= standing.maintenanceMargin) {
      if (state.underwaterHeight !== 0n) work.account(key).underwaterHeight = 0n;
      return;
    }
    const closable =
      !positions.some(({ marketId }) => isStaleMarket(marketId)) &&
      !account.collateral.some(({ assetId }) => assetOf(work.markets, assetId).stale);
    const triggered = trigger({ ...standing, underwaterHeight: state.underwaterHeight, height, params: risk });
    work.account(key).underwaterHeight = height;
    if (triggered && (closable || standing.equity < 0n)) {
      failing.push({ key, health: clampedHealth(standing), equity: standing.equity, closable });
    }
  };

  if (due === undefined) {
    for (const [key, positions] of accountsWithPositions(ctx, deps)) check(key, positions);
    for (const key of accountsWithCollateralOnly(ctx, deps)) check(key, []);
  } else for (const key of due) check(key, keeper.positionsOf(ctx, key));
  failing.sort((a, b) => {
    if (a.health !== b.health) return a.health < b.health ? -1 : 1;
    return a.key < b.key ? -1 : 1;
  });
  return { failing, looked };
}

/** Accounts without a position that have collateral, which may stand for what a position lost, or whose sale must end. */
function accountsWithCollateralOnly(ctx: Context, { keeper }: Deps): SubaccountKey[] {
  const keys = new Set<SubaccountKey>();
  for (const [key] of keeper.collateral.balances(ctx)) keys.add(key);
  for (const [, key] of keeper.collateral.conversions(ctx)) keys.add(key);
  return [...keys].filter((key) => keeper.positionsOf(ctx, key).length === 0);
}

/** Positions lie account by account. */
function* accountsWithPositions(
  ctx: Context,
  { keeper }: Deps,
): Iterable<readonly [SubaccountKey, readonly PositionView[]]> {
  let current: SubaccountKey | undefined;
  let positions: PositionView[] = [];
  for (const [[key], position] of keeper.allPositions(ctx)) {
    if (key !== current) {
      if (current !== undefined) yield [current, positions];
      current = key;
      positions = [];
    }
    positions.push(position);
  }
  if (current !== undefined) yield [current, positions];
}
