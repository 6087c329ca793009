import type { Context } from '../../../runtime/baseapp/context.js';
import { standingOf } from '../breakers/index.js';
import type { Deps } from '../deps.js';
import { bankruptcyPrice, sharedStanding, type SharedLeg } from '../liquidation/index.js';
import { maintenanceMargin } from '../margin/index.js';
import type { MarketId, Ppm, Price, Quote } from '../types.js';
import { residualAges } from './residual-ages.js';
import type { Failing } from './risk-scan.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/** A position of a residual account. */
export interface ResidualLeg extends SharedLeg {
  /** Closing at it uses up exactly the leg's share of equity. */
  readonly bankruptcyPrice: Price;
}

/** A failing account that is still under maintenance margin, with a position, after its close was tried. */
export interface Residual {
  readonly account: WorkingAccount;
  readonly equity: Quote;
  readonly maintenanceMargin: Quote;
  /** Health as it stands now, between 0 and 1. */
  readonly health: Ppm;
  /** Blocks before this one that ended so. */
  readonly age: bigint;
  /** In market order. */
  readonly legs: readonly ResidualLeg[];
}

/**
 * Those of the failing accounts that the auctions did not bring back to
 * maintenance margin: worst first, ties by key. Accounts whose positions
 * cannot be priced, or whose market does not permit it now, are nobody's to take.
 * risk-model section 10.5. O(failing accounts * positions).
 */
export function residualsOf(ctx: Context, deps: Deps, work: WorkingSet, failing: readonly Failing[]): Residual[] {
  const found: Residual[] = [];
  for (const { key, closable } of failing) {
    if (!closable) continue;
    const account = work.account(key);
    if (!account.positions.every(({ marketId }) => mayTake(ctx, deps, marketId, work.equity(account) < 0n))) continue;
    const residual = standNow(work, account, residualAges.of(ctx, key));
    if (residual !== undefined) found.push(residual);
  }
  return found.sort(worstFirst);
}

function mayTake(ctx: Context, { keeper }: Deps, id: MarketId, bankrupt: boolean): boolean {
  return standingOf(ctx, keeper.market(ctx, id)!).takesOver(bankrupt, ctx.block.timeMs);
}

/** Residual accounts as they stand after a stage; those that need nothing more are left out. */
export function stillResidual(work: WorkingSet, residuals: readonly Residual[]): Residual[] {
  return residuals.flatMap(({ account, age }) => standNow(work, account, age) ?? []).sort(worstFirst);
}

function standNow(work: WorkingSet, account: WorkingAccount, age: bigint): Residual | undefined {
  if (!isResidual(work, account)) return undefined;
  const { equity, margin, h, legs } = sharedStanding(account, work.markets);
  return {
    account,
    equity,
    maintenanceMargin: margin,
    health: h,
    age,
    legs: legs.map((leg) => ({
      ...leg,
      bankruptcyPrice: bankruptcyPrice(leg.market, leg.position.quantity, leg.share),
    })),
  };
}

const isResidual = (work: WorkingSet, account: WorkingAccount): boolean =>
  account.positions.length > 0 && work.equity(account) < maintenanceMargin(account, work.markets);

function worstFirst(a: Residual, b: Residual): number {
  if (a.health !== b.health) return a.health < b.health ? -1 : 1;
  return a.account.key < b.account.key ? -1 : 1;
}

/**
 * At the end of the waterfall: what is residual still grows one block older,
 * whoever recovered is forgotten. One that could not be priced in this block
 * keeps its age. O(residual accounts).
 */
export function keepAges(ctx: Context, work: WorkingSet, residuals: readonly Residual[]): void {
  for (const [key] of [...residualAges.all(ctx)])
    if (!isResidual(work, work.account(key))) residualAges.delete(ctx, key);
  for (const { account, age } of residuals) if (isResidual(work, account)) residualAges.set(ctx, account.key, age + 1n);
}
