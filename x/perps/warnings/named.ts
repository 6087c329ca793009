import type { Ppm, StoredAccount, SubaccountKey } from '../types.js';

/** An account that fell below a level. */
export interface Fallen {
  readonly key: SubaccountKey;
  readonly level: Ppm;
}

/** The same with how it stood before and after: prices alone brought it there. */
export interface FallenAccount extends Fallen {
  readonly account: StoredAccount;
}

/** Whom a block warns by name: lowest level first, then by key, at most so many. O(n log n). */
export function namedOf<F extends Fallen>(fallen: readonly F[], most: number): F[] {
  const byLevel = new Map<Ppm, F[]>();
  for (const each of fallen) {
    const list = byLevel.get(each.level);
    if (list === undefined) byLevel.set(each.level, [each]);
    else list.push(each);
  }
  const named: F[] = [];
  for (const level of [...byLevel.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    if (named.length === most) break;
    const list = byLevel.get(level)!.sort((a, b) => (a.key < b.key ? -1 : 1));
    named.push(...list.slice(0, most - named.length));
  }
  return named;
}
