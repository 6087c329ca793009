import { sdkErrors } from './errors.js';

/** Prices of store access in gas, as the Cosmos SDK sets them; counted on the logical access, never on a cache. */
export const gasTable = {
  has: 1_000n,
  delete: 1_000n,
  readFlat: 1_000n,
  readByte: 3n,
  writeFlat: 2_000n,
  writeByte: 30n,
  iterateFlat: 30n,
} as const;

export interface GasMeter {
  readonly limit: bigint;
  readonly used: bigint;
  /** @throws sdk/11 out of gas when the limit is passed; `where` names the place in the log */
  consume(amount: bigint, where: string): void;
}

export class LimitedGasMeter implements GasMeter {
  #used = 0n;
  constructor(readonly limit: bigint) {}

  get used(): bigint {
    return this.#used;
  }

  consume(amount: bigint, where: string): void {
    this.#used += amount;
    if (this.#used > this.limit) {
      throw sdkErrors.outOfGas(`out of gas in location: ${where}; gasWanted: ${this.limit}, gasUsed: ${this.#used}`);
    }
  }
}

/** Counts without a limit: begin and end block, genesis, simulation. */
export class CountingGasMeter implements GasMeter {
  readonly limit = 0n;
  #used = 0n;

  get used(): bigint {
    return this.#used;
  }

  consume(amount: bigint): void {
    this.#used += amount;
  }
}
