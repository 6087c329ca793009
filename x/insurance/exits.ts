import { fdiv, max, million, min } from '../../runtime/math/integers.js';
import { redeem } from '../../runtime/pool/shares.js';
import { exitFeePpm } from './shares.js';

export interface ExitRules {
  readonly capPpm: bigint;
  readonly floorPpm: bigint;
  readonly feePpm: bigint;
}

export interface EpochPlan {
  /** Shares that leave, of the mature ones. */
  readonly shares: bigint;
  /** What they get together. */
  readonly assets: bigint;
  /** What stays with the others. */
  readonly fee: bigint;
}

/**
 * What one epoch lets out: all mature shares at one price, at most a fifth of
 * the senior slice, and never below a share of the target. Everybody who is
 * due gets the same part of what he asked. risk-model section 12.5.
 */
export function planEpoch(
  tranche: { readonly junior: bigint; readonly senior: bigint; readonly shares: bigint; readonly target: bigint },
  mature: bigint,
  rules: ExitRules,
): EpochPlan {
  const { junior, senior, shares, target } = tranche;
  const floor = (target * rules.floorPpm + million - 1n) / million;
  const most = max(0n, min((senior * rules.capPpm) / million, junior + senior - floor));
  const worth = redeem(mature, shares, senior);
  const leaving = worth <= most ? mature : fdiv(mature * most, worth);
  const gross = redeem(leaving, shares, senior);
  const fee = (gross * exitFeePpm(target, senior, rules.feePpm) + million - 1n) / million;
  return { shares: leaving, assets: gross - fee, fee };
}
