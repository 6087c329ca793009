/** Uniform numbers that depend on nothing but what they are drawn for. */
export class Draw {
  #state: number;

  /** @param parts seed, block, trader: the same parts give the same numbers for ever */
  constructor(...parts: readonly number[]) {
    let hash = 0x811c9dc5;
    for (const part of parts) {
      hash = Math.imul(hash ^ (part >>> 0), 0x01000193);
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
      hash ^= hash >>> 12;
    }
    this.#state = hash >>> 0;
  }

  /** 0 to 1, without 1. */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  below(bound: number): number {
    return Math.floor(this.unit() * bound);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }
}
