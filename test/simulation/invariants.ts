import type { PlimsollApp } from '../../app/app.js';
import type { ProducedBlock } from '../../runtime/engine/engine.js';
import { fromBech32 } from '../../runtime/crypto/address.js';
import type { Stores } from '../../runtime/store/collection.js';
import { audit } from '../../x/perps/block/identities.js';
import { isStale, orderView } from '../../x/perps/keeper.js';
import { equity, initialMargin, maintenanceMargin, spareEquity, usableEquity } from '../../x/perps/margin/index.js';
import { subaccountId, subaccountKey } from '../../x/perps/subaccount-key.js';
import type { StoredAccount, SubaccountKey } from '../../x/perps/types.js';
import { accountOf, amountOf, numberOf, perpsEvents, type EventFields, type PerpsEvent } from '../support/events.js';

/** The state that a block began with, as far as its end is judged by it. */
export interface Before {
  readonly accounts: ReadonlyMap<SubaccountKey, StoredAccount>;
  readonly tranches: ReadonlyMap<string, TrancheBefore>;
  readonly supply: ReadonlyMap<string, bigint>;
}

interface TrancheBefore {
  readonly senior: bigint;
  readonly shares: bigint;
  readonly totalIn: bigint;
  readonly totalOut: bigint;
}

/** @param accounts false leaves E8's second look out, which needs a copy of every account */
export function before({ keepers }: PlimsollApp, from: Stores, accounts = true): Before {
  const tranches = new Map<string, TrancheBefore>();
  for (const tranche of keepers.insurance.store.tranches(from))
    tranches.set(`${tranche.id.kind} ${tranche.id.number}`, tranche);
  return {
    accounts: new Map(accounts ? [...keepers.perps.allAccounts(from)].map((each) => [each.key, each]) : []),
    tranches,
    supply: new Map(keepers.bank.allSupply(from)),
  };
}

/**
 * The twelve invariants that hold after every block whatever happened in it
 * (E1 to E11; E12, export and import, is checked where a chain is exported),
 * and the identities ID-0 to ID-4 by full recount. Everything is judged from
 * committed state and events, nothing is taken from the chain's own checks.
 * O(accounts + positions + orders + balances).
 * @param senders owners whose transactions are in the block
 * @returns what is broken, in words; empty when nothing is
 */
export function brokenBy(
  app: PlimsollApp,
  { results, height }: Pick<ProducedBlock, 'results' | 'height'>,
  earlier: Before,
  senders: ReadonlySet<string>,
): string[] {
  const from = app.app.queryContext();
  const events = [...perpsEvents(results)];
  return [
    ...conservation(app, from, earlier),
    ...funds(app, from, earlier),
    ...withdrawable(app, from),
    ...deleveraging(app, from, events),
    ...netting(app, from, events),
    ...liquidations(app, from, events, earlier, senders),
    ...losses(events),
  ].map((text) => `block ${height}: ${text}`);
}

/** E1, E2, E3 and ID-0 to ID-4: coins are neither made nor lost, and every account stands. */
function* conservation({ keepers, perpsDeps }: PlimsollApp, from: Stores, earlier: Before): Iterable<string> {
  const { backstop, bank, insurance, perps } = keepers;
  const counted = new Map<string, bigint>();
  for (const [[, denom], amount] of bank.allBalances(from)) counted.set(denom, (counted.get(denom) ?? 0n) + amount);
  for (const [denom, supply] of bank.allSupply(from)) {
    if (counted.get(denom) !== supply)
      yield `ID-0: balances of ${counted.get(denom)} ${denom} against a supply of ${supply}`;
    // Nothing mints or burns a collateral; stake may be minted and slashed.
    if (denom !== 'uplim' && earlier.supply.get(denom) !== supply)
      yield `E1: the supply of ${denom} went from ${earlier.supply.get(denom)} to ${supply}`;
  }
  for (const { identity, detail } of audit(from, perpsDeps).violations) yield `${identity}: ${detail}`;
  const tranches = insurance.recount(from);
  const reserve = insurance.moduleBalance(from);
  if (tranches !== reserve) yield `ID-1: tranches of ${tranches} against a balance of ${reserve}`;
  const [payable, paidOut] = [backstop.payable(from), bank.moduleBalance(from, 'backstop', 'uusdc')];
  if (payable !== paidOut) yield `ID-1: vaults owe those who leave ${payable} against a balance of ${paidOut}`;
  const { haltedReason, badDebt } = perps.ledger(from);
  if (haltedReason !== '') yield `the chain stopped trading by itself: ${haltedReason}`;
  if (badDebt !== 0n) yield `INV-A8: bad debt of ${badDebt}`;
}

/** E4 and E10: no fund is negative, and depositors' shares move by what was received and paid, by nothing else. */
function* funds({ keepers: { insurance } }: PlimsollApp, from: Stores, earlier: Before): Iterable<string> {
  for (const tranche of insurance.store.tranches(from)) {
    const name = `${tranche.id.kind} ${tranche.id.number}`;
    const { junior, senior, shares, totalIn, totalOut } = tranche;
    if (junior < 0n || senior < 0n || shares < 0n)
      yield `E4: tranche ${name}: junior ${junior}, senior ${senior}, shares ${shares}`;
    const old = earlier.tranches.get(name);
    if (old === undefined || old.shares === 0n || shares === 0n) continue;
    // Price times both share counts, so that nothing is divided.
    const moved = senior * old.shares - old.senior * shares;
    const [gain, loss] = [totalIn - old.totalIn, totalOut - old.totalOut];
    const slack = old.shares + shares;
    if (moved > gain * old.shares + slack && old.shares === shares)
      yield `E10: tranche ${name}: senior from ${old.senior} to ${senior} with an income of ${gain}`;
    if (-moved > loss * old.shares + slack && old.shares === shares)
      yield `E10: tranche ${name}: senior from ${old.senior} to ${senior} with payments of ${loss}`;
  }
}

/** E5: what all could take out at once is there. */
function* withdrawable({ keepers: { perps, bank } }: PlimsollApp, from: Stores): Iterable<string> {
  const markets = perps.markets(from);
  let sum = 0n;
  for (const account of perps.allAccounts(from)) {
    if (account.positions.length === 0) {
      if (account.cash > 0n) sum += account.cash;
      continue;
    }
    const orders = [...perps.ordersOf(from, account.key)].map(orderView);
    const usable = usableEquity(account, markets);
    const spare = spareEquity(account, markets, usable, initialMargin(account, orders, markets));
    const free = spare < usable ? spare : usable;
    if (free > 0n) sum += free;
  }
  const vault = bank.moduleBalance(from, 'perps', 'uusdc');
  if (sum > vault) yield `E5: ${sum} could be withdrawn out of ${vault}`;
}

/** E6 and E7: bankrupt positions and those closed against them cancel, at the mark of the block. */
function* deleveraging(
  { keepers: { perps } }: PlimsollApp,
  from: Stores,
  events: readonly PerpsEvent[],
): Iterable<string> {
  const net = new Map<number, bigint>();
  for (const { name, fields } of events) {
    if (name !== 'EventDeleveraged') continue;
    const market = numberOf(fields, 'market_id');
    const quantity = amountOf(fields, 'quantity');
    net.set(market, (net.get(market) ?? 0n) + (fields['side'] === 'SIDE_BUY' ? quantity : -quantity));
    const mark: bigint = perps.marketView(from, market).markPrice;
    if (amountOf(fields, 'price') !== mark)
      yield `E7: market ${market}: ${accountOf(fields)} was deleveraged at ${String(fields['price'])}, the mark is ${mark}`;
  }
  for (const [market, sum] of net) if (sum !== 0n) yield `E6: market ${market}: closes outside the book leave ${sum}`;
}

/** E6 and E7 for positions that were netted: closes cancel, at an oracle price of this block, and nobody's position grew or turned. */
function* netting(
  { keepers: { oracle, perps } }: PlimsollApp,
  from: ReturnType<PlimsollApp['app']['queryContext']>,
  events: readonly PerpsEvent[],
): Iterable<string> {
  const net = new Map<number, bigint>();
  for (const { name, fields } of events) {
    if (name !== 'EventNetted') continue;
    const market = numberOf(fields, 'market_id');
    const change = (fields['side'] === 'SIDE_BUY' ? 1n : -1n) * amountOf(fields, 'quantity');
    net.set(market, (net.get(market) ?? 0n) + change);
    // Not the market's own: a settlement may have moved that since.
    const { price, timeMs } = oracle.price(from, perps.market(from, market)!.oraclePairId)!;
    if (amountOf(fields, 'price') !== price || timeMs !== from.block.timeMs)
      yield `E7: market ${market}: ${accountOf(fields)} was netted at ${String(fields['price'])}, the oracle price is ${price} of ${timeMs} ms`;
    const held = amountOf(fields, 'position_quantity');
    const left = held + change;
    if (left * held < 0n || left * left >= held * held)
      yield `INV-L4: market ${market}: ${accountOf(fields)} was netted from ${held} to ${left}`;
  }
  for (const [market, sum] of net) if (sum !== 0n) yield `E6: market ${market}: netted positions leave ${sum}`;
}

/** E8 and E9: who is liquidated is under maintenance margin, at a price that is no older than the limit. */
function* liquidations(
  { keepers: { perps } }: PlimsollApp,
  from: ReturnType<PlimsollApp['app']['queryContext']>,
  events: readonly PerpsEvent[],
  earlier: Before,
  senders: ReadonlySet<string>,
): Iterable<string> {
  const markets = perps.markets(from);
  const params = perps.params(from);
  for (const { name, fields } of events) {
    if (name !== 'EventLiquidation') continue;
    const account = accountOf(fields);
    if (amountOf(fields, 'equity') >= amountOf(fields, 'maintenance_margin'))
      yield `E8: ${account} was liquidated with ${String(fields['equity'])} over ${String(fields['maintenance_margin'])}`;
    const market = numberOf(fields, 'market_id');
    if (isStale(perps.marketState(from, market), params, from.block.timeMs))
      yield `E9: ${account} was liquidated at a stale price of market ${market}`;
    // What it held when the block began, valued at this block's prices, unless its owner did something meanwhile.
    const [owner, number] = account.split('/') as [string, string];
    const old = earlier.accounts.get(subaccountKey(fromBech32(owner), Number(number)));
    if (old === undefined || senders.has(owner)) continue;
    const [worth, margin] = [equity(old, markets), maintenanceMargin(old, markets)];
    if (worth >= margin) yield `E8: ${account} had ${worth} over ${margin} at the marks that liquidated it`;
  }
}

/** E11: every deficit is paid to the unit: what gainers gave is what was needed, but for one quantum for each. */
function* losses(events: readonly PerpsEvent[]): Iterable<string> {
  const taken = new Map<number, { amount: bigint; payments: bigint }>();
  const of = (market: number) => {
    let found = taken.get(market);
    if (found === undefined) taken.set(market, (found = { amount: 0n, payments: 0n }));
    return found;
  };
  for (const { name, fields } of events) {
    if (name !== 'EventHaircut') continue;
    const sum = of(numberOf(fields, 'market_id'));
    sum.amount += amountOf(fields, 'amount');
    sum.payments++;
  }
  for (const { name, fields } of events) {
    if (name !== 'EventDeficit') continue;
    const market = numberOf(fields, 'market_id');
    const paid = paidFor(fields);
    const deficit = amountOf(fields, 'deficit');
    if (paid !== deficit) yield `E11: market ${market}: a deficit of ${deficit} was paid with ${paid}`;
    const { amount, payments } = of(market);
    const surplus = amount - amountOf(fields, 'paid_by_haircut');
    if (surplus < 0n || surplus > payments)
      yield `E11: market ${market}: ${payments} gainers gave ${amount} for ${String(fields['paid_by_haircut'])}`;
  }
}

const paidFor = (fields: EventFields): bigint =>
  Object.keys(fields)
    .filter((name) => name.startsWith('paid_by_') || name === 'bad_debt')
    .reduce((sum, name) => sum + amountOf(fields, name), 0n);

/** Owner and number of a subaccount key, as events name it. */
export const nameOf = (key: SubaccountKey): string => {
  const { owner, number } = subaccountId(key);
  return `${owner}/${number}`;
};
