import type { Ppm, SubaccountKey } from '../types.js';

/** An account that fell below a level. */
export interface Fallen {
  readonly key: SubaccountKey;
  readonly level: Ppm;
}

/** Whom a block warns by name: lowest level first, then by key, at most so many. O(n log n). */
export function namedOf<F extends Fallen>(fallen: readonly F[], most: number): F[] {
  const ranked = [...fallen].sort((a, b) => {
    if (a.level !== b.level) return a.level < b.level ? -1 : 1;
    return a.key < b.key ? -1 : 1;
  });
  return ranked.slice(0, most);
}
