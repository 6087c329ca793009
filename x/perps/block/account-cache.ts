import type { Context } from '../../../runtime/baseapp/context.js';
import type { Deps } from '../deps.js';
import { AccountColumns } from '../estimates/index.js';
import type { StoredAccount, SubaccountKey } from '../types.js';

/** What a block changes once it is committed. */
interface Pending {
  readonly height: bigint;
  readonly changed: readonly StoredAccount[];
}

/**
 * All accounts in memory as the store has them, decoded once, and who holds
 * which market. Derived from state and never stored: a node that starts, or
 * whose state came from elsewhere, reads everything once. It changes no
 * result: what it returns is what the store would return, and estimates decide
 * nothing that the exact rules would decide otherwise.
 */
export class AccountCache {
  /** Block at whose end the accounts stood like this; undefined when a block under way may have changed them. */
  #height: bigint | undefined;
  readonly #slots = new Map<SubaccountKey, number>();
  readonly #accounts: StoredAccount[] = [];
  readonly #columns = new AccountColumns();
  #pending: Pending | undefined;
  #reread = false;
  /** Accounts that messages of the block under way wrote: the store knows better. */
  #changed: ReadonlySet<SubaccountKey> = new Set();

  /** Begins the end of a block: takes over what the block before changed, or reads everything. */
  open(ctx: Context, deps: Deps): void {
    const { height } = ctx.block;
    if (this.#pending?.height === height - 1n) {
      for (const account of this.#pending.changed) this.#put(account);
      this.#height = this.#pending.height;
    }
    this.#pending = undefined;
    if (this.#height === height - 1n) {
      this.#changed = new Set(deps.keeper.changedAccounts(ctx));
      this.#reread = false;
      return;
    }
    this.#reread = true;
    this.#height = undefined;
    this.#changed = new Set();
    this.#slots.clear();
    this.#accounts.length = 0;
    this.#columns.clear();
    for (const account of deps.keeper.allAccounts(ctx)) this.#put(account);
  }

  /** Ends the block: messages wrote some accounts, and its end these. */
  close(ctx: Context, deps: Deps, changed: readonly StoredAccount[]): void {
    const all = new Map<SubaccountKey, StoredAccount>();
    for (const key of deps.keeper.changedAccounts(ctx)) all.set(key, deps.keeper.account(ctx, key));
    for (const account of changed) all.set(account.key, account);
    this.#pending = { height: ctx.block.height, changed: [...all.values()] };
  }

  /** The account as the block's messages left it; undefined when the store must be asked. */
  find(key: SubaccountKey): StoredAccount | undefined {
    if (this.#changed.has(key)) return undefined;
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.#accounts[slot];
  }

  /** True when this block read everything, which gave accounts new slots. */
  get reread(): boolean {
    return this.#reread;
  }

  /** Accounts that messages of this block wrote, in key order. */
  get changed(): Iterable<SubaccountKey> {
    return this.#changed;
  }

  slotOf(key: SubaccountKey): number | undefined {
    return this.#slots.get(key);
  }

  at(slot: number): StoredAccount {
    return this.#accounts[slot]!;
  }

  get columns(): AccountColumns {
    return this.#columns;
  }

  /** All accounts as the block's messages left them, in no particular order. */
  *everybody(ctx: Context, { keeper }: Deps): Iterable<StoredAccount> {
    for (const account of this.#accounts) if (!this.#changed.has(account.key)) yield account;
    for (const key of this.#changed) yield keeper.account(ctx, key);
  }

  /** All accounts as the end of the block before left them, in no particular order. */
  get accounts(): readonly StoredAccount[] {
    return this.#accounts;
  }

  #put(account: StoredAccount): void {
    let slot = this.#slots.get(account.key);
    if (slot === undefined) {
      slot = this.#accounts.length;
      this.#slots.set(account.key, slot);
    }
    this.#accounts[slot] = account;
    this.#columns.set(slot, account);
  }
}
