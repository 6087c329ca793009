import type { Context } from '../../../../runtime/baseapp/context.js';
import { fdiv, million } from '../../../../runtime/math/integers.js';
import type { Deps } from '../../deps.js';
import { equity, maintenanceMargin } from '../../margin/index.js';
import type { AccountView, MarketId, Markets, SubaccountKey } from '../../types.js';
import { notional } from '../../units/index.js';
import { farthestDistance, liquidationDistance } from '../rules/distance.js';

/** A position and the mark at which its account is liquidated when nothing else moves; zero when no such mark is near. */
export interface Placed {
  readonly marketId: MarketId;
  readonly quantity: bigint;
  readonly liquidationMark: bigint;
}

type Entry = readonly Placed[];

/**
 * Where positions would be liquidated, in the node's memory (risk-model
 * section 19.4). A block only notes which accounts it looked at or changed;
 * who asks pays for looking at those again. Derived from state and never
 * stored: the first question reads all accounts once, and a node that is
 * never asked does nothing. It takes part in no result.
 */
export class LiquidationMap {
  #entries: Map<SubaccountKey, Entry> | undefined;
  /** Height of the state that the entries are of, apart from what was touched since. */
  #height = -1n;
  /** The last block that ended here, and accounts to look at again, with the newest block that touched them. */
  #closed = -1n;
  readonly #touched = new Map<SubaccountKey, bigint>();

  /** A block ended: it looked at these accounts, or changed them. */
  close(height: bigint, keys: Iterable<SubaccountKey>): void {
    if (height !== this.#closed + 1n) {
      this.#entries = undefined;
      this.#touched.clear();
    }
    this.#closed = height;
    // Nobody asked yet: whoever does first reads everything.
    if (this.#entries === undefined) return;
    for (const key of keys) this.#touched.set(key, height);
  }

  /** All positions at committed state, account by account in no particular order. O(accounts touched since the last question). */
  read(ctx: Context, deps: Deps): ReadonlyMap<SubaccountKey, Entry> {
    const { height } = ctx.block;
    const markets = deps.keeper.markets(ctx);
    // Of the past, or of a state that this process did not make: counted for this question alone.
    if (height > this.#closed || height + 1n < this.#closed || height < this.#height) return all(ctx, deps, markets);
    if (this.#entries === undefined) {
      const found = all(ctx, deps, markets);
      // While a block is under way nobody noted what it touched before this question.
      if (height < this.#closed) return found;
      this.#entries = found;
    }
    for (const [key, touchedIn] of this.#touched) {
      // What the block under way changed is not committed.
      if (touchedIn > height) continue;
      this.#touched.delete(key);
      const account = deps.keeper.account(ctx, key);
      if (account.positions.length === 0) this.#entries.delete(key);
      else this.#entries.set(key, placed(account, markets));
    }
    this.#height = height;
    return this.#entries;
  }
}

/** The same from state alone. O(accounts). */
export function all(ctx: Context, { keeper }: Deps, markets: Markets): Map<SubaccountKey, Entry> {
  const entries = new Map<SubaccountKey, Entry>();
  for (const account of keeper.allAccounts(ctx))
    if (account.positions.length > 0) entries.set(account.key, placed(account, markets));
  return entries;
}

function placed(account: AccountView, markets: Markets): Entry {
  const slack = equity(account, markets) - maintenanceMargin(account, markets);
  return account.positions.map(({ marketId, quantity }) => {
    const market = markets(marketId);
    const long = quantity > 0n;
    const distance = liquidationDistance(slack, notional(market, quantity), market, long);
    const moved = fdiv(market.markPrice * distance, million);
    const near = distance < farthestDistance;
    return { marketId, quantity, liquidationMark: near ? market.markPrice + (long ? -moved : moved) : 0n };
  });
}

/** How far the mark is from where a position is liquidated, ppm of it, rounded down; a million when it is not near. */
export function distanceOf({ quantity, liquidationMark }: Placed, mark: bigint): bigint {
  if (liquidationMark === 0n || mark === 0n) return farthestDistance;
  const way = quantity > 0n ? mark - liquidationMark : liquidationMark - mark;
  if (way <= 0n) return 0n;
  const distance = fdiv(way * million, mark);
  return distance < farthestDistance ? distance : farthestDistance;
}

export const bucketWidth = 5_000n;
export const bucketCount = 200;

export interface SideSums {
  long: bigint;
  short: bigint;
}

/** Quantities by bucket of 0.5 %; the last one holds all that are further. INV-S1: they sum to the open interest of each side. O(positions). */
export function histogram(entries: Iterable<Entry>, id: MarketId, mark: bigint): SideSums[] {
  const buckets = Array.from({ length: bucketCount }, (): SideSums => ({ long: 0n, short: 0n }));
  for (const entry of entries) {
    for (const each of entry) {
      if (each.marketId !== id) continue;
      const place = Number(distanceOf(each, mark) / bucketWidth);
      const bucket = buckets[place < bucketCount ? place : bucketCount - 1]!;
      if (each.quantity > 0n) bucket.long += each.quantity;
      else bucket.short -= each.quantity;
    }
  }
  return buckets;
}
