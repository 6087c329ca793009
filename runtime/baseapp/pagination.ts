import type { PageRequest, PageResponse } from '../../gen/cosmos/base/query/v1beta1/pagination.js';
import { sdkErrors } from './errors.js';

/** Items of a page when the request names no limit, and the most a page may have. */
export const defaultPageLimit = 100;
export const maxPageLimit = 1_000;

export interface Page<T> {
  readonly items: T[];
  readonly pagination: PageResponse;
}

/**
 * Cuts a page out of entries in order. `keyOf` names an entry's position as
 * bytes; the page starts behind nothing (no key), or at the entry whose
 * position is `key`. Entries before it are walked, not stored.
 * @throws AppError sdk/18 when key and offset are both given
 */
export function paginate<E, T>(
  entries: Iterable<E>,
  request: PageRequest | undefined,
  keyOf: (entry: E) => Uint8Array,
  map: (entry: E) => T,
): Page<T> {
  const key = request?.key ?? new Uint8Array(0);
  const offset = request?.offset ?? 0n;
  if (key.length > 0 && offset > 0n) throw sdkErrors.invalidRequest('pagination: give either key or offset, not both');
  const asked = request?.limit ?? 0n;
  const limit = asked === 0n ? defaultPageLimit : asked > BigInt(maxPageLimit) ? maxPageLimit : Number(asked);
  const countTotal = request?.countTotal === true && key.length === 0;
  const items: T[] = [];
  let nextKey: Uint8Array = new Uint8Array(0);
  let seen = 0n;
  let started = key.length === 0;
  const ordered = request?.reverse === true ? [...entries].reverse() : entries;
  for (const entry of ordered) {
    const index = seen++;
    if (!started) {
      if (Buffer.compare(keyOf(entry), key) !== 0) continue;
      started = true;
    }
    if (index < offset) continue;
    if (items.length < limit) items.push(map(entry));
    else {
      if (nextKey.length === 0) nextKey = keyOf(entry);
      if (!countTotal) break;
    }
  }
  return { items, pagination: { nextKey, total: countTotal ? seen : 0n } };
}
