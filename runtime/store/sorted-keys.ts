import type { Key } from './types.js';

/** Keys in one chunk at most: moving half of them is cheaper than finding a place in a deeper tree. */
const chunkKeys = 256;

/** A set of keys in byte order, for many insertions between ordered reads. */
export class SortedKeys {
  /** Each ascending and none empty. */
  #chunks: Key[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds keys that are not there yet, in any order. Sorts `fresh`. */
  addAll(fresh: Key[]): void {
    // Inserting one by one costs a search and half a chunk; merging costs all keys.
    if (fresh.length * 16 < this.#size) for (const key of fresh) this.#insert(key);
    else this.#merge(fresh.sort(compare));
    this.#size += fresh.length;
  }

  /** Keys with start <= key < end, ascending. */
  slice(start: Key, end: Key | undefined): Key[] {
    const found: Key[] = [];
    for (let at = this.#chunkOf(start); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at]!;
      for (let i = found.length === 0 ? lowerBound(chunk, start) : 0; i < chunk.length; i++) {
        const key = chunk[i]!;
        if (end !== undefined && key >= end) return found;
        found.push(key);
      }
    }
    return found;
  }

  #insert(key: Key): void {
    const at = Math.min(this.#chunkOf(key), this.#chunks.length - 1);
    const chunk = this.#chunks[at]!;
    chunk.splice(lowerBound(chunk, key), 0, key);
    if (chunk.length > chunkKeys) this.#chunks.splice(at + 1, 0, chunk.splice(chunkKeys >>> 1));
  }

  #merge(fresh: readonly Key[]): void {
    const old = this.#chunks.flat();
    const chunks: Key[][] = [];
    let chunk: Key[] = [];
    for (let i = 0, j = 0; i < old.length || j < fresh.length;) {
      const next = j >= fresh.length || (i < old.length && old[i]! < fresh[j]!) ? old[i++]! : fresh[j++]!;
      if (chunk.length === 0) chunks.push(chunk);
      chunk.push(next);
      if (chunk.length === chunkKeys) chunk = [];
    }
    this.#chunks = chunks;
  }

  /** Index of the first chunk whose last key is not below `key`; the number of chunks when there is none. */
  #chunkOf(key: Key): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#chunks[middle]!;
      if (chunk[chunk.length - 1]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const compare = (a: Key, b: Key): number => (a < b ? -1 : a > b ? 1 : 0);

function lowerBound(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
