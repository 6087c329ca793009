import { clamp, fdiv } from '../../../runtime/math/integers.js';
import { ppb, type Ppb, type Ppm } from '../types.js';

export const minutesPerHour = 60;
/** Samples dropped at each end of a full hour. */
const trimmed = 3;
/** How far interest may pull the rate back, ppb for eight hours. */
const interestBand = 500_000n;

/** Mean of a minute's block premiums, rounded down; zero when there were none. */
export function sampleMinute(sum: bigint, count: bigint): Ppb {
  return ppb(count === 0n ? 0n : fdiv(sum, count));
}

/**
 * Funding rate for one hour from its minute premiums: the mean, of a full
 * hour without its three highest and three lowest, pulled towards interest
 * and clamped (INV-F3). risk-model section 8.
 */
export function fundingRate(minutePremiums: readonly bigint[], interestPpb8h: bigint, capPpmPerHour: Ppm): Ppb {
  const samples = [...minutePremiums].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const used = samples.length >= minutesPerHour ? samples.slice(trimmed, -trimmed) : samples;
  const mean =
    used.length === 0
      ? 0n
      : fdiv(
          used.reduce((sum, each) => sum + each, 0n),
          BigInt(used.length),
        );
  const cap = capPpmPerHour * 1_000n;
  return ppb(clamp(fdiv(mean + clamp(interestPpb8h - mean, -interestBand, interestBand), 8n), -cap, cap));
}
