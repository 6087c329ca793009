import type { Stores } from '../../runtime/store/collection.js';

/** What one account is owed. */
export interface Claim {
  readonly owner: Uint8Array;
  readonly number: number;
  /** For each denomination, never negative. */
  readonly amounts: readonly bigint[];
  /** What the account owes in the first denomination against its others. */
  readonly owed: bigint;
  /** Funding that the amounts count and no book has moved yet, signed. */
  readonly unsettled: bigint;
  readonly positions: number;
}

/** The exchange's own books, quote quanta. */
export interface Books {
  readonly bankBalance: bigint;
  readonly fees: bigint;
  readonly dust: bigint;
  /** Funding that payers paid and nobody was settled yet. */
  readonly clearing: bigint;
}

/** Where claims come from: perps. */
export interface ClaimsKeeper {
  /** What accounts are owed in, uusdc first; the same for all claims of a state. */
  denoms(from: Stores): readonly string[];
  /** All accounts in order of owner and number, each once. */
  claims(from: Stores): Iterable<Claim>;
  books(from: Stores): Books;
}
