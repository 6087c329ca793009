import { createHash } from 'node:crypto';
import type { PriceSource, QuotedPrice } from '../price-source.js';

export interface SyntheticPath {
  readonly symbol: string;
  /** Price around which the path moves, with two decimals at most. */
  readonly start: number;
  /** Typical move between two knots, parts per million. */
  readonly volatilityPpm: number;
}

/** Time between knots of the slowest wave; each further wave is four times faster and half as strong. */
const slowestMs = 4_096_000;
const waves = 7;

/**
 * Moving prices for a devnet: a sum of smoothed random waves, from fast
 * ripples to slow swings. The price at a time is a function of seed, symbol
 * and time alone, so a restarted node continues the same path.
 */
export class SyntheticPriceSource implements PriceSource {
  readonly #paths: readonly SyntheticPath[];
  readonly #seed: string;

  constructor(seed: string, paths: readonly SyntheticPath[]) {
    this.#seed = seed;
    this.#paths = paths;
  }

  prices(timeMs: bigint): readonly QuotedPrice[] {
    const time = Number(timeMs);
    return this.#paths.map(({ symbol, start, volatilityPpm }) => {
      let move = 0;
      let period = slowestMs;
      let weight = 16;
      for (let wave = 0; wave < waves; wave++) {
        move += weight * this.#wave(symbol, wave, time, period);
        period /= 4;
        weight /= 2;
      }
      return { symbol, price: (start * Math.exp((move * volatilityPpm) / 1e6)).toFixed(4) };
    });
  }

  /** Value between -1 and 1, smooth between knots. */
  #wave(symbol: string, wave: number, time: number, period: number): number {
    const at = time / period;
    const knot = Math.floor(at);
    const part = at - knot;
    const ease = part * part * (3 - 2 * part);
    return this.#knot(symbol, wave, knot) * (1 - ease) + this.#knot(symbol, wave, knot + 1) * ease;
  }

  #knot(symbol: string, wave: number, index: number): number {
    const hash = createHash('sha256').update(`${this.#seed}/${symbol}/${wave}/${index}`).digest();
    return hash.readInt32BE(0) / 0x80000000;
  }
}
