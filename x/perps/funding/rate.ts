import { clamp, fdiv } from '../../../runtime/math/integers.js';
import { ppb, type Ppb, type Ppm } from '../types.js';

export const minutesPerHour = 60;
/** Samples dropped at each end of a full hour, and as large a part of a shorter one. */
const trimmed = 3;
/** How far interest may pull the rate back, ppb for eight hours. */
const interestBand = 500_000n;

/** Mean of a minute's block premiums, rounded down; zero when there were none. */
export function sampleMinute(sum: bigint, count: bigint): Ppb {
  return ppb(count === 0n ? 0n : fdiv(sum, count));
}

/**
 * Mean of an hour's minute samples without the highest and lowest twentieth
 * of them, three of each in a full hour; rounded down, zero of none.
 */
export function trimmedMean(minutePremiums: readonly bigint[]): Ppb {
  const samples = [...minutePremiums].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const dropped = Number(BigInt(samples.length * trimmed) / BigInt(minutesPerHour));
  const used = samples.slice(dropped, samples.length - dropped);
  if (used.length === 0) return ppb(0n);
  return ppb(
    fdiv(
      used.reduce((sum, each) => sum + each, 0n),
      BigInt(used.length),
    ),
  );
}

/** Funding rate for one hour: its premium, pulled towards interest and clamped (INV-F3). risk-model section 8. */
export function fundingRate(premium: Ppb, interestPpb8h: bigint, capPpmPerHour: Ppm): Ppb {
  const cap = capPpmPerHour * 1_000n;
  return ppb(clamp(fdiv(premium + clamp(interestPpb8h - premium, -interestBand, interestBand), 8n), -cap, cap));
}
