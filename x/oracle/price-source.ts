/** A price somebody quotes. */
export interface QuotedPrice {
  /** For example BTC-USD. */
  readonly symbol: string;
  /** Decimal text, for example "43538.02". */
  readonly price: string;
  /** Middle of the pair's perpetuals, decimal text, where it is known. */
  readonly perpPrice?: string;
  /** USD within 1 % of the middle, the thinner side, decimal text, where it is known. */
  readonly depthUsd?: string;
  /** Number of places that the price comes from, where it is known. */
  readonly sources?: number;
}

/** Where a validator takes its prices from. Only ExtendVote asks: what it answers may differ from node to node. */
export interface PriceSource {
  /** Prices known at a block time, without waiting; nothing for what is unknown. */
  prices(timeMs: bigint): readonly QuotedPrice[];
  /** Ends what it does in the background. */
  close?(): void;
}
