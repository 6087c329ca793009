import { dayMs } from '../../runtime/baseapp/time.js';
import { cdiv, fdiv, max, million, min } from '../../runtime/math/integers.js';

/** A target rises by at most 10 % and falls by at most 2 % a day. risk-model section 12.3. */
const risePpm = 100_000n;
const fallPpm = 20_000n;
/** Fees feed a tranche below its target whole, and no more at one and a half of it. risk-model section 12.2. */
const fullAbovePpm = 1_500_000n;

/** A target on its way to where it should be, after so much time. The first one is taken as it is. */
export function followTarget(target: bigint, wanted: bigint, elapsedMs: bigint): bigint {
  if (target === 0n) return wanted;
  const time = min(elapsedMs, dayMs);
  if (wanted > target) return min(wanted, target + cdiv(target * risePpm * time, million * dayMs));
  return max(wanted, target - fdiv(target * fallPpm * time, million * dayMs));
}

/** Part of its fee share that a tranche takes, ppm: all below target, none from 150 % on, a line between. */
export function fillFactor(balance: bigint, target: bigint): bigint {
  if (balance <= target) return million;
  const full = fdiv(target * fullAbovePpm, million);
  if (balance >= full) return 0n;
  return fdiv((full - balance) * million, full - target);
}
