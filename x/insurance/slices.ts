import { cdiv, million, min } from '../../runtime/math/integers.js';

export interface Slices {
  readonly junior: bigint;
  readonly senior: bigint;
}

/** A loss falls on the junior slice first. @param amount at most both together */
export function lose({ junior, senior }: Slices, amount: bigint): Slices {
  const byJunior = min(amount, junior);
  return { junior: junior - byJunior, senior: senior - (amount - byJunior) };
}

/**
 * Income first makes the junior slice as large as it must be, and the rest is
 * shared by the slices as they then stand, the junior one rounded up.
 * risk-model section 12.2.
 */
export function earn({ junior, senior }: Slices, amount: bigint, juniorSharePpm: bigint): Slices {
  if (senior === 0n) return { junior: junior + amount, senior };
  // Junior must be p of the whole: missing x with (junior + x) >= p * (junior + senior + x).
  const missing =
    juniorSharePpm >= million
      ? amount
      : cdiv(juniorSharePpm * (junior + senior) - million * junior, million - juniorSharePpm);
  const first = missing <= 0n ? 0n : min(amount, missing);
  const raised = junior + first;
  const rest = amount - first;
  const toJunior = cdiv(rest * raised, raised + senior || 1n);
  return { junior: raised + toJunior, senior: senior + (rest - toJunior) };
}

/** What the senior slice may still take in, so that enough stays junior; rounded down, never negative. */
export function depositRoom({ junior, senior }: Slices, juniorSharePpm: bigint): bigint | undefined {
  if (juniorSharePpm === 0n) return undefined;
  const most = (junior * (million - juniorSharePpm)) / juniorSharePpm;
  return most > senior ? most - senior : 0n;
}
