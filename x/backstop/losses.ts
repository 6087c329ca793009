import { fdiv, max, million } from '../../runtime/math/integers.js';
import { inWindow, sumOf, withAmount, type HourlyAmount } from '../../runtime/pool/hours.js';

/** Gains and losses by hour, with what something was worth when the running hour began. */
export interface Results {
  readonly results: readonly HourlyAmount[];
  readonly base: bigint;
}

/** What was lost over the last 24 hours, gains taken off; zero after gains. */
export function lossOf({ results, base }: Results, worth: bigint, timeMs: bigint): bigint {
  return max(0n, -(sumOf(inWindow(results, timeMs)) + worth - base));
}

/** Books an hour that is over with its result; the next one begins at what it is worth now. */
export function endHour({ results, base }: Results, hour: bigint, worth: bigint, timeMs: bigint): Results {
  const hourMs = 3_600_000n;
  const booked = withAmount(results, hour * hourMs, worth - base);
  return { results: inWindow(booked, timeMs).filter(({ amount }) => amount !== 0n), base: worth };
}

/** The loss that closes: a share of the worth before it, rounded down, at least one quantum. risk-model section 11. */
export const lossLimit = (worth: bigint, loss: bigint, ppm: bigint): bigint =>
  max(1n, fdiv(max(0n, worth + loss) * ppm, million));
