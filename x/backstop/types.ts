import type { HourlyAmount } from '../../runtime/pool/hours.js';
import type { SharePrice } from '../../runtime/pool/shares.js';

/** Names of the classes by number: A is 1. */
export const classNames: readonly (string | undefined)[] = [undefined, 'A', 'B', 'C', 'D'];

/** Numbers of all vaults: one for each class. */
export const vaultNumbers: readonly number[] = [1, 2, 3, 4];

/** A vault with its amounts as integers: quote quanta, and 10^-6 of a share. */
export interface VaultView {
  /** Number of its class. */
  readonly number: number;
  /** All shares, the protocol's among them. */
  readonly shares: bigint;
  readonly protocolShares: bigint;
  readonly matureShares: bigint;
  /** Gains and losses of the hours that are over. */
  readonly results: readonly HourlyAmount[];
  /** The hour that is running, and the vault's worth at its start with the money that came or left since. */
  readonly hour: bigint;
  readonly base: bigint;
  /** UTC day of the epoch that opens it again; zero while it is open. */
  readonly closedUntilDay: bigint;
  readonly prices: readonly SharePrice[];
  readonly totalIn: bigint;
  readonly totalOut: bigint;
  readonly penalties: bigint;
  readonly payments: bigint;
  readonly taken: bigint;
}

export const emptyVault = (number: number): VaultView => ({
  number,
  shares: 0n,
  protocolShares: 0n,
  matureShares: 0n,
  results: [],
  hour: 0n,
  base: 0n,
  closedUntilDay: 0n,
  prices: [],
  totalIn: 0n,
  totalOut: 0n,
  penalties: 0n,
  payments: 0n,
  taken: 0n,
});

/** A vault in one market. */
export interface VaultMarketView {
  readonly number: number;
  readonly marketId: number;
  readonly results: readonly HourlyAmount[];
  /** Worth of the position when the running hour began, less cash that it moved since. */
  readonly base: bigint;
  readonly closedUntilDay: bigint;
}
