import type { Context } from '../../../runtime/baseapp/context.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import type { LedgerView, MarketStateView } from '../codecs.js';
import { moduleName, type Deps } from '../deps.js';
import { fundingWeight, keepSettledFunding, settle } from '../funding/index.js';
import { equity } from '../margin/index.js';
import { forMarket } from '../market-failure.js';
import { applyFill } from '../matching/index.js';
import { BlockRecovery } from '../recovery/block-recovery.js';
import { subaccountId } from '../subaccount-key.js';
import { delayProfits, isDelayed } from '../withdrawals/delayed-profit.js';
import { withdrawalParams } from '../withdrawals/params.js';
import {
  quote,
  type AccountView,
  type AssetId,
  type Holding,
  type MarginSettings,
  type MarketId,
  type Markets,
  type MarketView,
  type PositionView,
  type Quote,
  type Side,
  type StoredAccount,
  type SubaccountKey,
} from '../types.js';

/** Of accounts without a fill: shared by all of them and never written. */
const nothingMoved = new Map<MarketId, bigint>();

/** The working set's own copy of a value, which it changes in place. */
type Own<T> = { -readonly [K in keyof T]: T[K] };

/** An account while the end of the block works on it. */
export class WorkingAccount implements AccountView {
  cash: Quote;
  positions: readonly PositionView[];
  collateral: readonly Holding[];
  readonly settings: MarginSettings | undefined;
  underwaterHeight: bigint;
  /** Cash that moved in each market in this block: fills and funding, without fees. */
  get marketCash(): ReadonlyMap<MarketId, bigint> {
    return this.#marketCash;
  }
  #marketCash = nothingMoved;
  readonly key: SubaccountKey;
  /** As the store has it: only the working set changes it meanwhile. */
  readonly stored: StoredAccount;

  constructor(stored: StoredAccount) {
    this.key = stored.key;
    this.cash = stored.cash;
    this.positions = stored.positions;
    this.settings = stored.settings;
    this.underwaterHeight = stored.underwaterHeight;
    this.collateral = stored.collateral;
    this.stored = stored;
  }

  /** False when the account stands as the store has it. */
  get changed(): boolean {
    return (
      this.cash !== this.stored.cash ||
      this.underwaterHeight !== this.stored.underwaterHeight ||
      this.collateral !== this.stored.collateral ||
      this.#marketCash !== nothingMoved
    );
  }

  /** Notes cash that moved in a market. */
  moveMarketCash(market: MarketId, amount: bigint): void {
    if (this.#marketCash === nothingMoved) this.#marketCash = new Map();
    this.#marketCash.set(market, (this.#marketCash.get(market) ?? 0n) + amount);
  }

  /** As it stands now, apart from the working set. */
  asStored(): StoredAccount {
    const { cash, positions, collateral, underwaterHeight } = this;
    return { ...this.stored, cash, positions, collateral, underwaterHeight };
  }

  position(market: MarketId): PositionView | undefined {
    for (const position of this.positions) if (position.marketId === market) return position;
    return undefined;
  }
}

/**
 * State that the end of the block changes, in memory: each account, market
 * and the ledger is read once and written once. Marks do not move meanwhile.
 */
export class WorkingSet {
  readonly markets: Markets;
  /** Haircuts that are repaid: those of before by this block's penalties, those of this block from the next on. */
  readonly recovery: BlockRecovery;
  readonly #accounts = new Map<SubaccountKey, WorkingAccount>();
  readonly #states = new Map<MarketId, Own<MarketStateView>>();
  /** Penalties on their way to the tranches. */
  readonly #contributions = new Map<MarketId, bigint>();
  readonly #tradingFees = new Map<MarketId, bigint>();
  /** Profit and loss realised in markets whose profit leaves later. */
  readonly #realised = new Map<SubaccountKey, bigint>();
  readonly #liquidated = new Map<MarketId, bigint>();
  readonly #haircuts = new Map<MarketId, bigint>();
  readonly #ctx: Context;
  readonly #deps: Deps;
  readonly #ledger: Own<LedgerView>;

  constructor(ctx: Context, deps: Deps) {
    this.#ctx = ctx;
    this.#deps = deps;
    this.markets = deps.keeper.markets(ctx);
    this.#ledger = { ...deps.keeper.ledger(ctx) };
    this.recovery = new BlockRecovery(ctx, deps.keeper);
  }

  account(key: SubaccountKey): WorkingAccount {
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = new WorkingAccount(this.stored(key));
      this.#accounts.set(key, account);
    }
    return account;
  }

  /** The account if it was touched. */
  known(key: SubaccountKey): WorkingAccount | undefined {
    return this.#accounts.get(key);
  }

  /** An account as the store has it. @throws FatalError when there is none */
  stored(key: SubaccountKey): StoredAccount {
    const cached = this.#deps.accounts?.find(key);
    if (cached !== undefined) return cached;
    if (this.#deps.keeper.subaccount(this.#ctx, key) === undefined)
      throw new FatalError('an order or position belongs to no subaccount');
    return this.#deps.keeper.account(this.#ctx, key);
  }

  /** All accounts as the store has them, in no particular order. */
  everybody(): Iterable<StoredAccount> {
    return this.#deps.accounts?.everybody(this.#ctx, this.#deps) ?? this.#deps.keeper.allAccounts(this.#ctx);
  }

  /** Accounts touched so far, in no particular order. */
  accounts(): Iterable<WorkingAccount> {
    return this.#accounts.values();
  }

  /** How many were touched so far. */
  get size(): number {
    return this.#accounts.size;
  }

  /** Accounts that stand differently now, as `flush` writes them. */
  changed(): StoredAccount[] {
    const changed: StoredAccount[] = [];
    for (const account of this.#accounts.values()) if (account.changed) changed.push(account.asStored());
    return changed;
  }

  state(id: MarketId): MarketStateView {
    return this.#states.get(id) ?? this.#deps.keeper.marketState(this.#ctx, id);
  }

  setState(state: MarketStateView): void {
    this.#states.set(state.marketId, { ...state });
  }

  get ledger(): LedgerView {
    return this.#ledger;
  }

  equity(account: AccountView): Quote {
    return equity(account, this.markets);
  }

  /** Takes an amount of an asset, at most what the account has. */
  takeHolding(account: WorkingAccount, id: AssetId, taken: bigint): void {
    account.collateral = account.collateral
      .map((each) => (each.assetId === id ? { assetId: id, amount: each.amount - taken } : each))
      .filter(({ amount }) => amount > 0n);
  }

  /** Changes an account's cash for a reason other than a fill: fee, penalty, haircut, relief. */
  addCash(account: WorkingAccount, amount: bigint): void {
    account.cash = quote(account.cash + amount);
    this.#ledger.totalCash += amount;
  }

  addFees(amount: bigint): void {
    this.#ledger.fees += amount;
  }

  /** Books a fee on a fill; a part of a block's fees goes to the tranches behind the market. */
  addTradingFee(market: MarketId, amount: bigint): void {
    this.addFees(amount);
    this.#tradingFees.set(market, (this.#tradingFees.get(market) ?? 0n) + amount);
  }

  /** Takes a penalty's part for the market's recovery claims. @returns what is left of it */
  repayHaircuts(market: MarketId, penalty: bigint): bigint {
    const part = this.recovery.take(market, penalty);
    this.#ledger.recovery += part;
    return penalty - part;
  }

  /** Notes notional that liquidation, a takeover or deleveraging closed on a failing account: breaker B6 counts it. */
  noteLiquidated(market: MarketId, notional: bigint): void {
    this.#liquidated.set(market, (this.#liquidated.get(market) ?? 0n) + notional);
  }

  /** Notes what gainers paid for a market's deficit: breaker B8. */
  noteHaircut(market: MarketId, amount: bigint): void {
    this.#haircuts.set(market, (this.#haircuts.get(market) ?? 0n) + amount);
  }

  /** What was noted of a market in this block. */
  noted(market: MarketId): { readonly liquidated: bigint; readonly haircut: bigint } {
    return { liquidated: this.#liquidated.get(market) ?? 0n, haircut: this.#haircuts.get(market) ?? 0n };
  }

  addDust(amount: bigint): void {
    this.#ledger.dust += amount;
  }

  addBadDebt(amount: bigint): void {
    this.#ledger.badDebt += amount;
  }

  /** Books money that goes to a market's tranche when the block ends. */
  contribute(market: MarketId, amount: bigint): void {
    this.#contributions.set(market, (this.#contributions.get(market) ?? 0n) + amount);
  }

  /**
   * Fills an account: settles the position's funding, moves cash by the fill
   * amount and keeps the market's totals. What a buyer pays more than a
   * seller gets by rounding is dust, for the caller to add up.
   * @returns the signed change of cash by the fill
   */
  fill(account: WorkingAccount, market: MarketView, side: Side, quantity: bigint, price: bigint): Quote {
    const before = account.position(market.id);
    let position = before;
    if (position !== undefined) {
      const settled = settle(market, position);
      position = settled.position;
      if (settled.cash !== 0n) this.#open(market.id).clearingBalance -= settled.cash;
      this.#moveMarketCash(account, market.id, settled.cash);
      if (settled.cash !== 0n) this.#tellFunding(account.key, market.id, settled.cash);
    }
    const { position: filled, cash } = applyFill(market, position, side, quantity, price);
    const after = keepSettledFunding(position, filled);
    if (isDelayed(market.class))
      this.#realise(account.key, cash + (after?.entryValue ?? 0n) - (before?.entryValue ?? 0n));
    this.#count(market.id, before, after);
    account.positions = replaced(account.positions, market.id, after);
    this.#moveMarketCash(account, market.id, cash);
    return cash;
  }

  /** Writes everything back. */
  flush(): void {
    const { keeper, insurance } = this.#deps;
    const ctx = this.#ctx;
    for (const account of this.#accounts.values()) {
      if (!account.changed) continue;
      keeper.setAccount(ctx, account, account.stored.positions);
      for (const { assetId, amount } of account.stored.collateral) {
        const left = account.collateral.find((each) => each.assetId === assetId)?.amount ?? 0n;
        if (left !== amount) keeper.collateral.setBalance(ctx, account.key, assetId, left);
      }
    }
    for (const id of [...this.#states.keys()].sort((a, b) => a - b))
      forMarket(id, 'totals', () => keeper.setMarketState(ctx, this.#states.get(id)!));
    for (const id of [...this.#tradingFees.keys()].sort((a, b) => a - b))
      this.addFees(
        -forMarket(id, 'fees', () => insurance.contributeFees(ctx, id, moduleName, this.#tradingFees.get(id)!)),
      );
    keeper.setLedger(ctx, { ...this.#ledger });
    this.recovery.flush();
    if (this.#realised.size > 0) delayProfits(ctx, this.#realised, withdrawalParams(keeper.params(ctx)).profitDelayMs);
    for (const id of [...this.#contributions.keys()].sort((a, b) => a - b)) {
      const amount = this.#contributions.get(id)!;
      if (amount > 0n) forMarket(id, 'penalties', () => insurance.contribute(ctx, id, moduleName, amount));
    }
  }

  #moveMarketCash(account: WorkingAccount, market: MarketId, amount: bigint): void {
    this.addCash(account, amount);
    account.moveMarketCash(market, amount);
  }

  #realise(key: SubaccountKey, profit: bigint): void {
    if (profit !== 0n) this.#realised.set(key, (this.#realised.get(key) ?? 0n) + profit);
  }

  #tellFunding(key: SubaccountKey, marketId: MarketId, amount: Quote): void {
    this.#ctx.emit('plimsoll.perps.v1.EventFundingSettled', {
      subaccount: subaccountId(key),
      marketId,
      amount: amount.toString(),
    });
  }

  /** Keeps a market's sums over positions. */
  #count(id: MarketId, before: PositionView | undefined, after: PositionView | undefined): void {
    const state = this.#open(id);
    const [had, has] = [before?.quantity ?? 0n, after?.quantity ?? 0n];
    if (had > 0n) state.longQuanta -= had;
    else state.shortQuanta += had;
    if (has > 0n) state.longQuanta += has;
    else state.shortQuanta -= has;
    state.fundingWeight += fundingWeight(after) - fundingWeight(before);
  }

  /** The working set's own copy of a market's state. */
  #open(id: MarketId): Own<MarketStateView> {
    let state = this.#states.get(id);
    if (state === undefined) this.#states.set(id, (state = { ...this.#deps.keeper.marketState(this.#ctx, id) }));
    return state;
  }
}

function replaced(
  positions: readonly PositionView[],
  market: MarketId,
  after: PositionView | undefined,
): readonly PositionView[] {
  const [only] = positions;
  // Most accounts hold one market.
  if (only === undefined || (positions.length === 1 && only.marketId === market))
    return after === undefined ? [] : [after];
  const others = positions.filter(({ marketId }) => marketId !== market);
  if (after === undefined) return others;
  const at = others.findIndex(({ marketId }) => marketId > market);
  return at === -1 ? [...others, after] : [...others.slice(0, at), after, ...others.slice(at)];
}
