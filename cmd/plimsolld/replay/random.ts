import { createHash } from 'node:crypto';

/** A stream of 32-bit numbers. */
export interface Draws {
  /** An integer from 0 to bound - 1; the bias is below bound / 2^32. */
  below(bound: number): number;
}

/** One bijective scrambling step of 32 bits (the finaliser of MurmurHash3). */
function scramble(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Everything random in a replay: a pure function of the seed's text and a place, never of what was drawn before. */
export class Randomness {
  readonly #low: number;
  readonly #high: number;

  constructor(readonly seed: string) {
    const digest = createHash('sha256').update(`plimsoll replay ${seed}`).digest();
    this.#low = digest.readUInt32BE(0);
    this.#high = digest.readUInt32BE(4);
  }

  /** The draws of one actor at one height. */
  at(height: number, actor: number): Draws {
    let state = scramble(scramble(this.#low ^ height) ^ scramble(this.#high ^ actor));
    return {
      below: (bound) => {
        state = (state + 0x9e3779b9) >>> 0;
        return Math.floor((scramble(state) / 0x1_0000_0000) * bound);
      },
    };
  }
}
