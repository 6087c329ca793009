/**
 * A bounded memory of what a pure function returned. Two generations of a
 * Map: when the younger is full it becomes the older, and what was not asked
 * for since is forgotten. What is remembered changes speed, never a result.
 */
export class Memo<K, V extends NonNullable<unknown>> {
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** @param capacity entries of one generation; at most twice as many are held */
  constructor(readonly capacity: number) {}

  get(key: K): V | undefined {
    const found = this.#young.get(key);
    if (found !== undefined) return found;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.capacity) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
