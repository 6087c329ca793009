import type { TranchePart } from '../../../gen/plimsoll/perps/v1/standing.js';
import type { Context } from '../../../runtime/baseapp/context.js';
import { moduleName, type Deps } from '../deps.js';
import { allocateByMargin, contributions, planHaircut } from '../liquidation/index.js';
import { forMarket } from '../market-failure.js';
import { subaccountId } from '../subaccount-key.js';
import type { InsuranceKeeper } from '../expected_keepers.js';
import { quote, type MarketId, type PositionView, type Side, type SubaccountKey } from '../types.js';
import { max, min } from '../units/index.js';
import { takeCollateralOver } from './conversions.js';
import { deleverage } from './deleverage.js';
import { gateClasses } from '../withdrawals/conditions.js';
import { Gains } from './gains.js';
import { Solvent } from './solvent.js';
import { standingOf } from './standing.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/** A bankrupt account: what it owes, split over its markets by maintenance margin. */
interface Bankrupt {
  readonly account: WorkingAccount;
  readonly deficit: bigint;
  /** Positions that answer for the deficit: those left, or when the book closed all of them, those the block began with. */
  readonly answerable: readonly PositionView[];
  readonly shares: ReadonlyMap<MarketId, bigint>;
  /** What of its margin is in each market that shares the deficit. */
  readonly margins: ReadonlyMap<MarketId, bigint>;
}

/**
 * Resolves every account that the auctions left with negative equity, in this
 * block and to the unit: positions close at mark against the other side
 * (ADL), the deficit is paid by insurance, then by haircut. Such an account
 * ends with no position and no equity: its collateral is taken over or for
 * sale (section 6, ADR 0015). risk-model sections 10.5 and 13.
 * Costs nothing when nobody is bankrupt; otherwise an estimate for everybody
 * on the other side of a bankrupt position that the book did not close, and
 * exact rules for those who are closed or charged.
 */
export function resolveBankruptcies(ctx: Context, deps: Deps, work: WorkingSet): void {
  const bankrupts = [...work.accounts()]
    .filter((account) => work.equity(account) < 0n)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map((account) => bankruptOf(ctx, deps, work, account));
  if (bankrupts.length === 0) return;
  for (const each of bankrupts) tellBankruptcy(ctx, work, each);

  const marketIds = [...new Set(bankrupts.flatMap(({ shares }) => [...shares.keys()]))].sort((a, b) => a - b);
  gateClasses(ctx, deps, marketIds);
  const solvent = new Solvent(ctx, deps, work, new Set(bankrupts.map(({ account }) => account.key)));
  const gains = new Gains(ctx, deps, work, solvent);
  const accounts = bankrupts.map(({ account }) => account);
  // Also in a frozen market, at its last mark: who is bankrupt leaves no debt behind, whatever else waits.
  for (const id of marketIds)
    forMarket(id, 'deleveraging', () => deleverage(ctx, work, work.markets(id), accounts, solvent, gains));
  for (const id of marketIds) forMarket(id, 'deficits', () => coverDeficit(ctx, deps, work, id, bankrupts, gains));
  for (const { account, deficit } of bankrupts) {
    work.addCash(account, deficit);
    account.underwaterHeight = 0n;
    takeCollateralOver(ctx, deps, work, account.key);
  }
  giveRoundingBack(work, gains.closed());
}

function bankruptOf(ctx: Context, deps: Deps, work: WorkingSet, account: WorkingAccount): Bankrupt {
  const { keeper } = deps;
  const deficit = -work.equity(account);
  // An insured close may fill beyond the bankruptcy price and leave a debt without a position (section 10.3).
  const answerable = account.positions.length > 0 ? account.positions : keeper.positionsOf(ctx.committed, account.key);
  const ids = answerable.length > 0 ? answerable.map(({ marketId }) => marketId) : [...account.marketCash.keys()];
  if (ids.length === 0) {
    const shares = sharesOfCollateralLoss(ctx, deps, deficit);
    return { account, deficit, answerable, shares, margins: new Map() };
  }
  const margins =
    answerable.length > 0 ? contributions({ ...account, positions: answerable }, work.markets) : ids.map(() => 0n);
  const parts = allocateByMargin(deficit, margins);
  const byMarket = (values: readonly bigint[]): Map<MarketId, bigint> =>
    new Map(ids.map((id, index) => [id, values[index]!]));
  return { account, deficit, answerable, shares: byMarket(parts), margins: byMarket(margins) };
}

function tellBankruptcy(ctx: Context, work: WorkingSet, { account, deficit, shares, margins }: Bankrupt): void {
  const parts = account.positions.map(({ marketId }) => margins.get(marketId) ?? 0n);
  const standing = {
    equity: quote(-deficit),
    maintenanceMargin: quote(parts.reduce((sum, each) => sum + each, 0n)),
  };
  ctx.emit('plimsoll.perps.v1.EventBankruptcy', {
    subaccount: subaccountId(account.key),
    deficit: deficit.toString(),
    standing: standingOf(account, work.markets, standing, parts),
    shares: [...shares].map(([marketId, share]) => ({
      marketId,
      margin: (margins.get(marketId) ?? 0n).toString(),
      deficit: share.toString(),
    })),
  });
}

/**
 * A debt without a position in this block or the last comes of collateral
 * that fell: it is split over the markets that accept collateral, by their
 * open interest. ADR 0015.
 */
function sharesOfCollateralLoss(ctx: Context, { keeper }: Deps, deficit: bigint): Map<MarketId, bigint> {
  const markets = keeper.markets(ctx);
  const all = [...keeper.allMarkets(ctx)].map(({ id }) => id);
  const open = all.filter((id) => ['A', 'B'].includes(markets(id).class));
  const ids = open.length > 0 ? open : all;
  const parts = allocateByMargin(
    deficit,
    ids.map((id) => markets(id).openInterest),
  );
  return new Map(ids.map((id, index) => [id, parts[index]!]));
}

/** Sides of the market on which somebody is bankrupt. */
function losingSides(bankrupts: readonly Bankrupt[], id: MarketId): ReadonlySet<Side> {
  const sides = new Set<Side>();
  for (const { answerable } of bankrupts) {
    const quantity = answerable.find(({ marketId }) => marketId === id)?.quantity;
    if (quantity !== undefined) sides.add(quantity > 0n ? 'buy' : 'sell');
  }
  return sides;
}

/** Pays a market's deficits: tranche, then gainers, then what the exchange itself took; what is left would be bad debt. */
function coverDeficit(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  id: MarketId,
  bankrupts: readonly Bankrupt[],
  gains: Gains,
): void {
  const deficit = bankrupts.reduce((sum, { shares }) => sum + (shares.get(id) ?? 0n), 0n);
  if (deficit === 0n) return;
  const cover = deps.insurance.cover(ctx, id);
  const byInsurance = deps.insurance.pay(ctx, id, deficit, moduleName);
  let left = deficit - byInsurance;
  let byHaircut = 0n;
  let surplus = 0n;
  if (left > 0n) {
    const market = work.markets(id);
    const losing = losingSides(bankrupts, id);
    let plan = planHaircut(left, gains.openProfits(market, losing));
    // The other tiers ask every account what it gained: only when open profits do not pay for all.
    if (plan.unpaid > 0n) plan = planHaircut(left, gains.all(market, losing));
    for (const { key, tier, amount, base, total, due, equity, paidBefore } of plan.payments) {
      gains.pay(work.account(key), amount);
      work.recovery.haircut(key, id, amount);
      byHaircut += amount;
      ctx.emit('plimsoll.perps.v1.EventHaircut', {
        subaccount: subaccountId(key),
        marketId: id,
        amount: amount.toString(),
        tier,
        base: base.toString(),
        tierTotal: total.toString(),
        tierDue: due.toString(),
        equity: equity.toString(),
        paidBefore: paidBefore.toString(),
      });
    }
    ({ surplus } = plan);
    work.contribute(id, surplus);
    byHaircut -= surplus;
    work.noteHaircut(id, byHaircut);
    left = plan.unpaid;
  }
  // Gainers paid fees out of their gains in this block; those are returned before anybody else is charged.
  const badDebt = payByExchange(work, left);
  ctx.emit('plimsoll.perps.v1.EventDeficit', {
    marketId: id,
    deficit: deficit.toString(),
    paidByInsurance: byInsurance.toString(),
    paidByHaircut: byHaircut.toString(),
    paidByExchange: (left - badDebt).toString(),
    badDebt: badDebt.toString(),
    tranches: partsOf(cover, byInsurance),
    haircutSurplus: surplus.toString(),
  });
}

/** Pays from dust, then from fees. @returns the rest, which is booked as bad debt */
function payByExchange(work: WorkingSet, amount: bigint): bigint {
  const fromDust = min(amount, max(0n, work.ledger.dust));
  const fromFees = min(amount - fromDust, max(0n, work.ledger.fees));
  work.addDust(-fromDust);
  work.addFees(-fromFees);
  const badDebt = amount - fromDust - fromFees;
  if (badDebt > 0n) work.addBadDebt(badDebt);
  return badDebt;
}

/**
 * A part of a position that closes at mark costs its account up to a quantum
 * by rounding, which an account without equity, or one that paid all of it,
 * does not have: rounding went to the exchange, and comes back from it.
 * risk-model section 13.2, INV-L1.
 */
function giveRoundingBack(work: WorkingSet, closed: Iterable<SubaccountKey>): void {
  for (const key of closed) {
    const account = work.account(key);
    const owed = -work.equity(account);
    if (owed <= 0n) continue;
    work.addCash(account, owed);
    payByExchange(work, owed);
  }
}

/** What each tranche paid of a sum: each in turn what it had available. */
function partsOf(cover: ReturnType<InsuranceKeeper['cover']>, paid: bigint): TranchePart[] {
  let left = paid;
  return cover.map(({ name, available }) => {
    const part = min(left, available);
    left -= part;
    return { tranche: name, available: available.toString(), paid: part.toString() };
  });
}
