import type { Context } from '../../../runtime/baseapp/context.js';
import { FatalError } from '../../../runtime/baseapp/errors.js';
import type { Deps } from '../deps.js';
import { AccountEstimate, cashEstimate, estimateOf, SideEstimates, type MarketEstimate } from '../estimates/index.js';
import type { AccountView, MarketId, MarketView, StoredAccount, SubaccountKey } from '../types.js';
import { AccountCache } from './account-cache.js';
import type { WorkingAccount, WorkingSet } from './working-set.js';

/**
 * Everybody but the bankrupt, while a block resolves these: accounts that the
 * block touched as they stand now, all others as the store has them.
 */
export class Solvent {
  readonly #work: WorkingSet;
  readonly #bankrupt: ReadonlySet<SubaccountKey>;
  readonly #cache: AccountCache;
  /** By slot of the cache: 1 when the working set knows better, or the account is bankrupt. */
  readonly #marked: Uint8Array;
  #markedBefore = 0;
  readonly #known = new Map<MarketId, MarketEstimate>();

  constructor(ctx: Context, deps: Deps, work: WorkingSet, bankrupt: ReadonlySet<SubaccountKey>) {
    this.#work = work;
    this.#bankrupt = bankrupt;
    this.#cache = deps.accounts ?? new AccountCache();
    if (deps.accounts === undefined) this.#cache.open(ctx, deps);
    for (const key of this.#cache.changed) work.account(key);
    this.#marked = new Uint8Array(this.#cache.accounts.length);
  }

  /** Those that the block touched, in no particular order. */
  *touched(): Iterable<WorkingAccount> {
    for (const account of this.#work.accounts()) if (!this.#bankrupt.has(account.key)) yield account;
  }

  /** Those that the block did not touch and that hold a market, in no particular order. */
  untouchedHolders(id: MarketId, visit: (account: StoredAccount) => void): void {
    this.#mark();
    this.#cache.columns.holders(id, (slot) => {
      if (this.#marked[slot] === 0) visit(this.#cache.at(slot));
    });
  }

  /** All those that the block did not touch, in no particular order. */
  untouched(visit: (account: StoredAccount) => void): void {
    this.#mark();
    for (const [slot, account] of this.#cache.accounts.entries()) if (this.#marked[slot] === 0) visit(account);
  }

  /**
   * Those on one side of a market whose risk may exceed the level at which
   * closing down to it suffices, with that level in ppm: everybody left out is
   * at or below it. Zero takes everybody.
   * @param enough decides exactly whether they suffice; when not, more are tried
   */
  riskiest<T>(
    market: MarketView,
    side: 'long' | 'short',
    quantity: bigint,
    enough: (accounts: readonly AccountView[], level: bigint) => T | undefined,
  ): T {
    const accounts: AccountView[] = [];
    const estimates = this.#estimates(market, side, accounts);
    let level = estimates.level(this.#estimate(market.id), Number(quantity));
    for (;;) {
      const chosen = estimates.above(level).map((index) => accounts[index]!);
      chosen.sort((a, b) => (a.key < b.key ? -1 : 1));
      const found = enough(chosen, level);
      if (found !== undefined) return found;
      if (level === 0n)
        throw new FatalError(`market ${market.id}: all of the other side are not enough for ${quantity}`);
      level /= 2n;
    }
  }

  #estimates(market: MarketView, side: 'long' | 'short', accounts: AccountView[]): SideEstimates {
    this.#mark();
    const { columns } = this.#cache;
    const all = new SideEstimates(columns.count(market.id) + this.#work.size);
    const sign = side === 'long' ? 1 : -1;
    const sums = new AccountEstimate();
    const markets = (id: MarketId): MarketEstimate => this.#estimate(id);
    columns.holders(market.id, (slot, quantity) => {
      if (quantity * sign < 0 || this.#marked[slot] === 1) return;
      const own = columns.estimate(slot, sums, markets, market.id);
      all.add(sums, quantity * sign, own);
      accounts.push(this.#cache.at(slot));
    });
    for (const account of this.touched()) {
      const held = Number(account.position(market.id)?.quantity ?? 0n) * sign;
      if (held <= 0) continue;
      let own = 0;
      sums.begin(cashEstimate(account));
      for (const { marketId, quantity, fundingIndex } of account.positions) {
        const margin = sums.add(markets(marketId), Number(quantity), Number(fundingIndex));
        if (marketId === market.id) own = margin;
      }
      all.add(sums, held, own);
      accounts.push(account);
    }
    return all;
  }

  /** Notes who was touched since the last time. */
  #mark(): void {
    if (this.#work.size === this.#markedBefore) return;
    for (const { key } of this.#work.accounts()) {
      const slot = this.#cache.slotOf(key);
      if (slot !== undefined) this.#marked[slot] = 1;
    }
    this.#markedBefore = this.#work.size;
  }

  #estimate(id: MarketId): MarketEstimate {
    let known = this.#known.get(id);
    if (known === undefined) this.#known.set(id, (known = estimateOf(this.#work.markets(id))));
    return known;
  }
}
