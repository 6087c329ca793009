/** What of the exchange runs: all of it, or all but a piece whose worth is to be seen. */
export interface Pieces {
  /** Margin rates move with volatility (risk-model section 4.1); otherwise they stay at the floor of the class. */
  readonly dynamic: boolean;
  /** Concentration brackets (section 4.2), in units of the depth of the market's own book. */
  readonly brackets: boolean;
  /** Somebody bids for failing positions (section 10.5, L2). */
  readonly keepers: boolean;
  /** Circuit breakers (section 14). */
  readonly breakers: boolean;
  /** The backstop vault owns what its limits ask for to hold 3 % of open interest (section 11), not its part of the same capital. */
  readonly wholeVault: boolean;
}

/** Everything but breakers, which neither of the others has, on the same capital as they. */
export const ourPieces: Pieces = {
  dynamic: true,
  brackets: true,
  keepers: true,
  breakers: false,
  wholeVault: false,
};
