import { scaleDecimal } from '../../../x/oracle/decimal.js';
import type { PriceSource } from '../../../x/oracle/price-source.js';
import { Failure } from '../failure.js';
import { endOf, type ReplayInputs } from './inputs.js';

const quartersPerBar = 4;
const maxHeights = 20_000_000;

/**
 * Which block stands for which moment. A bar has four prices (open, extreme,
 * extreme, close), each valid for a quarter of it; blocks are spread evenly,
 * and fewer than four a bar see its last prices. Time goes on through gaps,
 * so that prices grow stale in them.
 */
export class Timeline {
  readonly #startMs: number;
  readonly #intervalMs: number;
  readonly #perBar: number;
  /** Heights 1 to this. The last one applies the price that was voted at the end of the last bar. */
  readonly blocks: number;

  constructor({ prices, blocksPerBar, maxBlocks }: ReplayInputs) {
    this.#startMs = Math.min(...prices.map(({ bars }) => bars[0]!.timeMs));
    this.#intervalMs = Math.min(...prices.map(({ intervalMs }) => intervalMs));
    this.#perBar = blocksPerBar;
    const endMs = Math.max(...prices.map(endOf));
    const blocks = Math.ceil((endMs - this.#startMs) / this.#intervalMs) * blocksPerBar + 1;
    if (blocks > maxHeights) {
      throw new Failure(`--prices: the files span ${blocks} blocks; at most ${maxHeights}`);
    }
    this.blocks = Math.min(blocks, maxBlocks ?? blocks);
  }

  /** Time without blocks that is more than the files' own coarseness, milliseconds. */
  get outageMs(): bigint {
    return 2n * BigInt(this.#intervalMs);
  }

  /** Block time of a height, milliseconds. Height 0 is genesis, one bar earlier. */
  timeMs(height: number): bigint {
    if (height === 0) return BigInt(this.#startMs - this.#intervalMs);
    const index = height - 1;
    const bar = Math.floor(index / this.#perBar);
    return BigInt(this.#startMs + bar * this.#intervalMs + this.#offset(index % this.#perBar));
  }

  #offset(index: number): number {
    if (this.#perBar >= quartersPerBar) return Math.floor((index * this.#intervalMs) / this.#perBar);
    return Math.floor(((quartersPerBar - this.#perBar + index) * this.#intervalMs) / quartersPerBar);
  }
}

/** What the validator saw of one market at each height: what it votes at a height is marked in the next block. */
export class PriceHistory {
  readonly #prices: (bigint | undefined)[] = [];
  /** The last known price up to a height. */
  readonly #known: (bigint | undefined)[] = [];

  constructor(
    source: PriceSource,
    timeline: Timeline,
    readonly symbol: string,
    exponent: number,
  ) {
    let known: bigint | undefined;
    let lastText = '';
    let lastPrice: bigint | undefined;
    for (let height = 0; height <= timeline.blocks; height++) {
      const text = source.prices(timeline.timeMs(height)).find((each) => each.symbol === symbol)?.price;
      if (text !== undefined && text !== lastText) {
        lastText = text;
        lastPrice = scaleDecimal(text, exponent);
      }
      const price = text === undefined ? undefined : lastPrice;
      known = price ?? known;
      this.#prices.push(price);
      this.#known.push(known);
    }
  }

  /** Undefined in a gap. */
  at(height: number): bigint | undefined {
    return this.#prices[height];
  }

  /** Relative change over the last blocks, ppm; zero before there are prices. */
  movePpm(height: number, blocks: number): number {
    const now = this.#known[height];
    const then = this.#known[Math.max(0, height - blocks)];
    if (now === undefined || then === undefined) return 0;
    return Number(((now - then) * 1_000_000n) / then);
  }

  /** Mean absolute change from block to block, ppm. */
  noisePpm(height: number, blocks: number): number {
    let sum = 0;
    for (let back = 0; back < blocks; back++) sum += Math.abs(this.movePpm(height - back, 1));
    return Math.floor(sum / blocks);
  }
}
