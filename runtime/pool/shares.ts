import { fdiv, million } from '../math/integers.js';

/**
 * Shares in a pool of assets, with a virtual million of them over a virtual
 * quantum: nobody can make others' deposits round away by a gift, because the
 * first share already has a price. risk-model section 12.4; INV-I2, INV-I4.
 */
const virtualShares = million;
const virtualAssets = 1n;

/** Shares for a deposit, rounded down. */
export const mint = (amount: bigint, shares: bigint, assets: bigint): bigint =>
  fdiv(amount * (shares + virtualShares), assets + virtualAssets);

/** What shares are worth, rounded down. */
export const redeem = (given: bigint, shares: bigint, assets: bigint): bigint =>
  fdiv(given * (assets + virtualAssets), shares + virtualShares);

/** Quote quanta for one whole share (10^6 of the smallest), times 10^6, rounded down. */
export const sharePrice = (shares: bigint, assets: bigint): bigint =>
  fdiv((assets + virtualAssets) * million * million, shares + virtualShares);

/** Price of a share at a daily epoch. */
export interface SharePrice {
  /** Block time / 86,400 s. */
  readonly day: bigint;
  readonly price: bigint;
}

/** Prices at the last epochs: thirty days between the first and the last. */
const pricesKept = 31;

export const withPrice = (prices: readonly SharePrice[], day: bigint, price: bigint): SharePrice[] =>
  [...prices, { day, price }].slice(-pricesKept);

/** Change of the share price since the oldest epoch that is kept, towards zero; losses are negative. */
export function yieldOf(
  prices: readonly SharePrice[],
  price: bigint,
  day: bigint,
): { yieldPpm: bigint; yieldDays: number } {
  const [oldest] = prices;
  if (oldest === undefined || oldest.price === 0n) return { yieldPpm: 0n, yieldDays: 0 };
  return { yieldPpm: ((price - oldest.price) * million) / oldest.price, yieldDays: Number(day - oldest.day) };
}
