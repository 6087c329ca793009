import type { MultiReader } from '../../../runtime/store/types.js';
import { BookView, CommittedBook } from './book-view.js';
import { orderIdOf, orders, touchedOrders, type BookOrder, type StoredOrder } from './store.js';
import type { Stores } from '../../../runtime/store/collection.js';

/** State that the book can be read from: a block's, with the committed state below it, or committed state itself. */
export type BookSource = Stores & ({ readonly committed: MultiReader } | MultiReader);

const committedOf = (from: BookSource): MultiReader => ('committed' in from ? from.committed : from);

/** An order with its name. */
export const bookOrder = (key: string, { side, price, height, order }: StoredOrder): BookOrder => [
  { ...orderIdOf(key), side, price, height },
  order,
];

/**
 * The sorted book in memory. Derived from the orders in state and never
 * stored: it follows committed state block by block, and is built anew when
 * it was not there for a block (a node that starts, restores or rolls back)
 * or when another height is asked for. What the block under way changes is
 * laid over it, read through the same layers as any state, so that a failed
 * transaction leaves no trace in it either.
 */
export class BookIndex {
  #newest: { readonly version: bigint; readonly book: CommittedBook } | undefined;
  /** The last block's changes: in force once its state is committed. */
  #pending:
    | {
        readonly after: bigint;
        readonly version: bigint;
        readonly changes: readonly (readonly [string, BookOrder | undefined])[];
      }
    | undefined;
  /** The last book that was built for an older height. */
  #older: { readonly version: bigint; readonly book: CommittedBook } | undefined;

  /** @param keep false: the book is built for each use. Costs time and changes no result. */
  constructor(readonly keep = true) {}

  /** The book as a block left it: the committed state below `from`. O(changes of a block), or O(orders) when it is built */
  committed(from: BookSource): CommittedBook {
    const reader = committedOf(from);
    const { version } = reader;
    if (version === undefined || !this.keep) return built(reader);
    const pending = this.#pending;
    if (this.#newest !== undefined && pending?.version === version && pending.after === this.#newest.version) {
      for (const [key, order] of pending.changes) this.#newest.book.set(key, order);
      this.#newest = { version, book: this.#newest.book };
      this.#pending = undefined;
    }
    if (this.#newest?.version === version) return this.#newest.book;
    if (this.#older?.version === version) return this.#older.book;
    const found = { version, book: built(reader) };
    if (this.#newest === undefined || version > this.#newest.version) this.#newest = found;
    else this.#older = found;
    return found.book;
  }

  /** The book with the changes of the block under way. */
  view(from: BookSource): BookView {
    return new BookView(this.committed(from), changesOf(from));
  }

  /** Keeps what a block changed until its state is committed. Called when nothing of the block changes orders any more. */
  close(from: BookSource, height: bigint): void {
    const { version } = committedOf(from);
    if (version === undefined || !this.keep) return;
    this.committed(from);
    this.#pending = { after: version, version: height, changes: [...changesOf(from)] };
  }
}

function* changesOf(from: Stores): Iterable<readonly [string, BookOrder | undefined]> {
  for (const [key] of touchedOrders.entries(from)) {
    const stored = orders.get(from, key);
    yield [key, stored === undefined ? undefined : bookOrder(key, stored)];
  }
}

function built(reader: MultiReader): CommittedBook {
  const book = new CommittedBook();
  for (const [key, stored] of orders.entries(reader)) book.set(key, bookOrder(key, stored));
  return book;
}
