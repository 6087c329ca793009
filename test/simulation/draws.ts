import type { Draws } from '../../cmd/plimsolld/replay/random.js';

/** An integer from least to most. */
export const between = (draws: Draws, least: number, most: number): number => least + draws.below(most - least + 1);

export const pick = <T>(draws: Draws, from: readonly T[]): T => from[draws.below(from.length)]!;

/** True once in so many times. */
export const oneIn = (draws: Draws, times: number): boolean => draws.below(times) === 0;

/** One of the entries, as often as its weight says. */
export function weighted<T extends { readonly weight: number }>(draws: Draws, from: readonly T[]): T {
  let left = draws.below(from.reduce((sum, { weight }) => sum + weight, 0));
  for (const each of from) {
    left -= each.weight;
    if (left < 0) return each;
  }
  return from.at(-1)!;
}
