import { sdkErrors } from './errors.js';

/** Prices of store access in gas, as the Cosmos SDK sets them; counted on the logical access, never on a cache. */
export const gasTable = {
  has: 1_000,
  delete: 1_000,
  readFlat: 1_000,
  readByte: 3,
  writeFlat: 2_000,
  writeByte: 30,
  iterateFlat: 30,
} as const;

export interface GasMeter {
  readonly limit: bigint;
  readonly used: bigint;
  /**
   * Not negative; a number is a safe integer.
   * @throws sdk/11 out of gas when the limit is passed; `where` names the place in the log
   */
  consume(amount: number | bigint, where: string): void;
}

/** More than a meter counts to: a single block could not use so much in years. */
const maxUsed = Number.MAX_SAFE_INTEGER;

/** Sums exactly, up to `maxUsed` and not beyond. */
function added(used: number, amount: number | bigint): number {
  const sum = used + (typeof amount === 'number' ? amount : Number(amount));
  return sum < maxUsed ? sum : maxUsed;
}

export class LimitedGasMeter implements GasMeter {
  readonly #limit: number;
  #used = 0;

  constructor(readonly limit: bigint) {
    this.#limit = limit < BigInt(maxUsed) ? Number(limit) : maxUsed - 1;
  }

  get used(): bigint {
    return BigInt(this.#used);
  }

  consume(amount: number | bigint, where: string): void {
    this.#used = added(this.#used, amount);
    if (this.#used > this.#limit) {
      throw sdkErrors.outOfGas(`out of gas in location: ${where}; gasWanted: ${this.limit}, gasUsed: ${this.#used}`);
    }
  }
}

/** Counts without a limit: begin and end block, genesis, simulation. */
export class CountingGasMeter implements GasMeter {
  readonly limit = 0n;
  #used = 0;

  get used(): bigint {
    return BigInt(this.#used);
  }

  consume(amount: number | bigint): void {
    this.#used = added(this.#used, amount);
  }
}
