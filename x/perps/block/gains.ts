import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import type { Payer } from '../liquidation/index.js';
import { collateralValue, openProfit, unsettledFunding, usdcEquity } from '../margin/index.js';
import {
  quote,
  type AccountView,
  type MarketId,
  type Markets,
  type MarketView,
  type PositionView,
  type Quote,
  type Side,
  type SubaccountKey,
} from '../types.js';
import { max, positionValue } from '../units/index.js';
import type { Solvent } from './solvent.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/** An account as it stood before the first of its positions was closed at mark. */
interface Standing extends AccountView {
  readonly marketCash: ReadonlyMap<MarketId, bigint>;
}

const nothingMoved: ReadonlyMap<MarketId, bigint> = new Map();

/**
 * Who gained while others went bankrupt: the bases of the haircut.
 * Gains are those before positions are closed at mark: that changes no equity
 * but rounding, and ends open profit. risk-model section 13.2.
 */
export class Gains {
  readonly #ctx: Context;
  readonly #deps: Deps;
  readonly #work: WorkingSet;
  readonly #solvent: Solvent;
  readonly #before: Markets;
  readonly #closed = new Map<SubaccountKey, Standing>();
  readonly #paid = new Map<SubaccountKey, bigint>();

  constructor(ctx: Context, deps: Deps, work: WorkingSet, solvent: Solvent) {
    this.#ctx = ctx;
    this.#deps = deps;
    this.#work = work;
    this.#solvent = solvent;
    this.#before = deps.keeper.markets(ctx.committed);
  }

  /** To be called before a position of a solvent account is closed at mark. */
  remember(account: WorkingAccount): void {
    if (this.#closed.has(account.key)) return;
    this.#closed.set(account.key, { ...account.asStored(), marketCash: new Map(account.marketCash) });
  }

  /** Solvent accounts of which a position was closed at mark. */
  closed(): Iterable<SubaccountKey> {
    return this.#closed.keys();
  }

  /** Takes a haircut. */
  pay(account: WorkingAccount, amount: bigint): void {
    this.#work.addCash(account, -amount);
    this.#paid.set(account.key, (this.#paid.get(account.key) ?? 0n) + amount);
  }

  /** Those with an open profit on the winning side of a market, in key order; what else they gained is left at zero. O(holders). */
  openProfits(market: MarketView, losing: ReadonlySet<Side>): Payer[] {
    const payers: Payer[] = [];
    const add = (account: AccountView, held: AccountView): void => {
      const profit = winOf(market, held, losing);
      if (profit <= 0n) return;
      payers.push({
        ...this.#payer(account),
        openProfit: quote(profit),
        marketGain: quote(0n),
        accountGain: quote(0n),
      });
    };
    for (const account of this.#solvent.touched()) add(account, this.#closed.get(account.key) ?? account);
    this.#solvent.untouchedHolders(market.id, (account) => add(account, account));
    return payers.sort(byKey);
  }

  /** Everybody who gained by a market or as a whole since the end of the previous block, in key order. O(accounts). */
  all(market: MarketView, losing: ReadonlySet<Side>): Payer[] {
    const { keeper } = this.#deps;
    const existed = keeper.market(this.#ctx.committed, market.id) !== undefined;
    const payers: Payer[] = [];
    const add = (account: AccountView, old: AccountView, held: Standing): void => {
      const payer = this.#payer(account);
      const oldPosition = existed ? positionIn(old, market.id) : undefined;
      const marketGain =
        worth(market, positionIn(held, market.id)) -
        (oldPosition === undefined ? 0n : worth(this.#before(market.id), oldPosition)) +
        (held.marketCash.get(market.id) ?? 0n);
      // Collateral gains nothing that somebody else lost.
      const accountGain =
        payer.equity -
        collateralValue(account.collateral, this.#work.markets) -
        usdcEquity(old, this.#before) -
        keeper.netDeposit(this.#ctx, account.key);
      const profit = winOf(market, held, losing);
      if (profit <= 0n && marketGain <= 0n && accountGain <= 0n) return;
      payers.push({
        ...payer,
        openProfit: quote(max(0n, profit)),
        marketGain: quote(max(0n, marketGain)),
        accountGain: quote(max(0n, accountGain)),
      });
    };
    for (const account of this.#solvent.touched())
      add(account, keeper.account(this.#ctx.committed, account.key), this.#closed.get(account.key) ?? account);
    this.#solvent.untouched((account) => {
      if (account.positions.length > 0) add(account, account, { ...account, marketCash: nothingMoved });
    });
    return payers.sort(byKey);
  }

  /** Equity before any close at mark and any haircut of this block, and what was paid of it. */
  #payer(account: AccountView): Pick<Payer, 'key' | 'equity' | 'paid'> {
    const { key } = account;
    const paid = this.#paid.get(key) ?? 0n;
    const closed = this.#closed.get(key);
    const before: Quote = closed === undefined ? quote(this.#work.equity(account) + paid) : this.#work.equity(closed);
    return { key, equity: before, paid: quote(paid) };
  }
}

const byKey = (a: Payer, b: Payer): number => (a.key < b.key ? -1 : 1);

const positionIn = ({ positions }: AccountView, market: MarketId): PositionView | undefined =>
  positions.find(({ marketId }) => marketId === market);

/** Open profit of a position on the side that wins; zero of any other. */
function winOf(market: MarketView, account: AccountView, losing: ReadonlySet<Side>): bigint {
  const position = positionIn(account, market.id);
  if (position === undefined || !losing.has(position.quantity > 0n ? 'sell' : 'buy')) return 0n;
  return openProfit(market, position);
}

const worth = (market: MarketView, position: PositionView | undefined): bigint =>
  position === undefined ? 0n : positionValue(market, position.quantity) + unsettledFunding(market, position);
