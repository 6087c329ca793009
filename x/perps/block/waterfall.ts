import type { Context } from '../../../runtime/baseapp/context.js';
import { sideToProto } from '../codecs.js';
import { moduleName, type Deps } from '../deps.js';
import { equity } from '../margin/index.js';
import { allocateByMargin, planHaircut, waterFill, type Payer } from '../liquidation/index.js';
import { maintenanceMargin, maintenanceMarginOf, openProfit, unsettledFunding } from '../margin/index.js';
import { subaccountId } from '../subaccount-key.js';
import {
  quote,
  type MarketId,
  type MarketView,
  type Markets,
  type PositionView,
  type Side,
  type SubaccountKey,
} from '../types.js';
import { abs, max, min, positionValue } from '../units/index.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/** A bankrupt account: what it owes, split over its markets by maintenance margin. */
interface Bankrupt {
  readonly account: WorkingAccount;
  readonly deficit: bigint;
  /** Positions that answer for the deficit: those left, or when the book closed all of them, those the block began with. */
  readonly answerable: readonly PositionView[];
  readonly shares: ReadonlyMap<MarketId, bigint>;
}

/**
 * Resolves every account that the auctions left with negative equity, in this
 * block and to the unit: positions close at mark against the other side
 * (ADL), the deficit is paid by insurance, then by haircut. Such an account
 * ends with no position and no cash. risk-model sections 10.5 and 13.
 * Costs nothing when nobody is bankrupt, otherwise O(positions).
 */
export function resolveBankruptcies(ctx: Context, deps: Deps, work: WorkingSet): void {
  const bankrupts = work
    .touched()
    .filter((account) => work.equity(account) < 0n)
    .map((account) => bankruptOf(ctx, deps, work, account));
  if (bankrupts.length === 0) return;
  for (const { account, deficit } of bankrupts) {
    ctx.emit('plimsoll.perps.v1.EventBankruptcy', {
      subaccount: subaccountId(account.key),
      deficit: deficit.toString(),
    });
  }

  const names = new Set(bankrupts.map(({ account }) => account.key));
  const marketIds = [...new Set(bankrupts.flatMap(({ shares }) => [...shares.keys()]))].sort((a, b) => a - b);
  const others = solventAccounts(ctx, deps, work, names);
  // Gains are taken before positions are closed: closing at mark changes no equity, but ends open profit.
  const before = deps.keeper.markets(ctx.committed);
  const accountGains = others.map((account) => gainOf(ctx, deps, work, account, before));
  const gains = new Map(
    marketIds.map((id) => [
      id,
      gainsIn(ctx, deps, work, work.markets(id), others, accountGains, before, losingSides(bankrupts, id)),
    ]),
  );

  for (const id of marketIds) deleverage(ctx, work, work.markets(id), bankrupts, others);
  const paid = new Map<SubaccountKey, bigint>();
  for (const id of marketIds) coverDeficit(ctx, deps, work, id, bankrupts, gains.get(id)!, paid);
  for (const { account, deficit } of bankrupts) {
    work.addCash(account, deficit);
    account.underwaterHeight = 0n;
  }
}

function bankruptOf(ctx: Context, { keeper }: Deps, work: WorkingSet, account: WorkingAccount): Bankrupt {
  const deficit = -work.equity(account);
  // An insured close may fill beyond the bankruptcy price and leave a debt without a position (section 10.3).
  const answerable = account.positions.length > 0 ? account.positions : keeper.positionsOf(ctx.committed, account.key);
  const ids = answerable.length > 0 ? answerable.map(({ marketId }) => marketId) : [...account.marketCash.keys()];
  const margins = ids.map((_, index) => {
    const position = answerable[index];
    return position === undefined ? 0n : maintenanceMarginOf(work.markets(position.marketId), position.quantity);
  });
  const parts = allocateByMargin(deficit, margins);
  return { account, deficit, answerable, shares: new Map(ids.map((id, index) => [id, parts[index]!])) };
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

/** Every account that may have gained in this block: all with positions now, and all that the block touched. In key order. */
function solventAccounts(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  bankrupts: ReadonlySet<SubaccountKey>,
): WorkingAccount[] {
  let last: SubaccountKey | undefined;
  for (const [[key]] of deps.keeper.allPositions(ctx)) {
    if (key !== last) work.account(key);
    last = key;
  }
  return work.touched().filter(({ key }) => !bankrupts.has(key));
}

/** What each account gained: open profit on the winning side, this block's gain in the market and of the account. risk-model section 13.2. */
function gainsIn(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  market: MarketView,
  accounts: readonly WorkingAccount[],
  accountGains: readonly bigint[],
  before: Markets,
  losing: ReadonlySet<Side>,
): Payer[] {
  const { keeper } = deps;
  const existed = keeper.market(ctx.committed, market.id) !== undefined;
  const payers: Payer[] = [];
  for (const [index, account] of accounts.entries()) {
    const position = account.position(market.id);
    const old = existed ? keeper.position(ctx.committed, account.key, market.id) : undefined;
    const moved = account.marketCash.get(market.id) ?? 0n;
    const marketGain = worth(market, position) - (old === undefined ? 0n : worth(before(market.id), old)) + moved;
    const wins = position !== undefined && losing.has(position.quantity > 0n ? 'sell' : 'buy');
    const profit = wins ? max(0n, openProfit(market, position)) : 0n;
    const accountGain = accountGains[index]!;
    if (profit === 0n && marketGain <= 0n && accountGain <= 0n) continue;
    payers.push({
      key: account.key,
      equity: work.equity(account),
      paid: quote(0n),
      openProfit: quote(profit),
      marketGain: quote(max(0n, marketGain)),
      accountGain: quote(max(0n, accountGain)),
    });
  }
  return payers;
}

const worth = (market: MarketView, position: PositionView | undefined): bigint =>
  position === undefined ? 0n : positionValue(market, position.quantity) + unsettledFunding(market, position);

/** Equity now less equity at the end of the previous block, without deposits and withdrawals since. */
function gainOf(ctx: Context, deps: Deps, work: WorkingSet, account: WorkingAccount, before: Markets): bigint {
  const previous = equity(deps.keeper.account(ctx.committed, account.key), before);
  return work.equity(account) - previous - deps.keeper.netDeposit(ctx, account.key);
}

/** Closes the bankrupt positions of a market at mark: against each other first, then against the riskiest of the other side. */
function deleverage(
  ctx: Context,
  work: WorkingSet,
  market: MarketView,
  bankrupts: readonly Bankrupt[],
  others: readonly WorkingAccount[],
): void {
  let net = 0n;
  let moved = 0n;
  for (const { account } of bankrupts) {
    const quantity = account.position(market.id)?.quantity;
    if (quantity === undefined) continue;
    net += quantity;
    moved += closeAtMark(ctx, work, market, account, abs(quantity), true);
  }
  if (net !== 0n) {
    // Bankrupt longs net: shorts are closed, and the other way round.
    const opposite = others.filter((account) => {
      const held = account.position(market.id)?.quantity ?? 0n;
      return net > 0n ? held < 0n : held > 0n;
    });
    const candidates = opposite.map((account) => {
      const { quantity } = account.position(market.id)!;
      return {
        key: account.key,
        size: abs(quantity),
        equity: work.equity(account),
        otherMargin: quote(maintenanceMargin(account, work.markets) - maintenanceMarginOf(market, quantity)),
      };
    });
    for (const [index, quantity] of waterFill(market, abs(net), candidates).entries()) {
      if (quantity > 0n) moved += closeAtMark(ctx, work, market, opposite[index]!, quantity, false);
    }
  }
  work.addDust(-moved);
}

/** Closes part of a position at mark; returns the signed change of cash. */
function closeAtMark(
  ctx: Context,
  work: WorkingSet,
  market: MarketView,
  account: WorkingAccount,
  quantity: bigint,
  bankrupt: boolean,
): bigint {
  const side: Side = account.position(market.id)!.quantity > 0n ? 'sell' : 'buy';
  const cash = work.fill(account, market, side, quantity, market.markPrice);
  ctx.emit('plimsoll.perps.v1.EventDeleveraged', {
    subaccount: subaccountId(account.key),
    marketId: market.id,
    side: sideToProto(side),
    quantity,
    price: market.markPrice,
    bankrupt,
  });
  return cash;
}

/** Pays a market's deficits: tranche, then gainers, then what the exchange itself took; what is left would be bad debt. */
function coverDeficit(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  id: MarketId,
  bankrupts: readonly Bankrupt[],
  gains: readonly Payer[],
  paid: Map<SubaccountKey, bigint>,
): void {
  const deficit = bankrupts.reduce((sum, { shares }) => sum + (shares.get(id) ?? 0n), 0n);
  if (deficit === 0n) return;
  const byInsurance = deps.insurance.pay(ctx, id, deficit, moduleName);
  let left = deficit - byInsurance;
  let byHaircut = 0n;
  if (left > 0n) {
    const plan = planHaircut(
      left,
      gains.map((payer) => ({ ...payer, paid: quote(paid.get(payer.key) ?? 0n) })),
    );
    for (const { key, tier, amount } of plan.payments) {
      work.addCash(work.account(key), -amount);
      paid.set(key, (paid.get(key) ?? 0n) + amount);
      byHaircut += amount;
      ctx.emit('plimsoll.perps.v1.EventHaircut', {
        subaccount: subaccountId(key),
        marketId: id,
        amount: amount.toString(),
        tier,
      });
    }
    work.contribute(id, plan.surplus);
    byHaircut -= plan.surplus;
    left = plan.unpaid;
  }
  // Gainers paid fees out of their gains in this block; those are returned before anybody else is charged.
  const fromDust = min(left, max(0n, work.ledger.dust));
  const fromFees = min(left - fromDust, max(0n, work.ledger.fees));
  work.addDust(-fromDust);
  work.addFees(-fromFees);
  const badDebt = left - fromDust - fromFees;
  if (badDebt > 0n) work.ledger = { ...work.ledger, badDebt: work.ledger.badDebt + badDebt };
  ctx.emit('plimsoll.perps.v1.EventDeficit', {
    marketId: id,
    deficit: deficit.toString(),
    paidByInsurance: byInsurance.toString(),
    paidByHaircut: byHaircut.toString(),
    paidByExchange: (fromDust + fromFees).toString(),
    badDebt: badDebt.toString(),
  });
}
