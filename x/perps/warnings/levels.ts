import { million } from '../../../runtime/math/integers.js';
import type { Room } from '../health/index.js';
import type { Standing } from '../margin/index.js';
import { ppm, type Ppm } from '../types.js';

/** Health, equity over maintenance margin, below which an account is warned; highest first. risk-model section 10.1. */
export const warningLevels: readonly Ppm[] = [ppm(1_500_000n), ppm(1_200_000n), ppm(1_100_000n)];

/** Where health crosses something: the warnings, and maintenance margin itself; highest first. */
export const crossings: readonly Ppm[] = [...warningLevels, ppm(million)];

/** Equity less a level of maintenance margin, millionths of a quote quantum: negative below the level. */
const over = ({ equity, maintenanceMargin }: Standing, level: Ppm): bigint =>
  equity * million - level * maintenanceMargin;

/** The lowest warning level that an account stands below, decided without a quotient; undefined at 1.5 and more. */
export function levelOf(standing: Standing): Ppm | undefined {
  let lowest: Ppm | undefined;
  for (const level of warningLevels) {
    if (over(standing, level) >= 0n) break;
    lowest = level;
  }
  return lowest;
}

/** The lowest level that was crossed downwards from one level to another; undefined when none was. */
export const fellBelow = (before: Ppm | undefined, now: Ppm | undefined): Ppm | undefined =>
  now !== undefined && (before === undefined || now < before) ? now : undefined;

/** The highest of the levels, maintenance margin among them, that an account still holds; undefined under water. */
export const nextLevel = (standing: Standing): Ppm | undefined =>
  crossings.find((level) => over(standing, level) >= 0n);

/**
 * How much equity less a level of maintenance margin may change before an
 * account crosses that level, quote quanta, rounded down: for the nearest
 * level below and the nearest above. Further ones are crossed later: they
 * have more room, and downwards a smaller multiple of the margin moves. An
 * account under water has only a level above.
 */
export function roomsOf(standing: Standing): Room[] {
  let above: Room | undefined;
  for (const level of crossings) {
    const amount = over(standing, level);
    if (amount >= 0n) {
      const below = { level, amount: amount / million };
      return above === undefined ? [below] : [above, below];
    }
    // To stand at a level is not to stand below it.
    above = { level, amount: (-amount - 1n) / million };
  }
  return [above!];
}
