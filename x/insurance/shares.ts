import { fdiv, max, million, cdiv } from '../../runtime/math/integers.js';

/**
 * Shares in the senior slice, with a virtual million of them over a virtual
 * quantum: nobody can make others' deposits round away by a gift, because
 * gifts go to the junior slice and the first share already has a price.
 * risk-model section 12.4; INV-I2, INV-I4.
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

/** Fee of leaving, ppm, rounded up: the full one when the tranche is empty, none at its target. risk-model section 12.5. */
export function exitFeePpm(target: bigint, assets: bigint, feePpm: bigint): bigint {
  if (target <= 0n) return 0n;
  return max(0n, cdiv(feePpm * (target - assets), target));
}
