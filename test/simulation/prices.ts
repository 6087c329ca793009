import type { Draws } from '../../cmd/plimsolld/replay/random.js';
import { between, oneIn, weighted } from './draws.js';

/** A price that a path follows: USD with six decimals, as an integer of millionths. */
export interface Listed {
  readonly symbol: string;
  readonly first: bigint;
  /** False for a coin that is held near its first price. */
  readonly moves: boolean;
}

interface Regime {
  readonly name: 'calm' | 'rough' | 'crash' | 'rally' | 'spike' | 'gap' | 'vee' | 'silent';
  readonly weight: number;
  readonly blocks: readonly [least: number, most: number];
}

const regimes: readonly Regime[] = [
  { name: 'calm', weight: 60, blocks: [20, 120] },
  { name: 'rough', weight: 20, blocks: [10, 60] },
  { name: 'crash', weight: 5, blocks: [3, 20] },
  { name: 'rally', weight: 5, blocks: [3, 20] },
  { name: 'spike', weight: 3, blocks: [3, 5] },
  { name: 'gap', weight: 3, blocks: [1, 1] },
  { name: 'vee', weight: 4, blocks: [8, 30] },
  { name: 'silent', weight: 2, blocks: [5, 80] },
];

/** Parts per million by which a path may leave its first price before it is drawn back. */
const lowest = 60_000n;
const highest = 8_000_000n;
const million = 1_000_000n;

/** One symbol's way through calm, crashes, spikes, gaps and silence. */
class Path {
  price: bigint;
  #regime: Regime['name'] = 'calm';
  #left = 5;
  #length = 5;
  #strength = 0;
  #back = 0n;

  constructor(readonly listed: Listed) {
    this.price = listed.first;
  }

  /** @param common a move that all markets share in this block, ppm */
  step(draws: Draws, common: number): void {
    if (this.#left === 0) this.#enter(draws);
    this.#left--;
    const noise = (size: number): number => between(draws, -size, size);
    let ppm = noise(400);
    const done = this.#length - this.#left;
    switch (this.#regime) {
      case 'rough':
        ppm = noise(6_000);
        break;
      case 'crash':
        ppm = -this.#strength + noise(this.#strength);
        break;
      case 'rally':
        ppm = this.#strength + noise(this.#strength);
        break;
      case 'gap':
        ppm = this.#strength * 8;
        break;
      case 'vee':
        ppm = (2 * done <= this.#length ? -1 : 1) * this.#strength;
        break;
      case 'spike':
        if (done === 1) {
          this.#back = this.price;
          ppm = this.#strength * 6;
        } else if (this.#left === 0) {
          this.price = this.#back;
          return;
        }
        break;
      default:
    }
    if (!this.listed.moves) ppm = this.#regime === 'crash' ? -2_000 : noise(200);
    this.#move(BigInt(ppm + (this.listed.moves ? common : 0)));
  }

  /** No venue quotes it. */
  get silent(): boolean {
    return this.#regime === 'silent';
  }

  #enter(draws: Draws): void {
    const { name, blocks } = weighted(draws, regimes);
    this.#regime = name;
    this.#length = this.#left = between(draws, ...blocks);
    this.#strength = between(draws, 3_000, 50_000);
    if ((name === 'gap' || name === 'spike') && oneIn(draws, 2)) this.#strength = -this.#strength;
    if (name === 'gap' && oneIn(draws, 3)) this.#strength *= 2;
  }

  #move(ppm: bigint): void {
    const { first, moves } = this.listed;
    const next = (this.price * (million + (ppm < -900_000n ? -900_000n : ppm))) / million;
    if (!moves) {
      // Back towards par by a hundredth of the way.
      this.price = next + (first - next) / 100n;
      return;
    }
    this.price = next;
    if (this.price * million < first * lowest) this.price += this.price / 50n;
    if (this.price * million > first * highest) this.price -= this.price / 50n;
  }
}

/** The world outside: what venues quote in each block. Integers only: a seed gives the same prices on every machine. */
export class Prices {
  readonly #paths: readonly Path[];
  #commonLeft = 0;
  #common = 0;

  constructor(listed: readonly Listed[]) {
    this.#paths = listed.map((each) => new Path(each));
  }

  step(draws: Draws): void {
    if (this.#commonLeft > 0) this.#commonLeft--;
    else this.#common = 0;
    // Now and then everything moves at once.
    if (oneIn(draws, 400)) {
      this.#commonLeft = between(draws, 1, 10);
      this.#common = between(draws, -60_000, 45_000);
    }
    for (const path of this.#paths) path.step(draws, this.#common);
  }

  /** By symbol; those that no venue quotes are missing. */
  quotes(): Record<string, string> {
    return Object.fromEntries(
      this.#paths.filter(({ silent }) => !silent).map(({ listed: { symbol }, price }) => [symbol, text(price)]),
    );
  }

  /** The newest price, quoted or not, in millionths. */
  at(symbol: string): bigint {
    return this.#paths.find(({ listed }) => listed.symbol === symbol)!.price;
  }
}

const text = (millionths: bigint): string =>
  `${millionths / million}.${(millionths % million).toString().padStart(6, '0')}`;
