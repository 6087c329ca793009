import { cdiv, fdiv, max, million, min } from '../../runtime/math/integers.js';
import { redeem } from '../../runtime/pool/shares.js';

/**
 * What shares are priced by: equity at mark less half the maintenance margin,
 * rounded down, never negative. Whoever enters or leaves is asked the same
 * for the risk that the positions still are. risk-model section 11.
 */
export const assetsOf = (worth: bigint, maintenanceMargin: bigint): bigint =>
  max(0n, worth - cdiv(maintenanceMargin, 2n));

/** What may leave in one epoch: a share of the assets, what initial margin spares, and never so much that margin passes its limit. */
export function mostOut(
  standing: { readonly worth: bigint; readonly maintenanceMargin: bigint; readonly free: bigint },
  rules: { readonly capPpm: bigint; readonly marginPpm: bigint },
): bigint {
  const { worth, maintenanceMargin, free } = standing;
  const cap = fdiv(assetsOf(worth, maintenanceMargin) * rules.capPpm, million);
  const kept = maintenanceMargin === 0n ? 0n : cdiv(maintenanceMargin * million, max(1n, rules.marginPpm));
  return max(0n, min(cap, min(free, worth - kept)));
}

/** What one epoch lets out: all mature shares at one price as far as `most` reaches, everybody the same part. risk-model section 12.5. */
export function planEpoch(
  mature: bigint,
  shares: bigint,
  assets: bigint,
  most: bigint,
): { readonly shares: bigint; readonly assets: bigint } {
  const worth = redeem(mature, shares, assets);
  const leaving = worth <= most ? mature : fdiv(mature * most, worth);
  return { shares: leaving, assets: redeem(leaving, shares, assets) };
}
