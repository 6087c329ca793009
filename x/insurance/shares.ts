import { cdiv, max } from '../../runtime/math/integers.js';

/** Fee of leaving, ppm, rounded up: the full one when the tranche is empty, none at its target. risk-model section 12.5. */
export function exitFeePpm(target: bigint, assets: bigint, feePpm: bigint): bigint {
  if (target <= 0n) return 0n;
  return max(0n, cdiv(feePpm * (target - assets), target));
}
