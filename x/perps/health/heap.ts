/** A key with the reading at which it wants to be woken. */
interface Entry {
  readonly key: string;
  at: number;
  place: number;
}

/** A min-heap whose entries can be moved and removed by key. Ties stand in no particular order. */
export class WakeHeap {
  readonly #entries: Entry[] = [];
  readonly #byKey = new Map<string, Entry>();

  get size(): number {
    return this.#entries.length;
  }

  /** Adds a key, or moves it. O(log n). */
  set(key: string, at: number): void {
    let entry = this.#byKey.get(key);
    if (entry === undefined) {
      entry = { key, at, place: this.#entries.length };
      this.#byKey.set(key, entry);
      this.#entries.push(entry);
    }
    entry.at = at;
    this.#restore(entry);
  }

  /** O(log n); nothing happens for a key that is not there. */
  delete(key: string): void {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return;
    this.#byKey.delete(key);
    const last = this.#entries.pop()!;
    if (last === entry) return;
    this.#put(last, entry.place);
    this.#restore(last);
  }

  clear(): void {
    this.#entries.length = 0;
    this.#byKey.clear();
  }

  /** Keys that want to be woken below a reading, in no particular order; they stay in the heap. O(found). */
  below(reading: number): string[] {
    const found: string[] = [];
    const places = [0];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const entry = this.#entries[place];
      if (entry === undefined || entry.at >= reading) continue;
      found.push(entry.key);
      places.push(2 * place + 1, 2 * place + 2);
    }
    return found;
  }

  #restore(entry: Entry): void {
    while (entry.place > 0) {
      const parent = this.#entries[(entry.place - 1) >> 1]!;
      if (parent.at <= entry.at) break;
      this.#swap(parent, entry);
    }
    for (;;) {
      const left = this.#entries[2 * entry.place + 1];
      const right = this.#entries[2 * entry.place + 2];
      const least = right !== undefined && right.at < left!.at ? right : left;
      if (least === undefined || least.at >= entry.at) break;
      this.#swap(entry, least);
    }
  }

  #swap(upper: Entry, lower: Entry): void {
    const { place } = upper;
    this.#put(upper, lower.place);
    this.#put(lower, place);
  }

  #put(entry: Entry, place: number): void {
    entry.place = place;
    this.#entries[place] = entry;
  }
}
